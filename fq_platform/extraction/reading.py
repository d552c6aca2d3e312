"""Reading: the documents of a window and range as raw BSON, batch by batch, in bounded memory.

Belongs here: the cursor, what becomes of it when it is lost, the size of batches, the rate. Does not: which documents
(`windows.py`, `ranges.py`), what is in them (`batch.py`).
"""

import struct
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from bson import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import ASCENDING
from pymongo.collection import Collection
from pymongo.errors import AutoReconnect, OperationFailure, PyMongoError
from pymongo.read_preferences import make_read_preference, read_pref_mode_from_name

from fq_platform.extraction.ahead import Ahead
from fq_platform.extraction.codec import CODEC
from fq_platform.extraction.pace import Pace
from fq_platform.extraction.ranges import Range, both
from fq_platform.extraction.raw_batches import RawBatches
from fq_platform.extraction.windows import Window

LARGEST_REPLY = 16 * 2**20
"""What a server sends at once, at most (bytes), whatever it is asked for."""
_MOST_DOCUMENTS = 1_000_000
_USUAL_DOCUMENT = 1024
"""The size of a document (bytes) where the server does not tell an average."""
_SECONDS_PER_BATCH = 2
"""What a batch holds at most under a rate limit: short pauses are gentler, and no cursor dies of one."""
_LONGEST_PAUSE = 10.0
_LENGTH = struct.Struct("<i")
_RAW: CodecOptions[Any] = CODEC.with_options(document_class=RawBSONDocument)
_LOST_CODES = frozenset(
    {
        6,  # HostUnreachable
        7,  # HostNotFound
        43,  # CursorNotFound
        89,  # NetworkTimeout
        91,  # ShutdownInProgress
        134,  # ReadConcernMajorityNotAvailableYet
        136,  # CappedPositionLost
        175,  # QueryPlanKilled
        189,  # PrimarySteppedDown
        202,  # NetworkInterfaceExceededTimeLimit
        237,  # CursorKilled
        262,  # ExceededTimeLimit
        9001,  # SocketException
        10107,  # NotWritablePrimary
        11600,  # InterruptedAtShutdown
        11601,  # Interrupted
        11602,  # InterruptedDueToReplStateChange
        13435,  # NotPrimaryNoSecondaryOk
        13436,  # NotPrimaryOrSecondary
    }
)


@dataclass(frozen=True)
class ReadOptions:
    """How MongoDB is read. Reads that share one of these share its rate.

    Args:
        batch_bytes: About how much a batch holds (bytes); the server never sends more than 16 MiB and a document.
        documents_per_second: How many documents all these reads together may fetch a second; None for no limit.
        read_preference: Name of a read preference, such as `secondaryPreferred`; None for the URI's.
        attempts: How often a read is tried that makes no progress.
        pause_seconds: The pause after the first failure (seconds); it doubles with each further one.
    """

    batch_bytes: int = LARGEST_REPLY
    documents_per_second: float | None = None
    read_preference: str | None = None
    attempts: int = 6
    pause_seconds: float = 0.5
    pace: Pace = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pace", Pace(self.documents_per_second))

    def applied_to(self, collection: Collection[Any]) -> Collection[Any]:
        """The collection, read as the read preference says."""
        if self.read_preference is None:
            return collection
        mode = read_pref_mode_from_name(self.read_preference)
        return collection.with_options(read_preference=make_read_preference(mode, None))


def read(
    collection: Collection[Any], window: Window, range_: Range, options: ReadOptions = ReadOptions()
) -> Generator[bytes]:
    """Read the documents of a window and range.

    While a batch is consumed the next one is fetched. A cursor that is lost (a server restarted or stepped down, a
    network failed, a cursor timed out) is opened again. A whole collection is walked by `_id` and goes on after the
    last one, so that it gives each document once. A day is walked by the index of its field, which has no place to go
    on from: it is read again from its beginning, and the consumer skips the keys that it has met; it must do so
    anyway, as an update can move a document ahead of the cursor.

    Args:
        collection: The collection.
        window: The window; documents that its filter finds and it does not own are left to the consumer.
        range_: The part of the window.
        options: How to read.

    Yields:
        Concatenated BSON documents (bytes), at least one. Closing the iterator kills the cursor.

    Raises:
        PyMongoError: What remains after all attempts; `mongo_errors` puts it in words.
    """
    reading = _Reading(options.applied_to(collection), window, range_, options)
    with Ahead(reading.batches(), reading.stop) as batches:
        yield from batches


class _Reading:
    """One read, as the thread that fetches sees it."""

    def __init__(self, collection: Collection[Any], window: Window, range_: Range, options: ReadOptions) -> None:
        self._collection = collection
        self._window = window
        self._range = range_
        self._options = options
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End at the next opportunity, also out of a pause."""
        self._stopped.set()

    def batches(self) -> Iterator[bytes]:
        """All batches, whatever becomes of the cursor; to be used by one thread."""
        filter_, size = both(self._window.filter, self._range.filter), self._batch_size()
        last = b""
        failures = furthest = 0
        while True:
            reached = 0
            try:
                with self._find(filter_, size) as cursor:
                    while not self._stopped.wait(self._options.pace.wait()):
                        batch = next(cursor, None)
                        if batch is None:
                            return
                        self._spend(batch)
                        reached += len(batch)
                        if self._walks_by_id or reached > furthest:  # what was given before is no progress
                            failures, furthest = 0, reached
                        last = batch
                        yield batch
                return
            except PyMongoError as error:
                failures += 1
                if failures >= self._options.attempts or not _is_lost(error):
                    raise
                if last and self._walks_by_id:
                    filter_ = self._rest(last, error)
            if self._stopped.wait(min(self._options.pause_seconds * 2 ** (failures - 1), _LONGEST_PAUSE)):
                return

    def _rest(self, last: bytes, error: PyMongoError) -> dict[str, Any]:
        try:
            return self._range.after(last_id(last))
        except UnicodeEncodeError:
            raise error from None

    @property
    def _walks_by_id(self) -> bool:
        return self._window.day is None

    def _find(self, filter_: dict[str, Any], batch_size: int) -> RawBatches:
        # Without no_cursor_timeout: what a killed process leaves behind would stay on the server for ever, and a cursor
        # that times out is opened again here.
        order = [("_id", ASCENDING)] if self._walks_by_id else None
        return RawBatches(self._collection, filter_, sort=order, batch_size=batch_size)

    def _batch_size(self) -> int:
        """How many documents make a batch."""
        size = _MOST_DOCUMENTS
        if self._options.batch_bytes < LARGEST_REPLY:
            size = self._options.batch_bytes // self._average_size()
        if self._options.documents_per_second is not None:
            size = min(size, int(self._options.documents_per_second * _SECONDS_PER_BATCH))
        return max(size, 1)

    def _average_size(self) -> int:
        try:
            stats = self._collection.database.command("collStats", self._collection.name)
        except OperationFailure:  # a view, or a role that may only find
            return _USUAL_DOCUMENT
        return int(stats.get("avgObjSize") or _USUAL_DOCUMENT)

    def _spend(self, batch: bytes) -> None:
        if self._options.documents_per_second is not None:
            self._options.pace.spend(sum(1 for _ in _starts(batch)))


def last_id(batch: bytes) -> Any:
    """The `_id` of the last of concatenated documents, nested documents as their bytes."""
    start = 0
    for start in _starts(batch):  # noqa: B007 - the last one is wanted
        pass
    return RawBSONDocument(bytes(batch[start:]), _RAW)["_id"]


def _starts(batch: bytes) -> Iterator[int]:
    """Where documents begin; walked only where that is needed, for it takes Python a while."""
    start, end = 0, len(batch)
    while start < end:
        yield start
        start += max(_LENGTH.unpack_from(batch, start)[0], _LENGTH.size)


def _is_lost(error: PyMongoError) -> bool:
    """Whether the cursor or the connection is gone, and the read may go on with another."""
    if isinstance(error, OperationFailure):
        return error.code in _LOST_CODES or error.has_error_label("RetryableReadError")
    return isinstance(error, AutoReconnect)

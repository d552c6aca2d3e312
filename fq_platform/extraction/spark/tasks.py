"""The second stage of the Spark job: executors compare unit by unit, and write.

Belongs here: what executors do behind the shuffle. Does not: the job (`engine.py`), what they do before (`owners.py`),
or comparing and writing, which are the same as without Spark (`../unit.py`).
"""

import itertools
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa

from fq_platform.errors import FqError
from fq_platform.extraction.parts import Parts
from fq_platform.extraction.ranges import Range
from fq_platform.extraction.reading import ReadOptions
from fq_platform.extraction.spark.messages import Message, to_rows
from fq_platform.extraction.spark.numbering import Numbering
from fq_platform.extraction.spark.owners import Stage
from fq_platform.extraction.spark.parcels import CONTENT, IS_DOCUMENTS, UNIT, live_rows_in
from fq_platform.extraction.spark.task_append import Target, TaskAppend
from fq_platform.extraction.unit import Job, Unit, land
from fq_platform.extraction.windows import Window
from fq_platform.lakehouse.key_bounds import KeyBounds
from fq_platform.lakehouse.live import LIVE_COLUMNS

_BATCH_BYTES = 4 * 2**20
"""Documents are decoded in batches of about this size (bytes)."""


@dataclass(frozen=True)
class Parcel:
    """What came through the shuffle, for one unit.

    Args:
        unit: The unit's number.
        is_documents: Whether it holds documents, else rows of the lake.
        content: It; None if it only names the unit.
    """

    unit: int
    is_documents: bool
    content: pa.Buffer | None


@dataclass(frozen=True)
class Work:
    """What the tasks of the second stage share.

    Args:
        numbering: The units.
        target: The table.
        run_id: Written into rows.
        types: Overrides of the types of columns, by dotted path.
        keep_document: Whether rows hold the documents' BSON.
    """

    numbering: Numbering
    target: Target
    run_id: str
    types: Mapping[str, str]
    keep_document: bool


def landed(work: Work) -> Stage:
    """The second stage: its rows come in the order of units, and within a unit those of the lake first.

    Args:
        work: What its tasks share.
    """
    return partial(_landed, work)


def _landed(work: Work, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    append = TaskAppend(work.target)
    given = _Given()
    job = Job(given, append, ReadOptions(), work.run_id, work.types, work.keep_document)
    try:
        for unit, parcels in itertools.groupby(_parcels(batches), key=lambda parcel: parcel.unit):
            yield to_rows(_land(unit, parcels, work.numbering.window(unit), job, append, given))
    except BaseException:
        append.delete_begun()
        raise


def _parcels(batches: Iterable[pa.RecordBatch]) -> Iterator[Parcel]:
    for batch in batches:
        for unit, is_documents, content in zip(batch[UNIT], batch[IS_DOCUMENTS], batch[CONTENT], strict=True):
            yield Parcel(unit.as_py(), is_documents.as_py(), content.as_buffer())


def _land(
    unit: int, parcels: Iterator[Parcel], window: Window, job: Job, append: TaskAppend, given: "_Given"
) -> Message:
    """Compare one unit and write what differs, as `land` does it anywhere."""
    live, first = _live_rows_of(parcels)
    given.parcels = itertools.chain(first, parcels)
    arrived = job.arrived = _Arrived()
    try:
        found = land(Unit(window, Range.everything(), Parts(live, [Range.everything()], live.count), 0), job)
    except FqError as error:
        return Message(unit, refused=(error.what, error.where, error.fix))
    return Message(unit, found.counts, found.files, arrived.keys, found.departed, append.lacking)


def _live_rows_of(parcels: Iterator[Parcel]) -> tuple["_GatheredRows", list[Parcel]]:
    """The rows of the lake, which come first, and the first parcel of documents, if there is one."""
    rows: list[pa.RecordBatch] = []
    for parcel in parcels:
        if parcel.is_documents:
            return _GatheredRows(rows), [parcel]
        if parcel.content is not None:
            rows += live_rows_in(parcel.content)
    return _GatheredRows(rows), []


class _GatheredRows:
    """Rows of the lake that came through the shuffle, read as `LiveRows` are."""

    def __init__(self, rows: Sequence[pa.RecordBatch]) -> None:
        self._rows = rows
        self.count = sum(map(len, rows))

    def batches(self, columns: Sequence[str] = LIVE_COLUMNS) -> Iterator[pa.RecordBatch]:
        """Stream the rows, with these columns in this order."""
        for batch in self._rows:
            yield batch.select(list(columns))


@dataclass
class _Given:
    """Documents that are there already, read as those of a source."""

    parcels: Iterator[Parcel] = field(default_factory=lambda: iter(()))

    def read(self, _window: Window, _range: Range, _options: ReadOptions) -> Generator[bytes]:
        waiting: list[pa.Buffer] = []
        for parcel in self.parcels:
            if parcel.content is not None:
                waiting.append(parcel.content)
            if sum(content.size for content in waiting) >= _BATCH_BYTES:
                yield b"".join(waiting)
                waiting = []
        if waiting:
            yield b"".join(waiting)

    def require(self) -> None:
        """They are there."""

    def sample(self, _documents: int, _most_bytes: int, _options: ReadOptions) -> bytes:
        raise NotImplementedError("the driver has looked at the collection")

    def plan(self, _window: Window, _documents: int, _per_range: int) -> list[Range]:
        return [Range.everything()]

    def estimated_count(self) -> int:
        return 0


class _Arrived(KeyBounds):
    """Keys that the driver wants to know of."""

    def __init__(self) -> None:
        super().__init__()
        self.keys: list[pa.Array] = []

    def add(self, keys: pa.Array) -> None:
        self.keys.append(keys)

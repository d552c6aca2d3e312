"""The comparison: which documents of a window the lake has, and with which content.

Belongs here: the compiled hash table of live rows. Does not: where live rows lie (`lakehouse/live.py`, `spill.py`), or
what is appended because of the outcome (`unit.py`).
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fq_platform.extraction.kernels.comparing import (
    INSERT,
    MET,
    SLOT_WORDS,
    UNCHANGED,
    UPDATE,
    add_keys,
    compare_slots,
    fill_slots,
    find_content,
    match_in_order,
    remove_keys,
    unseen_keys,
)
from fq_platform.extraction.kernels.murmur import murmur3_strings
from fq_platform.lakehouse.live import LIVE_COLUMNS

__all__ = ["INSERT", "MET", "UNCHANGED", "UPDATE", "Comparison", "Cursor", "Rows", "instants", "texts_of"]

Hashes = npt.NDArray[np.uint64]


class KeySet:
    """A set of key hashes that grows: 17 bytes a slot, at most half of them taken."""

    def __init__(self, expected: int = 0) -> None:
        self._count = 0
        self._make(expected)

    def _make(self, expected: int) -> None:
        room = _power_of_two(2 * expected)
        self._slots, self._taken = np.empty((room, 2), np.uint64), np.zeros(room, np.uint8)

    def add(self, keys: Hashes, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Add some keys.

        Args:
            keys: Key hashes (shape: (n, 2)).
            rows: Which of them (shape: m).

        Returns:
            Which of those were not in the set yet (shape: m).
        """
        if 2 * (self._count + len(rows)) > len(self._slots):
            present = self._slots[self._taken != 0]
            self._make(2 * (self._count + len(rows)))
            add_keys(present, self._slots, self._taken, np.arange(len(present)), np.empty(len(present), np.bool_))
        new = np.empty(len(rows), np.bool_)
        self._count += add_keys(keys, self._slots, self._taken, rows, new)
        return new

    def take(self, keys: Hashes) -> npt.NDArray[np.bool_]:
        """Tell which keys are in the set, each key the first time only; no key may be added afterwards.

        Args:
            keys: Key hashes (shape: (n, 2)).

        Returns:
            Whether each is in the set and asked for the first time (shape: n).
        """
        found = np.empty(len(keys), np.bool_)
        remove_keys(keys, self._slots, self._taken, found)
        return found


class Rows(Protocol):
    """Rows of the lake: `LiveRows`, or some of them put aside."""

    count: int

    def batches(self, columns: Sequence[str] = LIVE_COLUMNS) -> Iterator[pa.RecordBatch]:
        """Stream the rows, always in the same order."""


class Documents(Protocol):
    """What is compared of a `Batch`: hashes of documents and of their keys (shape: (n, 2))."""

    @property
    def hashes(self) -> Hashes:
        """Of the documents' bytes."""

    @property
    def key_hashes(self) -> Hashes:
        """Of the texts of their `_id`s."""


class Comparison:
    """The live rows of a window, or of a range of it, and which of them the source still has.

    Where the lake has only inserts, so that each row is the newest of its document, and documents come in the order of
    the rows, content hashes are compared one by one: 17 bytes a row, and no key is read at all. The first document
    for which that does not hold makes a hash table necessary: 48 bytes a slot, at most two thirds of them taken.

    Documents may be compared by several threads, each with a `Cursor`, if they have no document in common.

    Args:
        rows: All versions of the documents, in any order.
    """

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._lock = threading.RLock()
        self._slots: Hashes | None = None
        self._contents, self._seen = np.empty((rows.count, 2), np.uint64), np.zeros(rows.count, np.bool_)
        self.latest = 0
        """The greatest time of extraction (microseconds since 1970), of tombstones too; 0 if there are no rows."""
        if not self._read_contents():
            self.table()

    def _read_contents(self) -> bool:
        """Read content hashes and times; tells whether all rows are inserts."""
        at, only_inserts = 0, True
        for operations, contents, times in (batch.columns for batch in self.rows.batches(LIVE_COLUMNS[1:])):
            self._contents[at : at + len(times)] = _words(contents)
            at += len(times)
            self.latest = max(self.latest, pc.max(instants(times)).as_py() or 0)
            only_inserts = only_inserts and pc.all(pc.equal(operations, "insert")).as_py() is not False
        return only_inserts

    def in_order(self, contents: Hashes, rows: npt.NDArray[np.int64], position: int) -> tuple[int, int]:
        """Compare documents with the rows from a position on, as long as they are the same.

        Args:
            contents: Hashes of the documents (shape: (n, 2)).
            rows: Which of them to compare (shape: m).
            position: The row that is expected to be the first of them.

        Returns:
            How many documents are unchanged rows, from the first on, and the next position.
        """
        with self._lock:  # the table must know all that was seen before it
            done = 0
            while self._slots is None and len(self._contents):
                reached = match_in_order(self._contents, self._seen, position, contents, rows, done)
                position += reached - done
                done = reached
                if done == len(rows):
                    break
                # The lake may go on elsewhere: behind what was deleted in the source, or in another of its files.
                position = find_content(self._contents, position, contents[rows[done], 0], contents[rows[done], 1])
                if position < 0 or self._seen[position]:
                    break
            return done, max(position, 0)

    def table(self) -> Hashes:
        """The hash table, made on first use; what was seen in order is seen there too."""
        with self._lock:
            if self._slots is None:
                slots = np.zeros((_power_of_two(self.rows.count * 3 // 2), SLOT_WORDS), np.uint64)
                at = 0
                for keys, operations, contents, times in (batch.columns for batch in self.rows.batches()):
                    deleted = pc.equal(operations, "delete").to_numpy(zero_copy_only=False)
                    seen = self._seen[at : at + len(keys)]
                    at += len(keys)
                    hashes = murmur3_strings(keys)
                    fill_slots(slots, hashes, _words(contents), instants(times).to_numpy(), deleted, seen)
                self._contents, self._slots = np.empty((0, 2), np.uint64), slots
            return self._slots

    def missing(self) -> Hashes:
        """Hashes of the live keys that no document had (shape: (n, 2)); to be asked when all are compared."""
        if self._slots is None and self._seen.all():
            return np.empty((0, 2), np.uint64)
        slots = self.table()
        keys = np.empty((unseen_keys(slots, np.empty((0, 2), np.uint64)), 2), np.uint64)
        unseen_keys(slots, keys)
        return keys


class Cursor:
    """One thread's way through a comparison.

    Args:
        comparison: Perhaps shared with other threads.
        remember: Whether to remember keys that the lake does not have, so that they are not landed twice. Needed where
            a read can meet a document twice: not where it goes by `_id`.
    """

    def __init__(self, comparison: Comparison, *, remember: bool) -> None:
        self._comparison = comparison
        self._position = 0
        self._met = KeySet() if remember else None

    def outcomes(self, documents: Documents, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
        """Compare some documents.

        Args:
            documents: A batch; its keys are looked at only if they are needed.
            rows: Which of them to compare (shape: m).

        Returns:
            UNCHANGED, INSERT, UPDATE or MET for each of those (shape: m).
        """
        if self._comparison.rows.count == 0 and self._met is None:
            return np.full(len(rows), INSERT, np.int8)
        done, self._position = self._comparison.in_order(documents.hashes, rows, self._position)
        outcomes = np.full(len(rows), UNCHANGED, np.int8)
        if done < len(rows):
            outcomes[done:] = self._by_key(documents.key_hashes, documents.hashes, rows[done:])
        return outcomes

    def _by_key(self, keys: Hashes, contents: Hashes, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
        outcomes, unknown = np.empty(len(rows), np.int8), np.empty(len(rows), np.bool_)
        compare_slots(self._comparison.table(), keys, contents, rows, outcomes, unknown)
        if self._met is not None and unknown.any():
            positions = np.flatnonzero(unknown)
            again = ~self._met.add(keys, rows[positions])
            outcomes[positions[again]] = MET
        return outcomes


def texts_of(hashes: Hashes, rows: Iterable[pa.RecordBatch]) -> Iterator[pa.StringArray]:
    """Find the texts of keys in the rows that have them.

    Args:
        hashes: Hashes of keys (shape: (n, 2)).
        rows: Rows whose first column is `_id`.

    Yields:
        The texts, each once.
    """
    wanted = KeySet(len(hashes))
    wanted.add(hashes, np.arange(len(hashes)))
    for batch in rows:
        found = wanted.take(murmur3_strings(batch.column(0)))
        if found.any():
            yield batch.column(0).filter(pa.array(found))


def instants(times: pa.TimestampArray) -> pa.Int64Array:
    """Times as microseconds since 1970 (shape: n to n)."""
    return times.cast(pa.timestamp("us", "UTC")).view(pa.int64())


def _words(contents: pa.FixedSizeBinaryArray) -> Hashes:
    """Content hashes as two words each; those of tombstones, which have none, as anything."""
    words = np.frombuffer(contents.buffers()[1], np.uint64).reshape(-1, 2)
    return words[contents.offset : contents.offset + len(contents)]


def _power_of_two(least: int) -> int:
    return 1 << max(10, (least - 1).bit_length())

"""The comparison: which documents of a window the lake has, and with which content.

Belongs here: the compiled hash table of live rows. Does not: where live rows lie (`lakehouse/live.py`, `spill.py`), or
what is appended because of the outcome (`unit.py`).
"""

from collections.abc import Iterable, Iterator

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
    remove_keys,
    unseen_keys,
)
from fq_platform.extraction.kernels.murmur import murmur3_strings

__all__ = ["INSERT", "MET", "UNCHANGED", "UPDATE", "Comparison", "KeySet", "instants", "texts_of"]

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


class Comparison:
    """The live rows of a window, or of a range of it, and which of them the source still has.

    Memory: 48 bytes a slot, at most two thirds of the slots taken.

    Args:
        rows: All versions of the documents, in any order, with the columns of `lakehouse.live.LIVE_COLUMNS`.
        count: How many rows that are, or more.
        remember: Whether to remember keys that the lake does not have, so that they are not landed twice. Needed where
            a read can meet a document twice: not where it goes by `_id`.
    """

    def __init__(self, rows: Iterable[pa.RecordBatch], count: int, *, remember: bool) -> None:
        self._slots = np.zeros((_power_of_two(count * 3 // 2), SLOT_WORDS), np.uint64)
        self._met = KeySet() if remember else None
        self.latest = 0
        """The greatest time of extraction (microseconds since 1970), of tombstones too; 0 if there are no rows."""
        for batch in rows:
            self._take(batch)

    def _take(self, batch: pa.RecordBatch) -> None:
        if len(batch) == 0:
            return
        keys, operations, contents, times = batch.columns
        microseconds = instants(times).to_numpy()
        deleted = pc.equal(operations, "delete").to_numpy(zero_copy_only=False)
        fill_slots(self._slots, murmur3_strings(keys), _words(contents), microseconds, deleted)
        self.latest = max(self.latest, int(microseconds.max()))

    def outcomes(self, keys: Hashes, contents: Hashes, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
        """Compare some documents.

        Args:
            keys: Hashes of the keys (shape: (n, 2)).
            contents: Hashes of the documents (shape: (n, 2)).
            rows: Which of them to compare (shape: m).

        Returns:
            UNCHANGED, INSERT, UPDATE or MET for each of those (shape: m).
        """
        outcomes, unknown = np.empty(len(rows), np.int8), np.empty(len(rows), np.bool_)
        compare_slots(self._slots, keys, contents, rows, outcomes, unknown)
        if self._met is not None and unknown.any():
            positions = np.flatnonzero(unknown)
            again = ~self._met.add(keys, rows[positions])
            outcomes[positions[again]] = MET
        return outcomes

    def missing(self) -> Hashes:
        """Hashes of the live keys that no compared document had (shape: (n, 2))."""
        keys = np.empty((unseen_keys(self._slots, np.empty((0, 2), np.uint64)), 2), np.uint64)
        unseen_keys(self._slots, keys)
        return keys


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

"""Documents that move between windows: which windows a sync compares in addition, so that none is in two of them.

Belongs here: what the comparisons of a sync found, and what follows from it. Does not: comparing (`unit.py`), or where
keys are kept (`key_log.py`).
"""

import datetime as dt
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from fq_platform.errors import FqError
from fq_platform.extraction.compare import instants
from fq_platform.extraction.kernels.murmur import murmur3_strings
from fq_platform.extraction.key_log import KeyLog, Slice
from fq_platform.extraction.results import Counts
from fq_platform.extraction.unit import Job, Landed
from fq_platform.extraction.windows import DAY, Window
from fq_platform.lakehouse.key_bounds import KeyLookup
from fq_platform.lakehouse.live import LiveRows, rows_that_may_be

TIMES = 10
"""How often a window is compared in one sync because documents moved while it was read."""

_VERSION = ("_id", "_fq_op", "_fq_extracted_at")


@dataclass(frozen=True)
class _Elsewhere:
    """Documents that a comparison met as new, and that the lake has in another window.

    Args:
        day: That other window.
        keys: Their keys.
    """

    day: dt.date | None
    keys: Slice


class Comparisons:
    """The comparisons of one sync. What it has found of a window counts until the window is compared again.

    Args:
        job: What the sync's units share.
        table: The raw table, at the snapshot that is compared with.
    """

    def __init__(self, job: Job, table: Table) -> None:
        self._job = job
        self._table = table
        self._windows: list[Window] = []
        self._number: dict[dt.date | None, int] = {}
        self._landed: dict[dt.date | None, Landed] = {}
        self._arrived = KeyLog()
        self._elsewhere: list[_Elsewhere] = []
        self._looked_up = 0

    def begin(self, windows: Sequence[Window]) -> None:
        """Say that windows are about to be compared; what was found of them before is given up.

        Args:
            windows: The windows.

        Raises:
            FqError: Documents moved into a window or out of it each time it was read.
        """
        for window in windows:
            if sum(begun.day == window.day for begun in self._windows) == TIMES:
                raise _restless(self._table, window)
            before = self._landed.pop(window.day, None)
            if before is not None:
                self._job.append.discard(before.files)
            self._number[window.day] = len(self._windows)
            self._landed[window.day] = Landed()
            self._windows.append(window)

    def add(self, window: Window, landed: Landed) -> None:
        """Take in what a unit found and wrote."""
        whole = self._landed[window.day]
        whole.counts.take_in(landed.counts)
        whole.files.extend(landed.files)
        whole.departed.extend(landed.departed)
        for keys in landed.arrived:
            self._arrived.add(self._number[window.day], keys)

    @property
    def counts(self) -> dict[dt.date | None, Counts]:
        """What was found in each window."""
        return {day: landed.counts for day, landed in self._landed.items()}

    def files(self) -> Iterator[DataFile]:
        """What was written."""
        for landed in self._landed.values():
            yield from landed.files

    def close(self) -> None:
        """Remove temporary files."""
        self._arrived.close()

    def to_compare(self) -> list[Window]:
        """The windows that have to be compared before this can be committed.

        Those in which the lake has documents that are new to a window compared: they have moved. And those compared in
        which a document was met that another has, too: it moved while they were read.

        Returns:
            The windows; none when every document that was met as new is in one window only.
        """
        again: set[dt.date | None] = set()
        is_new = self._current_numbers(since=self._looked_up)
        self._looked_up = len(self._windows)
        lookup = self._job.arrived.lookup()
        for keys in self._arrived.slices():
            again |= self._met_twice(keys)
            if self._table.current_snapshot() is not None:
                self._look_up(keys.take(is_new[keys.met_by]), lookup)
        further: set[dt.date | None] = set()
        for found in self._elsewhere:
            if found.day in self._number:
                again |= self._not_given_up(found)
            elif self._current_numbers()[found.keys.met_by].any():
                further.add(found.day)
        windows = [self._window(day) for day in further | again if day is not None]
        return sorted([*windows, *self._begun(windows)], key=lambda window: window.day or dt.date.min)

    def concern(self, table: Table, files: Sequence[DataFile]) -> bool:
        """Whether documents that were met as new are in files that others committed meanwhile.

        Args:
            table: The raw table.
            files: What others added to other windows.
        """
        lookup, current = self._job.arrived.lookup(), self._current_numbers()
        rows = LiveRows(table.io, [file.file_path for file in files if lookup.may_be_in(file)])
        for keys in self._arrived.slices():
            ours = keys.take(current[keys.met_by])
            for batch in rows.batches(_VERSION):
                is_there = pc.not_equal(batch.column(1), "delete").to_numpy(zero_copy_only=False)
                if (is_there & (ours.find(murmur3_strings(batch.column(0))) >= 0)).any():
                    return True
        return False

    def _current_numbers(self, since: int = 0) -> npt.NDArray[np.bool_]:
        """Which comparisons count, of those from a number on."""
        numbers = np.array([number for number in self._number.values() if number >= since], np.int64)
        return np.isin(np.arange(len(self._windows)), numbers)

    def _met_twice(self, keys: Slice) -> set[dt.date | None]:
        """The windows of documents that several comparisons met as new."""
        ours = keys.take(self._current_numbers()[keys.met_by])
        twice = (ours.low[1:] == ours.low[:-1]) & (ours.high[1:] == ours.high[:-1])
        numbers = np.unique(np.concatenate([ours.met_by[1:][twice], ours.met_by[:-1][twice]]))
        return {self._windows[number].day for number in numbers.tolist()}

    def _look_up(self, keys: Slice, lookup: KeyLookup) -> None:
        """Find out in which other windows of the lake documents are live."""
        if not len(keys):
            return
        days = np.array([window.day for window in self._windows], dtype=object)[keys.met_by]
        for day, rows in rows_that_may_be(self._table, lookup).items():
            others = keys.take(days != day)
            if len(others):
                moved = others.take(_live(rows, others))
                self._elsewhere.append(_Elsewhere(day, moved))

    def _not_given_up(self, found: _Elsewhere) -> set[dt.date | None]:
        """The windows of documents that are new to one of them, and that the other still had when it was read."""
        departed = self._landed[found.day].departed
        counts = self._current_numbers()[found.keys.met_by]
        if departed:
            counts &= ~np.isin(found.keys.low, np.concatenate(departed)[:, 0])
        numbers = found.keys.met_by[counts].tolist()
        return {found.day, *(self._windows[number].day for number in numbers)} if numbers else set()

    def _window(self, day: dt.date) -> Window:
        """A window of the collection; one that it no longer has owns nothing."""
        own = self._windows[0]
        is_over = own.start_date is not None and day < own.start_date
        return replace(own, day=day, last_day=day - DAY if is_over else own.last_day)

    def _begun(self, windows: Sequence[Window]) -> Iterator[Window]:
        """The days that have begun since the first day was compared, if it is about to be: it gives them up."""
        from fq_platform.extraction.home import look_at_home

        for window in windows:
            if window.is_first and window.day not in self._number:
                home = look_at_home(self._table, window, Path(tempfile.gettempdir()))
                known = self._number.keys() | {further.day for further in windows}
                yield from (self._window(day) for day in home.begun - known)


def _live(rows: LiveRows, keys: Slice) -> npt.NDArray[np.int64]:
    """The positions in a slice of the keys that are live in a window.

    Args:
        rows: Rows of the window: all versions of those documents that may be live in it.
        keys: The keys.
    """
    positions, times, deleted = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.bool_)]
    for batch in rows.batches(_VERSION):
        at = keys.find(murmur3_strings(batch.column(0)))
        hit = at >= 0
        if hit.any():
            chosen = batch.filter(pa.array(hit))
            positions.append(at[hit])
            times.append(instants(chosen.column(2)).to_numpy())
            deleted.append(pc.equal(chosen.column(1), "delete").to_numpy(zero_copy_only=False))
    at, order = np.concatenate(positions), np.lexsort((np.concatenate(times), np.concatenate(positions)))
    at, gone = at[order], np.concatenate(deleted)[order]
    is_newest = np.append(at[1:] != at[:-1], True)[: len(at)]
    return at[is_newest & ~gone]


def _restless(table: Table, window: Window) -> FqError:
    return FqError(
        f"Documents moved into {window} or out of it during each of the {TIMES} times that it was read",
        where=".".join(table.name()),
        fix="Run again when fewer documents change their event time; nothing was landed",
    )

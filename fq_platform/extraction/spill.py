"""Live rows of a large window, put aside by ranges of `_id`, so that each range is compared alone.

Belongs here: temporary files of live rows. Does not: which range owns a key (`ranges.py`), or comparing (`compare.py`).
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fq_platform.extraction.compare import Rows, instants
from fq_platform.extraction.ranges import Range, assign
from fq_platform.lakehouse.live import LIVE_COLUMNS

_ROWS_AT_ONCE = 262_144


class Spill:
    """A temporary folder with a file for each range.

    Args:
        live: The rows of the window.
        ranges: Its ranges.
    """

    def __init__(self, live: Rows, ranges: Sequence[Range]) -> None:
        self._ranges = ranges
        self._folder = tempfile.TemporaryDirectory(prefix="fq-compare-")
        self._counts = [0] * len(ranges)
        self.latest = 0
        """The greatest time of extraction (microseconds since 1970); 0 if there are no rows."""
        try:
            for rows in _gathered(live.batches()):
                self._put_aside(rows)
        except BaseException:
            self._folder.cleanup()
            raise

    def close(self) -> None:
        """Remove the folder; calling it again changes nothing."""
        self._folder.cleanup()

    def _put_aside(self, rows: pa.RecordBatch) -> None:
        self.latest = max(self.latest, int(pc.max(instants(rows.column(3))).as_py()))
        owners = assign(self._ranges, rows.column(0))
        in_order = bool((owners[:-1] <= owners[1:]).all())
        ends = np.cumsum(np.bincount(owners, minlength=len(self._counts))).tolist()
        ordered = rows if in_order else rows.take(pa.array(np.argsort(owners, kind="stable")))
        for number, end in enumerate(ends):
            start = ends[number - 1] if number else 0
            if end > start:
                self._counts[number] += end - start
                # A stream of its own each time: hundreds of ranges need no hundreds of open files.
                with self._path(number).open("ab") as file, pa.ipc.new_stream(file, ordered.schema) as stream:
                    stream.write_batch(ordered.slice(start, end - start))

    def _path(self, number: int) -> Path:
        return Path(self._folder.name) / str(number)

    def rows(self, number: int) -> "SpilledRows":
        """The rows of one range."""
        return SpilledRows(self._path(number), self._counts[number])


class SpilledRows:
    """Rows of one range, read as `LiveRows` are.

    Args:
        path: The file; absent if the range has no rows.
        count: Rows in it.
    """

    def __init__(self, path: Path, count: int) -> None:
        self._path = path
        self.count = count

    def batches(self, columns: Sequence[str] = LIVE_COLUMNS) -> Iterator[pa.RecordBatch]:
        """Stream the rows, with these columns in this order."""
        if self.count == 0:
            return
        with pa.memory_map(str(self._path)) as file:
            while file.tell() < file.size():
                with pa.ipc.open_stream(file) as stream:
                    for batch in stream:
                        yield batch.select(list(columns))


def _gathered(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Fewer and larger batches."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(map(len, waiting)) >= _ROWS_AT_ONCE:
            yield pa.concat_batches(waiting)
            waiting = []
    if waiting:
        yield pa.concat_batches(waiting)

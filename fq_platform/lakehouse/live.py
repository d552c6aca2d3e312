"""Live rows: what a raw table says of the documents of each window, streamed from its data files.

Belongs here: planning and reading the few columns that comparisons need. Does not: comparing (`extraction/compare.py`).
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, GreaterThanOrEqual, LessThanOrEqual
from pyiceberg.io import FileIO
from pyiceberg.table import FileScanTask, Table

from fq_platform.errors import FqError
from fq_platform.lakehouse.key_bounds import KeyLookup
from fq_platform.lakehouse.reapply import window_of

LIVE_COLUMNS = ("_id", "_fq_op", "_fq_hash", "_fq_extracted_at")
_BATCH_ROWS = 65_536


@dataclass
class LiveRows:
    """All versions of a window's documents, in no order; which one is live is the reader's to find out.

    Args:
        io: Where the files are read.
        files: Locations of the window's data files.
        count: Rows in them, an upper bound of the number of live documents.
    """

    io: FileIO
    files: list[str] = field(default_factory=list)
    count: int = 0

    def batches(self, columns: Sequence[str] = LIVE_COLUMNS) -> Iterator[pa.RecordBatch]:
        """Stream the rows.

        Args:
            columns: Some of `LIVE_COLUMNS`.

        Yields:
            Batches of bounded size with these columns, in this order.
        """
        for location in self.files:
            with self.io.new_input(location).open() as stream, pq.ParquetFile(stream) as file:
                for batch in file.iter_batches(_BATCH_ROWS, columns=list(columns), use_threads=False):
                    yield batch.select(list(columns))


def live_rows(table: Table, days: Sequence[dt.date | None]) -> dict[dt.date | None, LiveRows]:
    """Find the data files of some windows, planned once for all of them.

    Args:
        table: The raw table, at the snapshot to read.
        days: The windows' days; a single None for a collection without days.

    Returns:
        The rows of each window.

    Raises:
        FqError: Somebody deleted rows of the table by merge-on-read: what is live can no longer be told from the files.
    """
    found = {day: LiveRows(table.io) for day in days}
    for task in table.scan(row_filter=_between(days)).plan_files():
        rows = found.get(window_of(task.file))
        if rows is not None:
            _take_in(table, task, rows)
    return found


def rows_that_may_be(table: Table, keys: KeyLookup) -> dict[dt.date | None, LiveRows]:
    """Find the data files, of whatever window, that could hold any of some documents.

    Args:
        table: The raw table, at the snapshot to read.
        keys: The documents.

    Returns:
        The rows of each window of which there are any.

    Raises:
        FqError: As for `live_rows`.
    """
    found: dict[dt.date | None, LiveRows] = {}
    if keys.span is None:
        return found
    least, greatest = keys.span
    within = And(GreaterThanOrEqual(term="_id", value=least), LessThanOrEqual(term="_id", value=greatest))
    for task in table.scan(row_filter=within).plan_files():
        if keys.may_be_in(task.file):
            _take_in(table, task, found.setdefault(window_of(task.file), LiveRows(table.io)))
    return found


def _take_in(table: Table, task: FileScanTask, rows: LiveRows) -> None:
    if task.delete_files:
        raise FqError(
            "The raw table has delete files, so rows were deleted from it by hand",
            where=".".join(table.name()),
            fix="Roll it back to the snapshot before that, or rewrite its data files; a raw table only grows",
        )
    rows.files.append(task.file.file_path)
    rows.count += task.file.record_count


def _between(days: Sequence[dt.date | None]) -> BooleanExpression:
    dated = [day for day in days if day is not None]
    if not dated:
        return AlwaysTrue()
    return And(
        GreaterThanOrEqual(term="_fq_window", value=min(dated).isoformat()),
        LessThanOrEqual(term="_fq_window", value=max(dated).isoformat()),
    )

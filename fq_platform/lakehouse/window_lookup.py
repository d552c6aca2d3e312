"""Which windows of a raw table hold given documents, told from the documents' keys alone, and which is the last.

Belongs here: what a raw table's files tell of windows. Does not: who asks (`extraction/change_stream.py`).
"""

import datetime as dt
import time
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.catalog import Catalog
from pyiceberg.conversions import from_bytes
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import And, BooleanExpression, GreaterThanOrEqual, LessThanOrEqual
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table
from pyiceberg.types import DateType, StringType

from fq_platform.lakehouse.changelog import WINDOW
from fq_platform.lakehouse.layout import TableName

_COLUMNS = ("_id", "_fq_op", WINDOW, "_fq_extracted_at")
_FILES_AT_A_TIME = 16
_EPOCH = dt.date(1970, 1, 1)


class LookupTooSlowError(Exception):
    """The lookup was not done in time: the keys are spread over more files than can be read."""


def window_finder(
    catalog: Catalog, table_of: Callable[[str], TableName], *, until: float | None = None
) -> Callable[[str, Collection[str]], frozenset[dt.date]]:
    """The lookup that a reader of the change stream asks.

    Args:
        catalog: The Iceberg catalog.
        table_of: The raw table of a collection.
        until: When to give up, by `time.monotonic()`; None for never.

    Returns:
        A function of a collection's name and documents' keys; it gives the days that hold any of them, none for a
        collection that was never landed. It raises `LookupTooSlowError` when it gives up.
    """

    def find(collection: str, keys: Collection[str]) -> frozenset[dt.date]:
        try:
            table = catalog.load_table(table_of(collection).identifier)
        except NoSuchTableError:
            return frozenset()
        return live_windows(table, keys, until=until)

    return find


def live_windows(table: Table, keys: Collection[str], *, until: float | None = None) -> frozenset[dt.date]:
    """The days in which any of some documents is live.

    Files that can hold none of the keys are not opened; of the others, batches of four columns pass by once. Memory
    grows with the number of keys, not with the table.

    Args:
        table: A raw table.
        keys: The documents' `_id`s as text (`keys.document_key`).
        until: When to give up, by `time.monotonic()`; None for never.

    Returns:
        The days; a table without days gives none.

    Raises:
        LookupTooSlowError: That time has come.
    """
    if not keys:
        return frozenset()
    ordered = sorted(set(keys))
    span: BooleanExpression = And(
        GreaterThanOrEqual(term="_id", value=ordered[0]), LessThanOrEqual(term="_id", value=ordered[-1])
    )
    scan = table.scan(row_filter=span, selected_fields=_COLUMNS)
    id_field = table.schema().find_field("_id").field_id
    tasks = [task for task in scan.plan_files() if _may_hold(task.file, id_field, ordered)]
    reader = ArrowScan(table.metadata, table.io, scan.projection(), span)
    wanted = pa.array(ordered, pa.string())
    newest: dict[tuple[str, dt.date | None], tuple[dt.datetime, bool]] = {}
    for batch in _batches(reader, tasks, until):
        ids = batch.column("_id")
        found = batch.filter(pc.is_in(ids, value_set=wanted.cast(ids.type)))
        for key, operation, day, at in zip(*(found.column(name).to_pylist() for name in _COLUMNS), strict=True):
            version = (at, operation != "delete")
            newest[key, day] = max(version, newest.get((key, day), version))
    return frozenset(day for (_, day), (_, live) in newest.items() if live and day is not None)


def newest_window(table: Table) -> dt.date | None:
    """The last day of which a raw table has rows, told from its list of manifests alone.

    Args:
        table: A raw table by day.

    Returns:
        The day; None if it has no rows with a day.
    """
    snapshot = table.current_snapshot()
    days: list[dt.date] = []
    for manifest in snapshot.manifests(table.io) if snapshot else ():
        spec = table.specs()[manifest.partition_spec_id]
        for field, bounds in zip(spec.fields, manifest.partitions or (), strict=False):
            if field.name == WINDOW and bounds.upper_bound is not None:
                days.append(_EPOCH + dt.timedelta(days=int(from_bytes(DateType(), bounds.upper_bound))))
    return max(days, default=None)


def _batches(reader: ArrowScan, tasks: Sequence[FileScanTask], until: float | None) -> Iterator[pa.RecordBatch]:
    """The rows of some files, few files at a time: PyIceberg begins to read all that it is given, and holds them."""
    for begin in range(0, len(tasks), _FILES_AT_A_TIME):
        if until is not None and time.monotonic() > until:
            raise LookupTooSlowError(f"{begin:,} of {len(tasks):,} files were looked through in time")
        yield from reader.to_record_batches(tasks[begin : begin + _FILES_AT_A_TIME])


def _may_hold(file: DataFile, id_field: int, keys: Sequence[str]) -> bool:
    """Whether any key lies between the bounds of a file's `_id`s.

    Args:
        file: The file.
        id_field: The column's field id.
        keys: In order.
    """
    lower, upper = ((bounds or {}).get(id_field) for bounds in (file.lower_bounds, file.upper_bounds))
    if lower is None or upper is None:
        return True
    # The keys compare by code point, which is the order of their UTF-8 bytes, as Iceberg's bounds do.
    at = bisect_left(keys, from_bytes(StringType(), lower))
    return at < len(keys) and keys[at] <= from_bytes(StringType(), upper)

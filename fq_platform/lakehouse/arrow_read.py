"""Reading tables as Arrow, without a JVM: at any point of their history, some windows of them or all.

Belongs here: streaming rows through PyIceberg. Does not: other libraries' frames (`frames.py`).
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa
from pyiceberg.expressions import AlwaysFalse, AlwaysTrue, And, BooleanExpression, GreaterThanOrEqual, LessThan, Or
from pyiceberg.io.pyarrow import ArrowScan, schema_to_pyarrow
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, Table
from pyiceberg.types import DateType, IcebergType, TimestampType, TimestamptzType

from fq_platform.errors import FqError
from fq_platform.lakehouse.null_lists import keep_null_lists
from fq_platform.lakehouse.read_point import ReadPoint
from fq_platform.lakehouse.storage import storage_errors

if TYPE_CHECKING:
    from fq_platform.lakehouse.spark_table import Window


@dataclass(frozen=True)
class TableRows:
    """Some rows of a table, not read yet.

    Args:
        table: The table.
        point: What of its history is read.
        windows: The windows that are read; None for all rows.
        columns: The columns that are read; None for all.
    """

    table: Table
    point: ReadPoint
    windows: "Sequence[Window] | None" = None
    columns: tuple[str, ...] | None = None

    def select(self, columns: Iterable[str]) -> "TableRows":
        """The same rows with some of their columns, in the table's order."""
        return replace(self, columns=tuple(columns))

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of the rows, as Arrow has them."""
        return schema_to_pyarrow(self._projection, include_field_ids=False)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Stream the rows: at most a few batches of one data file are in memory at a time.

        Yields:
            Batches of `schema`, none of them empty.

        Raises:
            FqError: A file of the table is missing or cannot be read.
        """
        keep_null_lists()
        with storage_errors(self._name):
            scan = _StreamedScan(self.table.metadata, self.table.io, self._projection, self._filter, False)
            for task in self._tasks():
                for batch in scan.stream(task):
                    yield batch.cast(self.schema)

    def reader(self) -> pa.RecordBatchReader:
        """The rows as a stream; see `batches`."""
        return pa.RecordBatchReader.from_batches(self.schema, self.batches())

    def to_table(self) -> pa.Table:
        """All the rows, in memory."""
        return pa.Table.from_batches(self.batches(), self.schema)

    @property
    def _name(self) -> str:
        return ".".join(("iceberg", *self.table.name()))

    @cached_property
    def _projection(self) -> Schema:
        # As Spark has it: the table's columns now, whatever they were at the snapshot.
        schema = self.table.schema()
        return schema.select(*self.columns, case_sensitive=False) if self.columns is not None else schema

    @cached_property
    def _filter(self) -> BooleanExpression:
        if self.windows is None:
            return AlwaysTrue()
        parts = [_between(window, self.table.schema(), self._name) for window in self.windows]
        return Or(*parts) if len(parts) > 1 else parts[0] if parts else AlwaysFalse()

    def _tasks(self) -> Iterable[FileScanTask]:
        point = self.point
        if point.snapshot_id is None or point.snapshot_id == point.after:
            return []
        if point.after is None:
            return self.table.scan(self._filter, case_sensitive=False, snapshot_id=point.snapshot_id).plan_files()
        return self.table.incremental_append_scan(
            from_snapshot_id_exclusive=point.after,
            to_snapshot_id_inclusive=point.snapshot_id,
            row_filter=self._filter,
            case_sensitive=False,
        ).plan_files()


class _StreamedScan(ArrowScan):
    """PyIceberg's scan, which reads as far ahead as there is memory, held to one batch at a time."""

    def stream(self, task: FileScanTask) -> Iterator[pa.RecordBatch]:
        from pyiceberg.io.pyarrow import _read_all_delete_files

        deletes = _read_all_delete_files(self._io, [task])
        return self._record_batches_from_scan_tasks_and_deletes([task], deletes)


def _between(window: "Window", schema: Schema, table: str) -> BooleanExpression:
    """The window in the column's own type, as `Window.predicate` says it in SQL."""
    field = next((field for field in schema.fields if field.name.lower() == window.column.lower()), None)
    convert = _BOUNDS.get(type(field.field_type)) if field else None
    if field is None or convert is None:
        raise FqError(
            f"The column {window.column}, by which the rows are partitioned, "
            + (f"is {field.field_type}" if field else "is missing"),
            where=table,
            fix="Make it a DATE or TIMESTAMP of the rows, or correct `partition_expr` in the asset's metadata",
        )
    return And(
        GreaterThanOrEqual(term=field.name, value=convert(window.start)),
        LessThan(term=field.name, value=convert(window.end)),
    )


def _day(instant: dt.datetime) -> str:
    # A DATE is a day in the zone of the partitions, whatever day it is in UTC at its midnight.
    return instant.date().isoformat()


def _instant(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).isoformat()


def _wall_clock(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).replace(tzinfo=None).isoformat()


_BOUNDS: dict[type[IcebergType], Callable[[dt.datetime], str]] = {
    DateType: _day,
    TimestamptzType: _instant,
    TimestampType: _wall_clock,
}
"""How an instant is written in the types that a table can be partitioned by."""

"""Windows of Iceberg tables, and the rows in them, through Spark.

Belongs here: what readers and writers share. Does not: writing (`spark_write.py`), partitions of Dagster.
Only what Spark Connect offers is used.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import DataType, DateType, StructType, TimestampNTZType, TimestampType

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.spark_errors import condition
from fq_platform.lakehouse.spark_schema import quote

FILE_OPEN_COST = 1024 * 1024
"""Bytes that opening a file counts for when files are packed into tasks. A day's file is far smaller than the default
of 4 MB, which would make a task of every four days: the tasks would cost more than the reading."""

_LITERALS: dict[type[DataType], str] = {
    DateType: "DATE '{:%Y-%m-%d}'",
    TimestampType: "TIMESTAMP '{} UTC'",
    TimestampNTZType: "TIMESTAMP_NTZ '{}'",
}
"""How an instant is written in the types that a table can be partitioned by."""


@dataclass(frozen=True)
class Window:
    """A half-open stretch of time in a table.

    Args:
        column: Name of the DATE or TIMESTAMP column that it is about.
        start: The first instant of it, with a time zone.
        end: The first instant after it, with a time zone.
    """

    column: str
    start: dt.datetime
    end: dt.datetime

    def predicate(self, table: TableName, schema: StructType, alias: str = "") -> str:
        """The window as SQL, in the column's own type so that Iceberg can skip files by it.

        Args:
            table: The table concerned, for the complaint.
            schema: The schema that holds the column.
            alias: What the rows are called where columns of other rows are in sight.

        Returns:
            A condition that is null where the column is.

        Raises:
            FqError: The schema lacks the column, or it is neither a date nor a timestamp.
        """
        kind = next((f.dataType for f in schema if f.name.lower() == self.column.lower()), None)
        literal = _LITERALS.get(type(kind)) if kind else None
        if literal is None:
            raise FqError(
                f"The column {self.column}, by which the rows are partitioned, "
                + (f"is {kind.simpleString()}" if kind else "is missing"),
                where=table.qualified,
                fix="Make it a DATE or TIMESTAMP of the rows, or correct `partition_expr` in the asset's metadata",
            )
        column = f"{alias}.{quote(self.column)}" if alias else quote(self.column)
        # A DATE is a day in the zone of the partitions, whatever day it is in UTC at its midnight.
        zone = None if isinstance(kind, DateType) else dt.UTC
        start, end = (
            (instant.astimezone(zone) if zone else instant).replace(tzinfo=None) for instant in (self.start, self.end)
        )
        return f"{column} >= {literal.format(start)} AND {column} < {literal.format(end)}"


@dataclass(frozen=True)
class Written:
    """What a write left behind.

    Args:
        changed: Whether a snapshot was committed; if not, the rows were there already.
        rows_by_day: Rows that were written, or were there already, by day (UTC) of the windows' column; those of a
            table without windows stand under None. Days without rows are missing. Tombstones are not counted.
        table_rows: Rows in the table's newest snapshot, None if it does not say.
        snapshot_id: The snapshot committed, else the table's present one; None if it has none.
        bytes_added: Bytes of the data files written.
        schema: The table's schema after the write.
        counts: What became of the rows, where the mode tells: when merging `inserted`, `updated`, `deleted` and
            `unchanged`.
        table_bytes: Bytes of all data files of the table's newest snapshot, None if it does not say.
    """

    changed: bool
    rows_by_day: Mapping[dt.date | None, int]
    table_rows: int | None
    snapshot_id: int | None
    bytes_added: int
    schema: StructType
    counts: Mapping[str, int] = field(default_factory=dict)
    table_bytes: int | None = None

    @property
    def rows(self) -> int:
        """Rows that were written, or were there already; in an overwrite, the rows in the windows now."""
        return sum(self.rows_by_day.values())


def find(spark: SparkSession, table: TableName) -> DataFrame | None:
    """All rows of the table, not read yet; None if the catalog does not have it."""
    try:
        rows = spark.read.option("file-open-cost", FILE_OPEN_COST).table(table.qualified)
        _ = rows.schema  # Spark Connect looks the table up here, classic Spark above
    except AnalysisException as error:
        if condition(error) == "TABLE_OR_VIEW_NOT_FOUND":
            return None
        raise
    return rows


def within(rows: DataFrame, table: TableName, windows: Sequence[Window]) -> DataFrame:
    """The rows in one of the windows.

    Args:
        rows: The table's rows.
        table: The table, for the complaint.
        windows: Any number of windows; none of them lets no row through.

    Returns:
        A lazy DataFrame; the windows reach Iceberg, which skips files by them.
    """
    return rows.where(any_of(windows, table, rows.schema))


def any_of(windows: Sequence[Window], table: TableName, schema: StructType, alias: str = "") -> str:
    """The windows together as SQL; see `Window.predicate`."""
    return " OR ".join(f"({window.predicate(table, schema, alias)})" for window in windows) or "false"

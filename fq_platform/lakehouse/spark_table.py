"""Reading and replacing windows of Iceberg tables through Spark, one atomic snapshot at a time.

Belongs here: what needs a Spark session and a table. Does not: assets, runs and partitions of Dagster.
Only what Spark Connect offers is used.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that every PySpark reader knows
from pyspark.sql.types import DataType, DateType, StructType, TimestampNTZType, TimestampType

from fq_platform.errors import FqError
from fq_platform.lakehouse.fingerprint import row_hash
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.spark_schema import columns_sql, conformed, evolution, quote
from fq_platform.lakehouse.storage import storage_errors
from fq_platform.lakehouse.table_options import Target

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table.snapshots import Snapshot

TABLE_PROPERTIES = {
    "format-version": "2",
    "commit.retry.num-retries": "10",
    "write.parquet.compression-codec": "zstd",
}
"""Properties of every table that Spark creates. Several writers may commit at a time, hence the retries."""

_FILE_OPEN_COST = 1024 * 1024
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

    def predicate(self, table: TableName, schema: StructType) -> str:
        """The window as SQL, in the column's own type so that Iceberg can skip files by it.

        Args:
            table: The table concerned, for the complaint.
            schema: The schema that holds the column.

        Returns:
            A condition that is null where the column is.

        Raises:
            FqError: The schema lacks the column, or it is neither a date nor a timestamp.
        """
        kind = next((field.dataType for field in schema if field.name.lower() == self.column.lower()), None)
        literal = _LITERALS.get(type(kind)) if kind else None
        if literal is None:
            raise FqError(
                f"The column {self.column}, by which the rows are partitioned, "
                + (f"is {kind.simpleString()}" if kind else "is missing"),
                where=table.qualified,
                fix="Make it a DATE or TIMESTAMP of the rows, or correct `partition_expr` in the asset's metadata",
            )
        column = quote(self.column)
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
        rows_by_day: Rows in the window now, by day (UTC) of the window's column; those of a table without windows
            stand under None. Days without rows are missing.
        table_rows: Rows in the table's newest snapshot, None if it does not say.
        snapshot_id: The snapshot committed, else the table's present one; None if it has none.
        bytes_added: Bytes of the data files written.
        schema: The table's schema after the write.
    """

    changed: bool
    rows_by_day: Mapping[dt.date | None, int]
    table_rows: int | None
    snapshot_id: int | None
    bytes_added: int
    schema: StructType

    @property
    def rows(self) -> int:
        """Rows in the window now."""
        return sum(self.rows_by_day.values())


def find(spark: SparkSession, table: TableName) -> DataFrame | None:
    """All rows of the table, not read yet; None if the catalog does not have it."""
    try:
        rows = spark.read.option("file-open-cost", _FILE_OPEN_COST).table(table.qualified)
        _ = rows.schema  # Spark Connect looks the table up here, classic Spark above
    except AnalysisException as error:
        if error.getErrorClass() == "TABLE_OR_VIEW_NOT_FOUND":
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
    return rows.where(" OR ".join(f"({window.predicate(table, rows.schema)})" for window in windows) or "false")


def replace(
    spark: SparkSession,
    catalog: "Catalog",
    table: TableName,
    rows: DataFrame,
    *,
    location: str,
    window: Window | None = None,
    summary: Mapping[str, str] | None = None,
) -> Written:
    """See `spark_write.write`, which takes its place."""
    target = Target(table, location, partition_column=window.column if window else None)
    return replace_windows(
        spark, catalog, target, rows, windows=None if window is None else [window], summary=summary or {}
    )


def replace_windows(
    spark: SparkSession,
    catalog: "Catalog",
    target: Target,
    rows: DataFrame,
    *,
    windows: Sequence[Window] | None,
    summary: Mapping[str, str],
) -> Written:
    """Make the table's windows hold exactly these rows; see `spark_write.write`."""
    table = target.table
    present = find(spark, table)
    changes = evolution(table.qualified, present.schema, rows.schema) if present else []
    with storage_errors(table.qualified), _cached(rows) as held:
        # The new rows are looked at before the table is touched, so that what is refused leaves no trace.
        if present and not changes:
            new = held.select(*conformed(held.schema, present.schema))
            replaced = present if windows is None else within(present, table, windows)
            content, old_content = _contents(table, windows, new, replaced)
            changed = content != old_content or _snapshot(catalog, table) is None
        else:
            (content,) = _contents(table, windows, held)
            schema = _prepare(spark, table, held.schema, changes, target)
            new, changed = held.select(*conformed(held.schema, schema)), True
        if changed:
            _overwrite(table, new, _predicate(table, windows, new.schema), summary)
    snapshot = _snapshot(catalog, table, summary if changed else None)
    return _written(changed, content, snapshot, new.schema)


def _predicate(table: TableName, windows: Sequence[Window] | None, schema: StructType) -> str:
    if windows is None:
        return "true"
    return " OR ".join(f"({window.predicate(table, schema)})" for window in windows) or "false"


@contextmanager
def _cached(rows: DataFrame) -> Iterator[DataFrame]:
    """Compute the rows once, although they are counted, compared and written."""
    held = rows.persist()
    try:
        yield held
    finally:
        held.unpersist()


_Content = Mapping[dt.date | None, tuple[int, object]]
"""Number and fingerprint of the rows of each day; all rows stand under None in a table without windows."""


def _contents(
    table: TableName, windows: Sequence[Window] | None, new: DataFrame, *present: DataFrame
) -> list[_Content]:
    """What the new rows, and the present ones if given, consist of: found in one pass over both.

    Raises:
        FqError: Some of the new rows are outside the window.
    """
    frames = [new, *present]
    day, outside = _position(table, windows, new.schema)
    hashed = [row_hash(new.schema) if present else F.lit(0)] * len(frames)  # nothing to compare with, nothing to hash
    sides = [
        frame.select(F.lit(side).alias("side"), day.alias("day"), outside.alias("outside"), row.alias("hash"))
        for side, (frame, row) in enumerate(zip(frames, hashed, strict=True))
    ]
    groups = (
        reduce(DataFrame.union, sides)
        .groupBy("side", "day", "outside")
        .agg(F.count("*").alias("rows"), F.sum("hash").alias("fingerprint"))
        .collect()
    )
    if windows and (strays := {group["day"]: group["rows"] for group in groups if group["outside"]}):
        raise _outside(table, windows, strays)
    return [
        {group["day"]: (group["rows"], group["fingerprint"]) for group in groups if group["side"] == side}
        for side in range(len(frames))
    ]


def _position(table: TableName, windows: Sequence[Window] | None, schema: StructType) -> tuple[Column, Column]:
    """The day of a row, and whether the row lies outside the windows."""
    if not windows:
        return F.lit(None).cast("date"), F.lit(windows is not None)
    return (
        F.to_date(F.col(quote(windows[0].column))),
        ~F.coalesce(F.expr(_predicate(table, windows, schema)), F.lit(False)),
    )


def _outside(table: TableName, windows: Sequence[Window], strays: Mapping[dt.date | None, int]) -> FqError:
    column = windows[0].column
    days = sorted(day for day in strays if day)
    found = [f"from {days[0]} to {days[-1]}"] if days else []
    if None in strays:
        found.append("null")
    asked = " and ".join(f"from {window.start} to {window.end}" for window in windows)
    return FqError(
        f"{sum(strays.values())} rows have {column} {' or '.join(found)}, outside the run's "
        f"window {asked}: a re-run would never replace them; nothing was written",
        where=table.qualified,
        fix=f"Filter them out in the transform, or correct how it derives {column}",
    )


def _prepare(
    spark: SparkSession,
    table: TableName,
    schema: StructType,
    changes: Sequence[str],
    target: Target,
) -> StructType:
    """Make the table able to hold rows of this schema; returns the table's own."""
    if not changes:
        _create(spark, target, schema)
    for change in changes:
        spark.sql(change)
    return spark.table(table.qualified).schema


def _create(spark: SparkSession, target: Target, schema: StructType) -> None:
    table = target.table
    columns = columns_sql(table.qualified, schema)
    fields = ", ".join(str(field) for field in target.partition_fields)
    partitioning = f"PARTITIONED BY ({fields})" if fields else ""
    location = f"LOCATION '{_escape(target.location)}'" if target.location else ""
    properties = ", ".join(f"'{name}' = '{value}'" for name, value in TABLE_PROPERTIES.items())
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {table.qualified.rsplit('.', 1)[0]}")
    spark.sql(
        f"CREATE TABLE IF NOT EXISTS {table.qualified} ({columns}) USING iceberg {partitioning} "
        f"{location} TBLPROPERTIES ({properties})"
    )


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _overwrite(table: TableName, rows: DataFrame, predicate: str, summary: Mapping[str, str]) -> None:
    writer = rows.writeTo(table.qualified)
    for name, value in summary.items():
        writer = writer.option(f"snapshot-property.{name}", value)
    writer.overwrite(F.expr(predicate))


def _snapshot(catalog: "Catalog", table: TableName, summary: Mapping[str, str] | None = None) -> "Snapshot | None":
    """What readers of the table see, None if nothing was ever written; or the newest snapshot with these properties.

    After a write the current snapshot may be another's: another writer may have committed since.
    """
    loaded = catalog.load_table(table.identifier)
    if not summary:
        return loaded.current_snapshot()
    own = [snapshot for snapshot in loaded.snapshots() if summary.items() <= _properties(snapshot).items()]
    return max(own, key=lambda snapshot: snapshot.timestamp_ms)


def _properties(snapshot: "Snapshot | None") -> Mapping[str, str]:
    return snapshot.summary.additional_properties if snapshot and snapshot.summary else {}


def _written(changed: bool, content: _Content, snapshot: "Snapshot | None", schema: StructType) -> Written:
    properties = _properties(snapshot)
    total = properties.get("total-records")
    return Written(
        changed=changed,
        rows_by_day={day: rows for day, (rows, _) in content.items()},
        table_rows=int(total) if total is not None else None,
        snapshot_id=snapshot.snapshot_id if snapshot else None,
        bytes_added=int(properties.get("added-files-size", 0)) if changed else 0,
        schema=schema,
    )

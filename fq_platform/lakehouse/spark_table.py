"""Reading and replacing windows of Iceberg tables through Spark, one atomic snapshot at a time.

Belongs here: what needs a Spark session and a table. Does not: assets, runs and partitions of Dagster.
Only what Spark Connect offers is used.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the name that every PySpark reader knows
from pyspark.sql.types import DataType, DateType, StructType, TimestampNTZType, TimestampType

from fq_platform.errors import FqError
from fq_platform.lakehouse.fingerprint import fingerprint
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.spark_schema import columns_sql, conformed, evolution, quote
from fq_platform.lakehouse.storage import storage_errors

TABLE_PROPERTIES = {
    "format-version": "2",
    "commit.retry.num-retries": "10",
    "write.parquet.compression-codec": "zstd",
}
"""Properties of every table that Spark creates. Several writers may commit at a time, hence the retries."""


_LITERALS: dict[type[DataType], str] = {
    DateType: "DATE '{:%Y-%m-%d}'",
    TimestampType: "TIMESTAMP '{} UTC'",
    TimestampNTZType: "TIMESTAMP_NTZ '{}'",
}
"""How an instant in UTC is written in the types that a table can be partitioned by."""


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
        start, end = (instant.astimezone(dt.UTC).replace(tzinfo=None) for instant in (self.start, self.end))
        return f"{column} >= {literal.format(start)} AND {column} < {literal.format(end)}"


@dataclass(frozen=True)
class Written:
    """What a write left behind.

    Args:
        changed: Whether a snapshot was committed; if not, the rows were there already.
        rows: Rows in the window now.
        table_rows: Rows in the table's newest snapshot, None if it does not say.
        snapshot_id: The snapshot committed, else the table's present one; None if it has none.
        bytes_added: Bytes of the data files written.
        schema: The table's schema after the write.
    """

    changed: bool
    rows: int
    table_rows: int | None
    snapshot_id: int | None
    bytes_added: int
    schema: StructType


def exists(spark: SparkSession, table: TableName) -> bool:
    """Whether the catalog has the table."""
    return bool(spark.catalog.tableExists(table.qualified))


def read(spark: SparkSession, table: TableName, windows: Sequence[Window] | None = None) -> DataFrame:
    """The table's rows.

    Args:
        spark: The session.
        table: An existing table.
        windows: Only the rows in one of these; None for all rows.

    Returns:
        A lazy DataFrame; the windows reach Iceberg, which skips files by them.
    """
    rows = spark.table(table.qualified)
    if windows is None:
        return rows
    return rows.where(" OR ".join(f"({window.predicate(table, rows.schema)})" for window in windows) or "false")


def replace(
    spark: SparkSession,
    table: TableName,
    rows: DataFrame,
    *,
    location: str,
    window: Window | None = None,
    summary: Mapping[str, str] | None = None,
) -> Written:
    """Make the table's window hold exactly these rows, creating or widening the table as it needs.

    The window is replaced in one snapshot, also by no rows at all; equal content commits nothing. Columns are added
    to the table, never dropped from it.

    Args:
        spark: The session.
        table: The table, which need not exist.
        rows: The new content of the window.
        location: Folder of the table if it has to be created (URI).
        window: What is replaced; None for the whole table. A new table is partitioned by day over its column.
        summary: Properties of the snapshot.

    Returns:
        What was written.

    Raises:
        FqError: Rows lie outside the window, or a column's type cannot be stored; nothing was written.
    """
    changes = evolution(table.qualified, _schema(spark, table, rows.schema), rows.schema)
    with storage_errors(table.qualified), _cached(rows) as held:
        # The new rows are looked at before the table is touched, so that what is refused leaves no trace.
        count = _count(table, held, window)
        _create(spark, table, held.schema, location, window)
        for change in changes:
            spark.sql(change)
        schema = spark.table(table.qualified).schema
        new = held.select(*conformed(held.schema, schema))
        snapshot = _current_snapshot(spark, table)
        changed = snapshot is None or _content(new) != _content(read(spark, table, [window] if window else None))
        if changed:
            _overwrite(table, new, window.predicate(table, schema) if window else "true", summary or {})
            snapshot = _own_snapshot(spark, table, summary or {})
    return _written(changed, count, snapshot, schema)


def _schema(spark: SparkSession, table: TableName, default: StructType) -> StructType:
    return spark.table(table.qualified).schema if exists(spark, table) else default


@contextmanager
def _cached(rows: DataFrame) -> Iterator[DataFrame]:
    """Compute the rows once, although they are counted, compared and written."""
    held = rows.persist()
    try:
        yield held
    finally:
        held.unpersist()


def _count(table: TableName, rows: DataFrame, window: Window | None) -> int:
    """The number of rows, all of which must lie in the window."""
    if window is None:
        return rows.count()
    column = F.col(quote(window.column))
    outside = ~F.coalesce(F.expr(window.predicate(table, rows.schema)), F.lit(False))
    found = _only(
        rows.agg(
            F.count("*").alias("all"),
            F.count(F.when(outside, True)).alias("outside"),
            F.min(F.when(outside, column)).cast("string").alias("least"),
            F.max(F.when(outside, column)).cast("string").alias("most"),
        )
    )
    if found["outside"]:
        raise FqError(
            f"{found['outside']} rows have {window.column} from {found['least']} to {found['most']}, outside the run's "
            f"window from {window.start} to {window.end}: a re-run would never replace them; nothing was written",
            where=table.qualified,
            fix=f"Filter them out in the transform, or correct how it derives {window.column}",
        )
    return int(found["all"])


def _create(spark: SparkSession, table: TableName, schema: StructType, location: str, window: Window | None) -> None:
    if exists(spark, table):
        return
    columns = columns_sql(table.qualified, schema)
    partitioning = f"PARTITIONED BY (days({quote(window.column)}))" if window else ""
    properties = ", ".join(f"'{name}' = '{value}'" for name, value in TABLE_PROPERTIES.items())
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {table.qualified.rsplit('.', 1)[0]}")
    spark.sql(
        f"CREATE TABLE IF NOT EXISTS {table.qualified} ({columns}) USING iceberg {partitioning} "
        f"LOCATION '{_escape(location)}' TBLPROPERTIES ({properties})"
    )


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _content(rows: DataFrame) -> Row:
    return _only(rows.agg(F.count("*").alias("rows"), fingerprint(rows.schema).alias("fingerprint")))


def _only(aggregate: DataFrame) -> Row:
    """The one row of an aggregate without groups."""
    return aggregate.collect()[0]


def _overwrite(table: TableName, rows: DataFrame, predicate: str, summary: Mapping[str, str]) -> None:
    writer = rows.writeTo(table.qualified)
    for name, value in summary.items():
        writer = writer.option(f"snapshot-property.{name}", value)
    writer.overwrite(F.expr(predicate))


def _current_snapshot(spark: SparkSession, table: TableName) -> Row | None:
    """What readers of the table see; None if nothing was ever written."""
    main = spark.table(f"{table.qualified}.refs").where("name = 'main'").select("snapshot_id")
    return spark.table(f"{table.qualified}.snapshots").join(main, "snapshot_id").first()


def _own_snapshot(spark: SparkSession, table: TableName, summary: Mapping[str, str]) -> Row | None:
    """The newest snapshot with these properties: another writer may have committed since."""
    own = spark.table(f"{table.qualified}.snapshots")
    for name, value in summary.items():
        own = own.where(F.col("summary")[name] == F.lit(value))
    return own.orderBy(F.col("committed_at").desc()).first()


def _written(changed: bool, rows: int, snapshot: Row | None, schema: StructType) -> Written:
    summary = snapshot["summary"] if snapshot else {}
    total = summary.get("total-records")
    return Written(
        changed=changed,
        rows=rows,
        table_rows=int(total) if total is not None else None,
        snapshot_id=snapshot["snapshot_id"] if snapshot else None,
        bytes_added=int(summary.get("added-files-size", 0)) if changed else 0,
        schema=schema,
    )

"""Reading tables as Spark DataFrames: at any point of their history, some windows of them or all.

Belongs here: what a reader needs a Spark session for. Does not: finding snapshots (`read_point.py`).
"""

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession

from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.read_point import ReadPoint
from fq_platform.lakehouse.spark_table import FILE_OPEN_COST, Window, find, within
from fq_platform.lakehouse.time_travel import rows_with_todays_columns


def read(
    spark: SparkSession,
    table: TableName,
    *,
    point: ReadPoint | None = None,
    windows: Sequence[Window] | None = None,
) -> DataFrame | None:
    """The rows of a table, not read yet.

    Args:
        spark: The session.
        table: The table, placed.
        point: What of its history is read; None for the newest snapshot of `main`.
        windows: The windows that are read; None for all rows, none of them lets no row through.

    Returns:
        A lazy DataFrame; the windows reach Iceberg, which skips files by them. None if there is no such table.

    Raises:
        FqError: The column of the windows is missing, or no DATE or TIMESTAMP.
    """
    rows = find(spark, table)
    if rows is None:
        return None
    if point is not None:
        rows = _at(spark, table, rows, point)
    return rows if windows is None else within(rows, table, windows)


def _at(spark: SparkSession, table: TableName, newest: DataFrame, point: ReadPoint) -> DataFrame:
    if point.snapshot_id is None or point.snapshot_id == point.after:
        return newest.where("false")
    if point.after is None:
        return rows_with_todays_columns(spark, table, point.snapshot_id)
    between = {"start-snapshot-id": point.after, "end-snapshot-id": point.snapshot_id}
    return spark.read.options(**between, **{"file-open-cost": FILE_OPEN_COST}).table(table.qualified)

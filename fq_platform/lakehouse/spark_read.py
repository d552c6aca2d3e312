"""Reading tables as Spark DataFrames: at any point of their history, some windows of them or all.

Belongs here: what a reader needs a Spark session for. Does not: finding snapshots (`read_point.py`).
"""

from collections.abc import Sequence

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, DataFrameReader, SparkSession

from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.read_point import ReadPoint
from fq_platform.lakehouse.spark_table import FILE_OPEN_COST, Window, within


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
    rows = _rows(_reader(spark, point), table)
    if rows is None:
        return None
    if point is not None and (point.snapshot_id is None or point.snapshot_id == point.after):
        rows = rows.where("false")
    return rows if windows is None else within(rows, table, windows)


def _reader(spark: SparkSession, point: ReadPoint | None) -> DataFrameReader:
    reader = spark.read.option("file-open-cost", FILE_OPEN_COST)
    if point is None or point.snapshot_id is None or point.snapshot_id == point.after:
        return reader
    if point.after is not None:
        return reader.option("start-snapshot-id", point.after).option("end-snapshot-id", point.snapshot_id)
    return reader.option("snapshot-id", point.snapshot_id)


def _rows(reader: DataFrameReader, table: TableName) -> DataFrame | None:
    try:
        rows = reader.table(table.qualified)
        _ = rows.schema  # Spark Connect looks the table up here, classic Spark above
    except AnalysisException as error:
        if error.getErrorClass() == "TABLE_OR_VIEW_NOT_FOUND":
            return None
        raise
    return rows

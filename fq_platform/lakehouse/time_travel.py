"""The rows of a table at one of its snapshots, in Spark 3.5 and 4.1, which are asked for them differently.

Belongs here: reading one snapshot. Does not: finding it (`read_point.py`), or reading what came between two.
"""

from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession

from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.spark_schema import conformed
from fq_platform.lakehouse.spark_table import FILE_OPEN_COST


def rows_with_todays_columns(
    spark: SparkSession, table: TableName, snapshot: int, renamed: Mapping[str, str] | None = None
) -> DataFrame:
    """The rows that a snapshot has, in the columns that the table has now.

    Args:
        spark: The session.
        table: The table, placed; it exists.
        snapshot: The snapshot's id.
        renamed: Columns that are called otherwise now: the name at the snapshot -> today's.

    Returns:
        A lazy DataFrame; columns that were not there yet are null.
    """
    reader = spark.read.option("file-open-cost", FILE_OPEN_COST)
    if spark.version.startswith("3."):
        return reader.option("snapshot-id", str(snapshot)).table(table.qualified)
    today = reader.table(table.qualified).schema  # before the next option: a reader keeps what it is given
    # Spark 4 refuses that option; this one gives the columns of the snapshot's time.
    then = reader.option("versionAsOf", str(snapshot)).table(table.qualified).withColumnsRenamed(dict(renamed or {}))
    return then if then.schema == today else then.select(*conformed(then.schema, today))


def rows_with_columns_of_then(spark: SparkSession, table: TableName, snapshot: int) -> DataFrame:
    """The rows that a snapshot has, in the columns that the table had at its time.

    Args:
        spark: The session.
        table: The table, placed.
        snapshot: The snapshot's id.

    Returns:
        A lazy DataFrame.
    """
    return spark.sql(f"SELECT * FROM {table.qualified} VERSION AS OF {snapshot}")  # noqa: S608 - the platform's own names

"""Writes rows into a table in the way that its asset declares, one atomic snapshot at a time.

Belongs here: the one entry for writers. Does not: the single modes, assets, runs and partitions of Dagster.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame, SparkSession

from fq_platform.lakehouse import spark_table
from fq_platform.lakehouse.spark_table import Window, Written
from fq_platform.lakehouse.table_options import Target

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog


def write(
    spark: SparkSession,
    catalog: "Catalog",
    target: Target,
    rows: DataFrame,
    *,
    windows: Sequence[Window] | None,
    summary: Mapping[str, str],
) -> Written:
    """Write rows into a table, creating it and following its declaration as needed.

    Args:
        spark: The session.
        catalog: The session's catalog, for what it answers at once where Spark would run a job.
        target: The table and all that is declared about it.
        rows: The rows.
        windows: What the rows are the content of, disjoint; None for the whole table. Rows outside are refused.
        summary: Properties of the snapshot.

    Returns:
        What was written; nothing was committed if nothing changes by it.

    Raises:
        FqError: The rows cannot be stored as they are; nothing was written.
    """
    return spark_table.replace_windows(spark, catalog, target, rows, windows=windows, summary=summary)

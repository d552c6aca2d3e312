"""Writes rows into a table in the way that its asset declares, one atomic snapshot at a time.

Belongs here: the one entry for writers. Does not: the single modes (`writing/`), assets and runs of Dagster.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame, SparkSession

from fq_platform.lakehouse.held_rows import held
from fq_platform.lakehouse.spark_table import Window, Written
from fq_platform.lakehouse.storage import storage_errors
from fq_platform.lakehouse.table_options import Target, WriteMode
from fq_platform.lakehouse.writing.appending import append_rows
from fq_platform.lakehouse.writing.commit import WRITE_ID
from fq_platform.lakehouse.writing.interference import interference
from fq_platform.lakehouse.writing.job import Job
from fq_platform.lakehouse.writing.merging import merge_rows
from fq_platform.lakehouse.writing.overwriting import overwrite_windows
from fq_platform.lakehouse.writing.recreating import create_or_replace
from fq_platform.lakehouse.writing.retry import with_retries

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

_MODES: dict[WriteMode, Callable[[Job], Written]] = {
    WriteMode.OVERWRITE: overwrite_windows,
    WriteMode.APPEND: append_rows,
    WriteMode.MERGE: merge_rows,
    WriteMode.CREATE_OR_REPLACE: create_or_replace,
}


def write(
    spark: SparkSession,
    catalog: "Catalog",
    target: Target,
    rows: DataFrame,
    *,
    windows: Sequence[Window] | None,
    summary: Mapping[str, str],
) -> Written:
    """Write rows into a table, creating it and letting it follow its declaration as needed.

    Equal content commits no snapshot. Other writers may commit at the same time: an attempt that meets one of them
    is made again.

    Args:
        spark: The session.
        catalog: The session's catalog, for what it does at once where Spark would run a job.
        target: The table and all that is declared about it.
        rows: The rows; when merging, a column `_fq_op` that says `delete` makes a row a tombstone of its key.
        windows: What the rows are the content of, disjoint; None for the whole table. Rows outside are refused.
        summary: Properties of the snapshot. Two appends with equal `fq.root-run-id` (else `fq.run-id`), `fq.asset` and
            `fq.partition` are one and the same.

    Returns:
        What was written.

    Raises:
        FqError: The rows or the table are not as they have to be; nothing was written.
    """
    marked = {**summary, WRITE_ID: uuid.uuid4().hex}
    with storage_errors(target.table.qualified), held(rows) as kept:
        job = Job(spark, catalog, target, kept, windows, marked)

        def attempt() -> Written:
            with interference(job):
                return _MODES[target.options.mode](job)

        return with_retries(attempt, where=target.table.qualified)

"""Compaction: the small files of a partition become few, and rows that were deleted by mark are written out.

Belongs here: when and how a table is compacted. Does not: removing the files that were replaced, which older snapshots
still need (`expiry.py`).
"""

import datetime as dt
from typing import TYPE_CHECKING

from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.upkeep.audits import last_touched
from fq_platform.lakehouse.upkeep.figures import (
    small_bytes,
    small_files,
    target_bytes,
    total,
)
from fq_platform.lakehouse.upkeep.policy import AUDIT_IN_PROGRESS, FEWEST_INPUT_FILES
from fq_platform.lakehouse.upkeep.procedures import MetAnotherWriterError, call, yielding
from fq_platform.lakehouse.upkeep.tables import Done, Lake

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyspark.sql import Row, SparkSession


def compact(lake: Lake, name: TableName, table: "Table") -> Done:
    """Merge the small files of each partition that has enough of them.

    The rows stay what they are. Files are sorted if the table has a sort order. All of it is one snapshot of the kind
    `replace`; a writer that commits meanwhile wins, and the compaction is tried again or left for the next time.

    Args:
        lake: What is worked with; Spark is started only if there is something to merge.
        name: The table.
        table: The same, loaded.

    Returns:
        Files and bytes before and after.
    """
    files, size = total(table, "data-files"), total(table, "files-size")
    small, deletes = small_files(table), total(table, "delete-files")
    if not small.files and not deletes:
        return _done(files, size, files, size)
    if branch := _being_audited(table, lake.now):
        return _done(files, size, files, size, note=f"left alone: {branch} is about to be published")
    session = lake.session()
    try:
        merged = yielding(lambda: _rewrite(session, name, table))
        if deletes:  # those of data files that were worth no rewriting
            yielding(lambda: call(session, "rewrite_position_delete_files", table=name.qualified))
    except MetAnotherWriterError:
        return _done(files, size, files, size, note="left alone: others wrote to it all the time")
    after = table.refresh()
    return _done(
        files,
        size,
        total(after, "data-files"),
        total(after, "files-size"),
        merged=merged["rewritten_data_files_count"],
        rewritten=merged["rewritten_bytes_count"],
    )


def _rewrite(session: "SparkSession", name: TableName, table: "Table") -> "Row":
    options = {
        # The rule that `figures.small_files` counts by.
        "target-file-size-bytes": str(target_bytes(table)),
        "min-file-size-bytes": str(small_bytes(table)),
        "min-input-files": str(FEWEST_INPUT_FILES),
        # Files larger than the target are in nobody's way; splitting them would gain nothing.
        "max-file-size-bytes": str(2**62),
        # Besides files of which three in ten rows are deleted.
        "delete-file-threshold": "10",
        "remove-dangling-deletes": "true",
    }
    strategy = "binpack" if table.sort_order().is_unsorted else "sort"
    (row,) = call(session, "rewrite_data_files", table=name.qualified, strategy=strategy, options=options)
    return row


def _being_audited(table: "Table", now: dt.datetime) -> str | None:
    """A branch that is being written, audited and published: a compaction now would move main away under it."""
    branches = last_touched(table, now).items()
    return next((name for name, touched in branches if now - touched < AUDIT_IN_PROGRESS), None)


def _done(
    files: int, size: int, files_after: int, size_after: int, *, merged: int = 0, rewritten: int = 0, note: str = ""
) -> Done:
    return Done(
        {
            "files_before": files,
            "files_after": files_after,
            "bytes_before": size,
            "bytes_after": size_after,
            "files_merged": merged,
            "bytes_rewritten": rewritten,
        },
        note,
    )

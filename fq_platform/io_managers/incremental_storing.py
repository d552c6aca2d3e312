"""Storing what was made of the changes that a run has read.

Belongs here: one write of one run whose input was incremental, or none. Does not: what was read (`incremental.py`).
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fq_platform.io_managers.incremental import Reading
from fq_platform.io_managers.scope import Partitions, RunScope
from fq_platform.io_managers.storing import Stored, metadata_of, store
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.table_options import Target

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyspark.sql import DataFrame, SparkSession

    from fq_platform.settings import Settings


def store_changes(
    spark: "SparkSession", settings: "Settings", target: Target, scope: RunScope, rows: Any, reading: Reading
) -> Stored:
    """Store what was made of the changes; nothing is computed where nothing had changed.

    Args:
        spark: The session.
        settings: Which catalog.
        target: The table, with all that is declared about it.
        scope: The asset and the partitions that the run was asked to make.
        rows: What was made of what the input loaded.
        reading: What the input loaded.

    Returns:
        What was stored, of all partitions that the run was asked to make.

    Raises:
        FqError: The rows cannot be stored as they are; nothing was written.
    """
    narrowed = reading.writes(scope)
    target = reading.target(target)
    if reading.plan.read:
        stored = store(spark, settings, target, narrowed, _rows(spark, settings, target, rows, reading))
    else:
        stored = _unchanged(spark, settings, target, scope)
    catalog = open_catalog(settings)
    if not stored.written.changed:
        _note(catalog, target, reading, stored.written.snapshot_id)
    return replace(
        stored,
        metadata={**stored.metadata, **reading.metadata()},
        rows_by_partition=_rows_by_partition(catalog, stored, scope.partitions),
    )


def _rows(spark: "SparkSession", settings: "Settings", target: Target, rows: Any, reading: Reading) -> Any:
    """The rows to write: to merge, with what became of each document, if they are made of an increment."""
    if reading.plan.since is None:
        return rows
    from fq_platform.lakehouse.incoming import dataframe_of
    from fq_platform.lakehouse.increment import to_merge

    (key,) = target.options.keys
    made = dataframe_of(spark, rows, target.table.qualified)
    return to_merge(made, _increment(spark, reading), key)


def _increment(spark: "SparkSession", reading: Reading) -> "DataFrame":
    from fq_platform.lakehouse.read_point import ReadPoint
    from fq_platform.lakehouse.spark_read import read

    position = reading.plan.position
    rows = read(spark, reading.raw, point=ReadPoint(position.snapshot if position else None, after=reading.plan.since))
    if rows is None:
        raise RuntimeError(f"{reading.raw.qualified} was dropped while it was read")
    return rows


def _unchanged(spark: "SparkSession", settings: "Settings", target: Target, scope: RunScope) -> Stored:
    """What there is to say of a table that is as it has to be."""
    from pyspark.sql.types import StructType

    from fq_platform.lakehouse.spark_read import read
    from fq_platform.lakehouse.spark_table import Written

    started = time.perf_counter()
    snapshot = open_catalog(settings).load_table(target.table.identifier).current_snapshot()
    summary = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
    rows = read(spark, target.table)
    total, size = summary.get("total-records"), summary.get("total-files-size")
    written = Written(
        changed=False,
        rows_by_day={},
        table_rows=int(total) if total is not None else None,
        snapshot_id=snapshot.snapshot_id if snapshot else None,
        bytes_added=0,
        schema=rows.schema if rows is not None else StructType(),
        table_bytes=int(size) if size is not None else None,
    )
    return Stored(target, written, metadata_of(target, written, scope, time.perf_counter() - started), {})


def _note(catalog: "Catalog", target: Target, reading: Reading, compared: int | None) -> None:
    from fq_platform.lakehouse.positions import note

    if reading.plan.position is not None and reading.plan.advances:
        note(catalog, target.table, reading.raw, reading.plan.position, compared=compared)


def _rows_by_partition(catalog: "Catalog", stored: Stored, partitions: Partitions | None) -> Mapping[str, int]:
    """The rows of the partitions written, and of those that were left as they are, if the table's metadata tell."""
    if partitions is None:
        return {}
    from fq_platform.lakehouse.day_counts import rows_of_days

    left = {key: span.start.date() for key, span in partitions.spans.items() if key not in stored.rows_by_partition}
    if not left:
        return stored.rows_by_partition
    table = catalog.load_table(stored.target.table.identifier)
    counts = rows_of_days(table, partitions.column, set(left.values()), stored.written.snapshot_id) or {}
    counted = {key: counts[day] for key, day in left.items() if day in counts}
    rows = {**stored.rows_by_partition, **counted}
    return {key: rows[key] for key in partitions.spans if key in rows}

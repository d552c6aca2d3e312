"""Storing what an asset returned in its table, and saying what was stored.

Belongs here: one write of one run, with its metadata. Does not: how tables are written (`lakehouse/spark_write.py`).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.errors import FqError
from fq_platform.io_managers.scope import RunScope
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import TableName, layout_of, table_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from fq_platform.lakehouse.spark_table import Written
    from fq_platform.settings import Settings


@dataclass(frozen=True)
class Stored:
    """What was stored of one asset in one run.

    Args:
        table: The table, placed.
        branch: The branch written to; None for `main`.
        written: What the write left behind.
        metadata: What is true of the run as a whole, for the materialisation.
        rows_by_partition: Rows of each partition that the run made, those without rows included; empty for an asset
            without partitions.
    """

    table: TableName
    branch: str | None
    written: "Written"
    metadata: Mapping[str, dg.MetadataValue]
    rows_by_partition: Mapping[str, int]

    def tell(self, context: dg.OutputContext | dg.AssetExecutionContext) -> None:
        """Add the metadata to the materialisations of the run."""
        context.add_output_metadata(dict(self.metadata))
        step = context.step_context if isinstance(context, dg.OutputContext) else context
        for key, rows in self.rows_by_partition.items():
            step.add_asset_metadata({"dagster/partition_row_count": rows}, partition_key=key)


def store(
    spark: "SparkSession",
    settings: "Settings",
    app: str,
    scope: RunScope,
    rows: "DataFrame",
    *,
    branch: str | None = None,
) -> Stored:
    """Store rows in the table of an asset.

    Args:
        spark: The session.
        settings: Which catalog and warehouse.
        app: The application, which prefixes the tables of the raw and curated layers.
        scope: The asset and the partitions that the rows are the new content of.
        rows: The rows.
        branch: The branch to write to, made from `main` if it does not exist; None for `main`.

    Returns:
        What was stored.

    Raises:
        FqError: The rows cannot be stored as they are; nothing was written.
    """
    from fq_platform.lakehouse import spark_table
    from fq_platform.lakehouse.spark_errors import spark_errors

    if branch is not None:
        raise FqError("Branches cannot be written yet", where=branch, fix="Write to main")
    layout = layout_of(settings)
    table = layout.place(table_of(scope.asset_key.path, app))
    windows = scope.windows or []
    started = time.perf_counter()
    with spark_errors(table.qualified):
        written = spark_table.replace(
            spark,
            open_catalog(settings),
            table,
            rows,
            location=layout.location(table) or "",
            window=windows[0] if windows else None,
            summary=scope.summary,
        )
    return Stored(
        table=table,
        branch=branch,
        written=written,
        metadata=_metadata(table, branch, written, time.perf_counter() - started),
        rows_by_partition=_rows_by_partition(scope, written),
    )


def _rows_by_partition(scope: RunScope, written: "Written") -> dict[str, int]:
    """The rows of each of the run's partitions, if these are days in UTC, as in which rows are counted."""
    if scope.partitions is None:
        return {}
    spans = scope.partitions.spans
    if len(spans) == 1:
        return dict.fromkeys(spans, written.rows)
    return {key: written.rows_by_day.get(span.start.date(), 0) for key, span in spans.items()}


def _metadata(table: TableName, branch: str | None, written: "Written", seconds: float) -> dict[str, dg.MetadataValue]:
    """What is true of the run as a whole, whatever partitions it is about."""
    columns = [dg.TableColumn(field.name, field.dataType.simpleString()) for field in written.schema]
    metadata: dict[str, dg.MetadataValue] = {
        "dagster/table_name": dg.MetadataValue.text(table.qualified),
        "dagster/column_schema": dg.MetadataValue.table_schema(dg.TableSchema(columns)),
        "rows": dg.MetadataValue.int(written.rows),
        "changed": dg.MetadataValue.bool(written.changed),
        "bytes": dg.MetadataValue.int(written.bytes_added),
        "duration_seconds": dg.MetadataValue.float(round(seconds, 3)),
    }
    if branch is not None:
        metadata["branch"] = dg.MetadataValue.text(branch)
    if written.snapshot_id is not None:
        # A 64-bit number: as text, since JavaScript would round it.
        metadata["snapshot_id"] = dg.MetadataValue.text(str(written.snapshot_id))
    if written.table_rows is not None:
        metadata["dagster/row_count"] = dg.MetadataValue.int(written.table_rows)
    return metadata

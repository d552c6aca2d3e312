"""Storing what an asset returned in its table, and saying what was stored.

Belongs here: one write of one run, with its metadata. Does not: how tables are written (`lakehouse/spark_write.py`).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from fq_platform.errors import FqError
from fq_platform.io_managers.partition_rows import rows_by_partition
from fq_platform.io_managers.scope import RunScope
from fq_platform.io_managers.snapshot_metadata import snapshot_metadata
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import TableName, layout_of, table_of
from fq_platform.lakehouse.table_options import COLUMN_COMMENTS, TableDocs, TableOptions, Target, WriteMode

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from fq_platform.lakehouse.spark_table import Written
    from fq_platform.settings import Settings

COLUMN_SCHEMA = "dagster/column_schema"


@dataclass(frozen=True)
class Stored:
    """What was stored of one asset in one run.

    Args:
        target: The table, and all that is declared about it.
        written: What the write left behind.
        metadata: What is true of the run as a whole, for the materialisation.
        rows_by_partition: Rows of each partition that the run made, those without rows included; empty for an asset
            without partitions.
    """

    target: Target
    written: "Written"
    metadata: Mapping[str, dg.MetadataValue]
    rows_by_partition: Mapping[str, int]

    def tell(self, context: dg.OutputContext | dg.AssetExecutionContext) -> None:
        """Add the metadata to the materialisations of the run."""
        context.add_output_metadata(dict(self.metadata))
        step = context.step_context if isinstance(context, dg.OutputContext) else context
        for key, rows in self.rows_by_partition.items():
            step.add_asset_metadata({"dagster/partition_row_count": rows}, partition_key=key)


def store(spark: "SparkSession", settings: "Settings", target: Target, scope: RunScope, rows: Any) -> Stored:
    """Store rows in a table.

    Args:
        spark: The session.
        settings: Which catalog.
        target: The table, with all that is declared about it; see `target_of`.
        scope: The asset and the partitions that the rows are the new content of.
        rows: A frame of any kind.

    Returns:
        What was stored.

    Raises:
        FqError: The rows cannot be stored as they are; nothing was written.
    """
    from fq_platform.lakehouse.incoming import dataframe_of
    from fq_platform.lakehouse.spark_errors import spark_errors
    from fq_platform.lakehouse.spark_write import write

    name = target.table.qualified
    started = time.perf_counter()
    with spark_errors(name):
        frame = dataframe_of(spark, rows, name)
        written = write(spark, open_catalog(settings), target, frame, windows=scope.windows, summary=scope.summary)
        counts = rows_by_partition(spark, target, scope.partitions, written) if scope.partitions else {}
    return Stored(target, written, metadata_of(target, written, scope, time.perf_counter() - started), counts)


def require_written(settings: "Settings", table: TableName, mode: WriteMode) -> None:
    """Refuse an asset that returned nothing though it declares how its rows are written, and wrote nothing itself.

    Args:
        settings: Which catalog.
        table: The asset's table, placed.
        mode: The write mode that the asset declares.

    Raises:
        FqError: It declares one, and its table does not exist.
    """
    if mode is WriteMode.OVERWRITE or open_catalog(settings).table_exists(table.identifier):
        return
    raise FqError(
        f"The asset declares the write mode {mode}, but returned nothing, and its table does not exist",
        where=table.qualified,
        fix="Return the rows from the asset's function, or let it write the table itself",
    )


def target_of(settings: "Settings", app: str, scope: RunScope, branch: str | None = None) -> Target:
    """The table of an asset, with all that the asset's definition declares about it.

    Args:
        settings: Which layout.
        app: The application, which prefixes the tables of the raw and curated layers.
        scope: The asset.
        branch: The branch to write to; None for `main`.

    Returns:
        What `spark_write.write` takes.

    Raises:
        FqError: A declaration cannot be read.
    """
    layout = layout_of(settings)
    table = layout.place(table_of(scope.asset_key.path, app))
    return Target(
        table=table,
        location=layout.location(table),
        options=TableOptions.from_metadata(scope.metadata),
        docs=_docs(scope),
        partition_column=scope.partitions.column if scope.partitions else None,
        branch=branch,
    )


def _docs(scope: RunScope) -> TableDocs:
    further = scope.metadata.get(COLUMN_COMMENTS, {})  # of nested fields, which that schema does not show
    comments = {column.name: column.description for column in _declared_columns(scope) if column.description}
    return TableDocs(
        description=scope.description,
        owner=", ".join(scope.owners),
        columns=comments | dict(getattr(further, "value", further)),
    )


def _declared_columns(scope: RunScope) -> Sequence[dg.TableColumn]:
    declared = scope.metadata.get(COLUMN_SCHEMA)
    schema = getattr(declared, "schema", declared)  # Dagster wraps it in a metadata value
    return schema.columns if isinstance(schema, dg.TableSchema) else []


def metadata_of(target: Target, written: "Written", scope: RunScope, seconds: float) -> dict[str, dg.MetadataValue]:
    """What is true of the run as a whole, whatever partitions it is about.

    Args:
        target: The table.
        written: What the write left behind.
        scope: The asset, whose definition may promise something of columns.
        seconds: How long it took (seconds).
    """
    promised = {column.name: column.constraints for column in _declared_columns(scope)}
    columns = [
        dg.TableColumn(
            field.name,
            field.dataType.simpleString(),
            target.docs.columns.get(field.name),
            promised.get(field.name),
        )
        for field in written.schema
    ]
    metadata: dict[str, dg.MetadataValue] = {
        "dagster/table_name": dg.MetadataValue.text(target.table.qualified),
        COLUMN_SCHEMA: dg.MetadataValue.table_schema(dg.TableSchema(columns)),
        "write_mode": dg.MetadataValue.text(target.options.mode.value),
        "rows": dg.MetadataValue.int(written.rows),
        **{name: dg.MetadataValue.int(count) for name, count in written.counts.items()},
        "changed": dg.MetadataValue.bool(written.changed),
        "bytes": dg.MetadataValue.int(written.bytes_added),
        "duration_seconds": dg.MetadataValue.float(round(seconds, 3)),
    }
    if target.branch is not None:
        metadata["branch"] = dg.MetadataValue.text(target.branch)
    if written.table_bytes is not None:
        metadata["table_bytes"] = dg.MetadataValue.int(written.table_bytes)
    if written.table_rows is not None:
        metadata["dagster/row_count"] = dg.MetadataValue.int(written.table_rows)
    return metadata | snapshot_metadata(target.table, written.snapshot_id)

"""Loads assets as Spark DataFrames from their Iceberg tables and stores what assets return.

Belongs here: translating Dagster's partitions, runs and metadata. Does not: tables (`lakehouse/spark_table.py`).
"""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog, warehouse_uri
from fq_platform.lakehouse.layout import TableName, table_of
from fq_platform.resources.failures import shown_to_users
from fq_platform.resources.spark import SparkResource

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fq_platform.lakehouse.spark_table import Window, Written

PARTITION_EXPR = "partition_expr"
"""Key of the asset metadata that names the DATE or TIMESTAMP column by which the asset is partitioned."""


class SparkIcebergIOManager(dg.ConfigurableIOManager):
    """Keeps every asset in the Iceberg table of its key.

    An asset that is partitioned by time names its column in the metadata `partition_expr`. Loading gives the upstream
    partitions that the run asks for; storing replaces the run's partitions in one snapshot.

    Args:
        spark: Where the session comes from.
        app: The application of the sources file, which prefixes the tables of the raw and curated layers.
    """

    spark: dg.ResourceDependency[SparkResource]
    app: str

    def load_input(self, context: dg.InputContext) -> "DataFrame":
        """Load the asset's rows of the partitions asked for.

        Returns:
            A lazy DataFrame; all rows if the asset is not partitioned, or all partitions are asked for.

        Raises:
            dg.Failure: The table does not exist; the message says how to make it.
        """
        from fq_platform.lakehouse import spark_table

        session = self.spark.spark_session
        table = table_of(context.asset_key.path, self.app)
        with shown_to_users():
            rows = spark_table.find(session, table)
            if rows is None:
                raise _missing(table, context.asset_key)
            windows = _windows_asked_for(context)
            return rows if windows is None else spark_table.within(rows, table, windows)

    def handle_output(self, context: dg.OutputContext, obj: "DataFrame | None") -> None:
        """Store what an asset returned, unless it is None: such an asset wrote itself.

        Raises:
            dg.Failure: The rows cannot be stored as they are; nothing was written.
        """
        if obj is None:
            return
        from fq_platform.lakehouse import spark_table
        from fq_platform.lakehouse.spark_errors import spark_errors

        table = table_of(context.asset_key.path, self.app)
        settings = self.spark.settings
        started = time.perf_counter()
        with shown_to_users(), spark_errors(table.qualified):
            written = spark_table.replace(
                self.spark.spark_session,
                open_catalog(settings),
                table,
                obj,
                location=table.location(warehouse_uri(settings)),
                window=_window_written(context),
                summary=_summary(context),
            )
        context.add_output_metadata(_metadata(table, written, time.perf_counter() - started))
        if context.has_asset_partitions:
            for key, rows in _rows_by_partition(context, written).items():
                context.step_context.add_asset_metadata({"dagster/partition_row_count": rows}, partition_key=key)


def _missing(table: TableName, key: dg.AssetKey) -> FqError:
    name = key.to_user_string()
    return FqError(
        f"The table {table.qualified} does not exist yet",
        where=f"upstream asset {name}",
        fix=f"Materialise {name} first: in the UI, or with "
        f"`dagster asset materialize -m fq_platform.definitions --select {name}`",
    )


def _column(key: dg.AssetKey, metadata: Mapping[str, Any]) -> str:
    """The column by which a partitioned asset is partitioned."""
    column = metadata.get(PARTITION_EXPR)
    if not isinstance(column, str):
        raise FqError(
            f"The asset {key.to_user_string()} is partitioned, but does not say by which column",
            fix=f'Give it metadata={{"{PARTITION_EXPR}": "<its DATE or TIMESTAMP column>"}}',
        )
    return column


def _windows_asked_for(context: dg.InputContext) -> "list[Window] | None":
    """The windows of the upstream partitions that the run needs, merged where they touch; None for everything."""
    if not context.has_asset_partitions or _asks_for_everything(context):
        return None
    from fq_platform.lakehouse.spark_table import Window

    partitions = _by_time(context.asset_key, context.asset_partitions_def)
    column = _column(context.asset_key, context.upstream_output.definition_metadata if context.upstream_output else {})
    windows: list[Window] = []
    for start, end in sorted(partitions.time_window_for_partition_key(key) for key in context.asset_partition_keys):
        if windows and windows[-1].end == start:
            start = windows.pop().start
        windows.append(Window(column, start, end))
    return windows


def _asks_for_everything(context: dg.InputContext) -> bool:
    """Whether the asset being made depends on all partitions, rather than on those that a range happens to name."""
    if not context.has_input_name:
        return False  # no asset is being made: somebody loads a partition by its key

    # Dagster has no public name for this subset.
    from dagster._core.definitions.partitions.subset import AllPartitionsSubset

    return isinstance(context.step_context.asset_partitions_subset_for_input(context.name), AllPartitionsSubset)


def _window_written(context: dg.OutputContext) -> "Window | None":
    """The one window that the run's partitions make up; None for an asset without partitions."""
    if not context.has_asset_partitions:
        return None
    from fq_platform.lakehouse.spark_table import Window

    _by_time(context.asset_key, context.asset_partitions_def)
    start, end = context.asset_partitions_time_window
    return Window(_column(context.asset_key, context.definition_metadata), start, end)


def _by_time(key: dg.AssetKey, partitions: dg.PartitionsDefinition) -> dg.TimeWindowPartitionsDefinition:
    if not isinstance(partitions, dg.TimeWindowPartitionsDefinition):
        raise FqError(
            f"The asset {key.to_user_string()} is partitioned by {type(partitions).__name__}, not by time",
            fix="Use dg.DailyPartitionsDefinition, or no partitions",
        )
    return partitions


def _summary(context: dg.OutputContext) -> dict[str, str]:
    """What the snapshot remembers of the run that made it."""
    summary = {"fq.run-id": context.run_id, "fq.asset": context.asset_key.to_user_string()}
    if context.has_asset_partitions:
        first, last = context.asset_partition_key_range
        summary["fq.partition"] = first if first == last else f"{first}...{last}"
    return summary


def _rows_by_partition(context: dg.OutputContext, written: "Written") -> dict[str, int]:
    """The rows of each of the run's partitions, if these are days in UTC, as in which rows are counted."""
    partitions = _by_time(context.asset_key, context.asset_partitions_def)
    if not partitions.is_basic_daily or partitions.timezone != "UTC":
        return {}
    rows = {f"{day:{partitions.fmt}}": count for day, count in written.rows_by_day.items()}
    return {key: rows.get(key, 0) for key in context.asset_partition_keys}


def _metadata(table: TableName, written: "Written", seconds: float) -> dict[str, dg.MetadataValue]:
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
    if written.snapshot_id is not None:
        # A 64-bit number: as text, since JavaScript would round it.
        metadata["snapshot_id"] = dg.MetadataValue.text(str(written.snapshot_id))
    if written.table_rows is not None:
        metadata["dagster/row_count"] = dg.MetadataValue.int(written.table_rows)
    return metadata

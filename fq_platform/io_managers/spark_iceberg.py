"""Loads assets from their Iceberg tables and stores what assets return.

Belongs here: the IO manager itself, thin. Does not: what a run is about (`scope.py`), writing (`storing.py`).
"""

from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.errors import FqError
from fq_platform.io_managers import storing
from fq_platform.io_managers.scope import PARTITION_EXPR, input_scope, run_scope
from fq_platform.io_managers.storing import Stored
from fq_platform.lakehouse.layout import TableName, layout_of, table_of
from fq_platform.resources.failures import shown_to_users
from fq_platform.resources.spark import SparkResource

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["PARTITION_EXPR", "SparkIcebergIOManager"]


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
        with shown_to_users():
            table = self.table(context.asset_key)
            rows = spark_table.find(session, table)
            if rows is None:
                raise _missing(table, context.asset_key)
            windows = input_scope(context).windows
            return rows if windows is None else spark_table.within(rows, table, windows)

    def handle_output(self, context: dg.OutputContext, obj: "DataFrame | None") -> None:
        """Store what an asset returned, unless it is None: such an asset wrote itself.

        Raises:
            dg.Failure: The rows cannot be stored as they are; nothing was written.
        """
        if obj is None:
            return
        self.store(context, obj).tell(context)

    def store(
        self, context: dg.OutputContext | dg.AssetExecutionContext, rows: "DataFrame", *, branch: str | None = None
    ) -> Stored:
        """Store rows as the content of the partitions that a run makes, without telling Dagster of it.

        Args:
            context: Of the asset's output, or of the function that computes it.
            rows: What the asset returned, or would.
            branch: The branch to write to, made from `main` if it does not exist; None for `main`.

        Returns:
            What was stored; `Stored.tell` adds it to the materialisation.

        Raises:
            dg.Failure: The rows cannot be stored as they are; nothing was written.
        """
        with shown_to_users():
            scope = run_scope(context)
            return storing.store(self.spark.spark_session, self.spark.settings, self.app, scope, rows, branch=branch)

    def table(self, key: dg.AssetKey) -> TableName:
        """The table of an asset, where the catalog has it."""
        return layout_of(self.spark.settings).place(table_of(key.path, self.app))


def _missing(table: TableName, key: dg.AssetKey) -> FqError:
    name = key.to_user_string()
    return FqError(
        f"The table {table.qualified} does not exist yet",
        where=f"upstream asset {name}",
        fix=f"Materialise {name} first: in the UI, or with "
        f"`dagster asset materialize -m fq_platform.definitions --select {name}`",
    )

"""Loads assets from their Iceberg tables and stores what assets return.

Belongs here: the IO manager itself, thin. Does not: what a run is about (`scope.py`), writing (`storing.py`).
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg
from pydantic import Field, PrivateAttr

from fq_platform.io_managers.incremental import Reading, is_incremental, plan_reading
from fq_platform.io_managers.incremental_storing import store_changes
from fq_platform.io_managers.loading import load
from fq_platform.io_managers.reloading import LoadedInput
from fq_platform.io_managers.scope import PARTITION_EXPR, InputScope, input_scope, run_scope
from fq_platform.io_managers.storing import Stored, require_written, store, target_of
from fq_platform.lakehouse.frames import FrameKind, kind_asked_for
from fq_platform.lakehouse.layout import TableName, layout_of, table_of
from fq_platform.lakehouse.table_options import TableOptions
from fq_platform.resources.failures import shown_to_users
from fq_platform.resources.spark import SparkResource

__all__ = ["PARTITION_EXPR", "SparkIcebergIOManager"]


class SparkIcebergIOManager(dg.ConfigurableIOManager):
    """Keeps every asset in the Iceberg table of its key.

    An asset that is partitioned by time names its column in the metadata `partition_expr`. Loading gives the upstream
    partitions that the run asks for; storing replaces the run's partitions in one snapshot, unless the asset declares
    another write mode (`declarations.iceberg_table`).

    Args:
        spark: Where the session comes from.
        app: The application of the sources file, which prefixes the tables of the raw and curated layers.
        other_apps: Other applications, whose tables start with their names.
    """

    spark: dg.ResourceDependency[SparkResource]
    app: str
    other_apps: list[str] = Field(default_factory=list)
    _readings: dict[tuple[str, dg.AssetKey], Reading] = PrivateAttr(default_factory=dict)
    _loaded: dict[tuple[str, dg.AssetKey], dict[str, LoadedInput]] = PrivateAttr(default_factory=dict)

    def load_input(self, context: dg.InputContext) -> Any:
        """Load the asset's rows of the partitions asked for.

        Returns:
            What the parameter is annotated with: a lazy Spark DataFrame (also without an annotation), a `pa.Table`, a
            `pa.RecordBatchReader`, a Polars DataFrame or LazyFrame, or a pandas DataFrame. All rows if the asset is not
            partitioned, or all partitions are asked for. The metadata of the input can ask for a snapshot, a branch
            or an increment: see `declarations.loaded`.

        Raises:
            dg.Failure: The table does not exist, or cannot be read like that; the message says what to do.
        """
        table = self.table(context.asset_key)
        with shown_to_users(table.qualified):
            kind = kind_asked_for(context.dagster_type.typing_type)
            scope = input_scope(context)
            if scope.loaded_for is not None:
                loaded = self._loaded.setdefault((scope.run_id, scope.loaded_for), {})
                loaded[context.name] = LoadedInput(context, scope, kind)
            return self._load(context, scope, kind)

    def reload_inputs(
        self, context: dg.OutputContext | dg.AssetExecutionContext, partitions: Sequence[str]
    ) -> dict[str, Any]:
        """Load the inputs of an asset anew, as if its run were about other partitions of it.

        Args:
            context: Of the function that computes the asset.
            partitions: Keys of the asset's partitions.

        Returns:
            What each parameter gets, by its name: only those that this has loaded before.

        Raises:
            FqError: As `load_input` does.
        """
        scope = run_scope(context)
        loaded = self._loaded.get((scope.run_id, scope.asset_key), {})
        return {
            name: self._load(found.context, found.widened(partitions), found.kind) for name, found in loaded.items()
        }

    def _load(self, context: dg.InputContext, scope: InputScope, kind: FrameKind) -> Any:
        if is_incremental(scope):
            scope = self._changes(context, scope)
        return load(self.spark, self.table(scope.asset_key), scope, kind)

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Store what an asset returned, unless it is None: such an asset wrote itself.

        Raises:
            dg.Failure: The rows cannot be stored as they are; nothing was written.
        """
        if obj is None:
            table = self.table(context.asset_key)
            with shown_to_users(table.qualified):
                options = TableOptions.from_metadata(context.definition_metadata)
                require_written(self.spark.settings, table, options.mode)
            return
        self.store(context, obj).tell(context)
        self.forget(context)

    def store(
        self, context: dg.OutputContext | dg.AssetExecutionContext, rows: Any, *, branch: str | None = None
    ) -> Stored:
        """Store rows as the content of the partitions that a run makes, without telling Dagster of it.

        Args:
            context: Of the asset's output, or of the function that computes it.
            rows: What the asset returned, or would: any of the frames that can be loaded. All but Spark's have to
                fit into memory (some hundreds of megabytes).
            branch: The branch to write to, made from `main` if it does not exist; None for `main`.

        Returns:
            What was stored; `Stored.tell` adds it to the materialisation.

        Raises:
            dg.Failure: The rows cannot be stored as they are; nothing was written.
        """
        with shown_to_users(self.table(context.asset_key).qualified):
            settings, scope = self.spark.settings, run_scope(context)
            target = target_of(settings, self._app(scope.asset_key), scope, branch)
            reading = self._readings.get((scope.run_id, scope.asset_key))
            if reading is not None:
                return store_changes(self.spark.spark_session, settings, target, scope, rows, reading)
            return store(self.spark.spark_session, settings, target, scope, rows)

    def forget(self, context: dg.OutputContext | dg.AssetExecutionContext) -> None:
        """Let go of what a run's inputs have read, once nothing of its asset will be stored any more.

        Not part of `store`: a write that was overtaken is stored again, of the same reading.
        """
        scope = run_scope(context)
        self._readings.pop((scope.run_id, scope.asset_key), None)
        self._loaded.pop((scope.run_id, scope.asset_key), None)

    def _changes(self, context: dg.InputContext, scope: InputScope) -> InputScope:
        """What changed of what an input asks for; what its asset then writes has to agree with that."""
        reading = plan_reading(self.spark.settings, self._app(scope.asset_key), context, scope)
        self._readings[context.step_context.run_id, reading.made] = reading
        return reading.loads(scope)

    def table(self, key: dg.AssetKey) -> TableName:
        """The table of an asset, where the catalog has it."""
        return layout_of(self.spark.settings).place(table_of(key.path, self._app(key)))

    def _app(self, key: dg.AssetKey) -> str:
        """The application that an asset is of, by its table's name: the longest that it starts with."""
        named = [app for app in (self.app, *self.other_apps) if key.path[-1].startswith(f"{app}_")]
        return max(named, key=len, default=self.app)

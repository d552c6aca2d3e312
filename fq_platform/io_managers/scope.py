"""What a step of a run is about: which asset, which of its partitions, by which column.

Belongs here: reading Dagster's contexts. Does not: tables, or what is done to them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dagster as dg

from fq_platform.errors import FqError
from fq_platform.pipes.order import ROOT_RUN

if TYPE_CHECKING:
    from fq_platform.lakehouse.spark_table import Window

PARTITION_EXPR = "partition_expr"
"""Key of the asset metadata that names the DATE or TIMESTAMP column by which the asset is partitioned."""


@dataclass(frozen=True)
class Partitions:
    """Some time partitions of an asset.

    Args:
        column: The DATE or TIMESTAMP column by which the asset is partitioned.
        spans: Partition key to its first instant and the first instant after it, in order of time.
    """

    column: str
    spans: Mapping[str, dg.TimeWindow]

    def windows(self) -> "list[Window]":
        """The partitions as windows of the table, merged where they touch."""
        from fq_platform.lakehouse.spark_table import Window

        windows: list[Window] = []
        for start, end in self.spans.values():
            if windows and windows[-1].end == start:
                start = windows.pop().start
            windows.append(Window(self.column, start, end))
        return windows


@dataclass(frozen=True)
class RunScope:
    """What a run makes of one asset.

    Args:
        asset_key: The asset.
        run_id: The run.
        root_run_id: The run that it is a re-execution of; itself if it is none.
        partitions: The partitions that the run makes; None for an asset without partitions.
        metadata: The metadata of the asset's definition.
        description: The description of the asset's definition.
        owners: The owners of the asset's definition: e-mail addresses and `team:<name>`.
        properties: What the snapshot shall remember besides run, asset and partitions.
    """

    asset_key: dg.AssetKey
    run_id: str
    root_run_id: str = ""
    partitions: Partitions | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    owners: Sequence[str] = ()
    properties: Mapping[str, str] = field(default_factory=dict)

    @property
    def windows(self) -> "list[Window] | None":
        """What the run replaces in the table; None for an asset without partitions."""
        return self.partitions.windows() if self.partitions else None

    @property
    def summary(self) -> dict[str, str]:
        """What the snapshot remembers of the run that made it."""
        summary = {
            "fq.run-id": self.run_id,
            "fq.root-run-id": self.root_run_id or self.run_id,
            "fq.asset": self.asset_key.to_user_string(),
        }
        keys = list(self.partitions.spans) if self.partitions else []
        if keys:
            summary["fq.partition"] = keys[0] if len(keys) == 1 else f"{keys[0]}...{keys[-1]}"
        return {**summary, **self.properties}


def run_scope(context: dg.OutputContext | dg.AssetExecutionContext) -> RunScope:
    """What a run makes of the asset of a context.

    Args:
        context: Of an output, or of the function that computes one asset.

    Returns:
        The scope.

    Raises:
        FqError: The asset is partitioned, but not by time, or does not say by which column.
    """
    if isinstance(context, dg.OutputContext):
        spec = context.asset_spec
        by = context.asset_partitions_def if context.has_asset_partitions else None
        keys = context.asset_partition_keys if by else ()
        run = context.step_context.dagster_run
    else:
        spec = context.assets_def.specs_by_key[context.asset_key]
        by = spec.partitions_def
        keys = context.partition_keys if by else ()
        run = context.run
    return RunScope(
        asset_key=spec.key,
        run_id=run.run_id,
        root_run_id=run.root_run_id or run.tags.get(ROOT_RUN, run.run_id),
        partitions=partitions_of(spec.key, by, keys, spec.metadata) if by else None,
        metadata=spec.metadata,
        description=spec.description or "",
        owners=spec.owners,
    )


@dataclass(frozen=True)
class InputScope:
    """What is loaded of an asset.

    Args:
        asset_key: The asset that is loaded.
        partitions: The partitions asked for; None for everything.
        options: The metadata of the input's declaration (`dg.AssetIn`).
        run_id: The run that loads; empty where a person does.
        loaded_for: The asset that is made of it; None where a person loads it.
    """

    asset_key: dg.AssetKey
    partitions: Partitions | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    run_id: str = ""
    loaded_for: dg.AssetKey | None = None

    @property
    def windows(self) -> "list[Window] | None":
        """The stretches of the table that are loaded; None for everything."""
        return self.partitions.windows() if self.partitions else None


def input_scope(context: dg.InputContext) -> InputScope:
    """What is loaded of the asset of a context.

    Args:
        context: Of an input of an asset, or of somebody who loads an asset's value by hand.

    Returns:
        The scope.

    Raises:
        FqError: The asset is partitioned, but not by time, or does not say by which column.
    """
    key = context.asset_key
    partitions = None
    if context.has_asset_partitions and not _asks_for_everything(context):
        declared = context.upstream_output.definition_metadata if context.upstream_output else {}
        partitions = partitions_of(key, context.asset_partitions_def, context.asset_partition_keys, declared)
    in_run = context.has_input_name
    return InputScope(
        asset_key=key,
        partitions=partitions,
        options=context.definition_metadata or {},
        run_id=context.step_context.run_id if in_run else "",
        loaded_for=_made_of(context) if in_run else None,
    )


def partitions_of(
    key: dg.AssetKey, by: dg.PartitionsDefinition, keys: Iterable[str], metadata: Mapping[str, Any]
) -> Partitions:
    """Some partitions of an asset, as stretches of time.

    Args:
        key: The asset.
        by: How it is partitioned.
        keys: The partition keys.
        metadata: The metadata of the asset's definition, which names the column.

    Returns:
        The partitions, in order of time.

    Raises:
        FqError: The asset is not partitioned by time, or does not say by which column.
    """
    by_time = _by_time(key, by)
    spans = {name: by_time.time_window_for_partition_key(name) for name in keys}
    return Partitions(_column(key, metadata), dict(sorted(spans.items(), key=lambda span: span[1])))


def _made_of(context: dg.InputContext) -> dg.AssetKey | None:
    made = context.step_context.assets_def
    return made.key if made and len(made.keys) == 1 else None


def _asks_for_everything(context: dg.InputContext) -> bool:
    """Whether the asset being made depends on all partitions, rather than on those that a range happens to name."""
    if not context.has_input_name:
        return False  # no asset is being made: somebody loads a partition by its key

    # Dagster has no public name for this subset.
    from dagster._core.definitions.partitions.subset import AllPartitionsSubset

    return isinstance(context.step_context.asset_partitions_subset_for_input(context.name), AllPartitionsSubset)


def _by_time(key: dg.AssetKey, partitions: dg.PartitionsDefinition) -> dg.TimeWindowPartitionsDefinition:
    if not isinstance(partitions, dg.TimeWindowPartitionsDefinition):
        raise FqError(
            f"The asset {key.to_user_string()} is partitioned by {type(partitions).__name__}, not by time",
            fix="Use dg.DailyPartitionsDefinition, or no partitions",
        )
    return partitions


def _column(key: dg.AssetKey, metadata: Mapping[str, Any]) -> str:
    """The column by which a partitioned asset is partitioned."""
    column = metadata.get(PARTITION_EXPR)
    if not isinstance(column, str):
        raise FqError(
            f"The asset {key.to_user_string()} is partitioned, but does not say by which column",
            fix=f'Give it metadata={{"{PARTITION_EXPR}": "<its DATE or TIMESTAMP column>"}}',
        )
    return column

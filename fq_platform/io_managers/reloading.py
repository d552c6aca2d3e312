"""What an asset's inputs loaded, kept so that they can be loaded again for more partitions than the run asks for.

Belongs here: widening what is loaded. Does not: when that is needed (`assets/publishing.py`), loading (`loading.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import dagster as dg

from fq_platform.errors import FqError
from fq_platform.io_managers.scope import PARTITION_EXPR, InputScope, partitions_of
from fq_platform.lakehouse.frames import FrameKind


@dataclass(frozen=True)
class LoadedInput:
    """An input of an asset that a run makes.

    Args:
        context: Of the input.
        scope: What it asked for, before it was narrowed down to what had changed.
        kind: What its rows were given as.
    """

    context: dg.InputContext
    scope: InputScope
    kind: FrameKind

    def widened(self, partitions: Sequence[str]) -> InputScope:
        """What the input would ask for, were the run about other partitions of the asset.

        Args:
            partitions: Keys of the partitions of the asset that is made.

        Returns:
            The scope.

        Raises:
            FqError: Those partitions are made of some that do not exist.
        """
        if self.scope.partitions is None:
            return self.scope
        # Dagster has no public way to ask for the inputs of other partitions than the run's.
        from dagster._core.definitions.partitions.context import partition_loading_context
        from dagster._core.definitions.partitions.utils.mapping import infer_partition_mapping

        step, upstream = self.context.step_context, self.context.asset_partitions_def
        made = step.assets_def
        own = made.partitions_def if made else None
        if made is None or own is None:
            raise ValueError("only an asset with partitions has inputs to widen")
        with partition_loading_context(dynamic_partitions_store=self.context.instance):
            mapping = infer_partition_mapping(made.get_partition_mapping_for_dep(self.scope.asset_key), own, upstream)
            mapped = mapping.get_upstream_mapped_partitions_result_for_partitions(
                own.subset_with_partition_keys(partitions), own, upstream
            )
            if not mapped.required_but_nonexistent_subset.is_empty:
                raise FqError(
                    f"{', '.join(partitions)} are made of partitions that do not exist: "
                    f"{mapped.required_but_nonexistent_subset}",
                    where=self.scope.asset_key.to_user_string(),
                    fix="Let the partition mapping allow that (allow_nonexistent_upstream_partitions)",
                )
            keys = list(mapped.partitions_subset.get_partition_keys())
        column = {PARTITION_EXPR: self.scope.partitions.column}
        return replace(self.scope, partitions=partitions_of(self.scope.asset_key, upstream, keys, column))

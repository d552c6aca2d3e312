"""Partitions that a run makes though it was not asked for them, since documents have moved between them and its own.

Belongs here: telling Dagster, so that what is made of them follows. Does not: finding out which (`extraction/moves.py`,
`collisions.py`).
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg


def tell_further_partitions(
    context: dg.AssetExecutionContext, asset: dg.AssetKey, found: Mapping[str, Mapping[str, Any]]
) -> None:
    """Report partitions as materialised, although the run is not about them.

    Args:
        context: Of the step.
        asset: The asset.
        found: Partition key to what the materialisation says of it. Keys of partitions that there are no more, such as
            days before a first day that was put off, are left out.
    """
    partitions = context.assets_def.specs_by_key[asset].partitions_def
    for key, metadata in found.items():
        if partitions is not None and partitions.has_partition_key(key):
            context.log_event(dg.AssetMaterialization(asset, partition=key, metadata=metadata))

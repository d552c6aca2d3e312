"""Which other partitions have to be made, too, because documents have moved between them and those of the run.

Belongs here: finding the partitions. Does not: making them (`making.py`), or publishing (`publishing.py`).
"""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg

from fq_platform.checks.audits import Audit, Candidate, same_keys_elsewhere
from fq_platform.checks.evaluation import Result
from fq_platform.pipes.order import FURTHER

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_MINUTE = 60
_ALONE = 2
"""After so many rounds, partitions around those that are found are made, too: everything may have moved by a day."""


def colliding_partitions(
    candidate: Candidate,
    audits: Sequence[Audit],
    found: Mapping[str, Result],
    partitions: dg.TimeWindowPartitionsDefinition,
) -> set[str]:
    """The partitions that hold a key which the run wrote to another one.

    Args:
        candidate: The table as it would be published.
        audits: The rules.
        found: What the audits found.
        partitions: The asset's partitions.

    Returns:
        Keys of partitions; none if no key is broken, or only within what the run wrote.
    """
    broken = [key for audit in audits for name, key in audit.keys.items() if not found[name].passed]
    return {
        partition
        for key in broken
        for partition in _partitions_of(same_keys_elsewhere(candidate, key), candidate.partition_column, partitions)
    }


def with_neighbours(found: Collection[str], rounds: int, partitions: dg.TimeWindowPartitionsDefinition) -> set[str]:
    """The partitions to make in a further round: those found, and from the third on more and more around them.

    Args:
        found: Keys of partitions.
        rounds: How many rounds there were before.
        partitions: The asset's partitions.
    """
    reach = 2**rounds if rounds >= _ALONE else 0
    if not reach:
        return set(found)
    keys = partitions.get_partition_keys()
    position = {key: at for at, key in enumerate(keys)}
    return {key for one in found for key in keys[max(0, position[one] - reach) : position[one] + reach + 1]}


def partitions_made_upstream(context: dg.AssetExecutionContext) -> set[str]:
    """The partitions that this run made of what the asset is made of, day by day, beyond those that it is about.

    Args:
        context: Of the step.

    Returns:
        Their keys, which are those of the asset's own partitions.
    """
    spec = context.assets_def.specs_by_key[context.asset_key]
    if FURTHER in context.run.tags:  # a job's own instance knows nothing of what was made upstream
        return set(context.run.tags[FURTHER].split(","))
    alike = (None, dg.IdentityPartitionMapping(), dg.TimeWindowPartitionMapping())
    upstream = [dep.asset_key for dep in spec.deps if dep.partition_mapping in alike]
    made = context.instance.get_asset_partitions_for_run(context.run.run_id, dg.DagsterEventType.ASSET_MATERIALIZATION)
    keys = {key for asset in upstream for key in made.get(asset, ()) if key is not None}
    return {key for key in keys - set(context.partition_keys) if spec.partitions_def.has_partition_key(key)}


def _partitions_of(
    rows: "DataFrame | None", column: str | None, partitions: dg.TimeWindowPartitionsDefinition
) -> Iterator[str]:
    """The partitions that hold some rows; rows of partitions that there are not, or no more, are left out."""
    from pyspark.sql import functions as sf
    from pyspark.sql.types import DateType

    from fq_platform.lakehouse.spark_schema import quote

    if rows is None or column is None:
        return
    zone = ZoneInfo(partitions.timezone)
    is_date = isinstance(rows.select(quote(column)).schema[0].dataType, DateType)
    minute = sf.floor(sf.unix_seconds(sf.col(quote(column)).cast("timestamp")) / _MINUTE)
    for (at,) in rows.where(sf.col(quote(column)).isNotNull()).select(minute).distinct().collect():
        instant = dt.datetime.fromtimestamp(at * _MINUTE, dt.UTC)
        # A DATE is a day in the zone of the partitions, whatever day it is in UTC at its midnight.
        local = instant.replace(tzinfo=zone) if is_date else instant
        key = partitions.get_partition_key_for_timestamp(local.timestamp())
        if partitions.has_partition_key(key):
            yield key

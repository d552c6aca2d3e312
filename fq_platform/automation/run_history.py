"""Forgetting old runs: Dagster keeps every run with its events and logs for ever.

Belongs here: which runs may go, and removing them. Does not: old ticks, which Dagster itself removes (`dagster.yaml`).
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage

_FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_PAGE = 500
"""How many events are asked for at once."""


@dataclass(frozen=True)
class Forgotten:
    """What was done.

    Args:
        removed: Runs that are gone, with their events and logs.
        kept: Old runs that stay because they made what a partition or a table holds now; their logs are gone.
    """

    removed: int
    kept: int


def forget_runs(instance: dg.DagsterInstance, before: dt.datetime) -> Forgotten:
    """Remove finished runs, except those by which Dagster knows that a partition is there.

    With a run Dagster deletes its materialisations: a partition whose last one was among them would count as missing,
    and be made again by whatever makes missing partitions.

    Args:
        instance: Dagster's instance.
        before: Runs that ended before this moment are old (with time zone).

    Returns:
        How many went and how many stayed.
    """
    old = instance.get_run_ids(dg.RunsFilter(statuses=_FINISHED, updated_before=before))
    needed = _runs_of_last_materialisations(instance, before)
    for run_id in old:
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        if run_id not in needed:
            instance.delete_run(run_id)
            _remove_file_of_events(instance, run_id)
    kept = len(needed.intersection(old))
    return Forgotten(removed=len(old) - kept, kept=kept)


def _runs_of_last_materialisations(instance: dg.DagsterInstance, before: dt.datetime) -> set[str]:
    """The runs that made the last materialisation of a partition, or of a table without partitions, long ago."""
    storage, made = instance.event_log_storage, dg.DagsterEventType.ASSET_MATERIALIZATION
    needed: set[str] = set()
    for asset in instance.all_asset_keys():
        last = instance.fetch_materializations(asset, limit=1).records
        ids = {record.storage_id for record in last}
        ids.update(storage.get_latest_storage_id_by_partition(asset, made).values())
        wanted = sorted(ids)
        for start in range(0, len(wanted), _PAGE):
            page = wanted[start : start + _PAGE]
            chosen = dg.AssetRecordsFilter(asset, storage_ids=page, before_timestamp=before.timestamp())
            records = instance.fetch_materializations(chosen, limit=_PAGE).records
            needed.update(record.run_id for record in records)
    return needed


def _remove_file_of_events(instance: dg.DagsterInstance, run_id: str) -> None:
    """On SQLite the events of a run are a file of their own, which is emptied but stays."""
    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        file = Path(storage.path_for_shard(run_id))
        for part in (file, *file.parent.glob(f"{file.name}-*")):
            part.unlink(missing_ok=True)

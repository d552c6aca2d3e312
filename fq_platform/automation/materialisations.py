"""What Dagster's event log says of an asset's materialisations, as the cascade needs it.

Belongs here: reading events. Does not: what follows from them (`following.py`).
"""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.automation.partitions import RANGE_END, RANGE_START

if TYPE_CHECKING:
    from dagster import DagsterInstance, EventLogRecord

CONTENT_VERSION = "content_version"
"""Metadata of a materialisation: a text that stays the same as long as the rows do. Without it they count as new."""

PARTITION = "dagster/partition"
_PAGE = 1_000


@dataclass(frozen=True)
class Materialisation:
    """One day of an asset was made, or all of an asset without days.

    Args:
        asset: The asset.
        day: The day; None for an asset without days.
        id: The event's place in the log.
        at: When it was told (seconds since 1970).
        run_id: The run that made it.
        step: The step of that run; None if it was told from outside of a step.
        version: The version of the rows; None if it was not told.
    """

    asset: dg.AssetKey
    day: dt.date | None
    id: int
    at: float
    run_id: str
    step: str | None
    version: str | None


class EventLog:
    """An instance's event log, as it is up to one event.

    Args:
        instance: The instance.
        until: Id of the last event that counts.
    """

    def __init__(self, instance: "DagsterInstance", until: int) -> None:
        self._instance = instance
        self.until = until
        self._runs: dict[str, _Run] = {}

    def materialisations(self, asset: dg.AssetKey, after: int) -> list[Materialisation]:
        """What was materialised of an asset after an event, in the order of the log."""
        found: list[Materialisation] = []
        chosen = dg.AssetRecordsFilter(asset, after_storage_id=after, before_storage_id=self.until + 1)
        cursor = None
        while True:
            page = self._instance.fetch_materializations(chosen, limit=_PAGE, cursor=cursor, ascending=True)
            found.extend(_materialisation(record) for record in page.records)
            if not page.has_more:
                return found
            cursor = page.cursor

    def is_new(self, made: Materialisation) -> bool:
        """Whether a materialisation brought other rows than the one before it of the same day."""
        if made.version is None:
            return True
        days = [str(made.day)] if made.day else None
        earlier = dg.AssetRecordsFilter(made.asset, asset_partitions=days, before_storage_id=made.id)
        before = self._instance.fetch_materializations(earlier, limit=1).records
        return not before or _materialisation(before[0]).version != made.version

    def begun(self, made: Materialisation) -> float:
        """When the step began that made it: what it read was there at that time (seconds since 1970)."""
        if made.step is None:
            return made.at
        return self.run(made.run_id).step_begun(made.step, made.at)

    def last_ids(self, asset: dg.AssetKey) -> dict[dt.date | None, int]:
        """Day to the event that materialised it last; None stands for an asset without days."""
        if (latest := self._instance.get_latest_materialization_event(asset)) is None:
            return {}
        if latest.asset_materialization is None or latest.asset_materialization.partition is None:
            made = self._instance.fetch_materializations(asset, limit=1).records[0]
            return {None: made.storage_id}
        ids = self._instance.event_log_storage.get_latest_storage_id_by_partition(
            asset, dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        return {dt.date.fromisoformat(day): id_ for day, id_ in ids.items()}

    def run(self, run_id: str) -> "_Run":
        """A run, looked up once."""
        if run_id not in self._runs:
            self._runs[run_id] = _Run(self._instance, run_id)
        return self._runs[run_id]


class _Run:
    """What the cascade asks about a run."""

    def __init__(self, instance: "DagsterInstance", run_id: str) -> None:
        self._instance = instance
        self._run_id = run_id

    def step_begun(self, step: str, otherwise: float) -> float:
        """When a step began; a given time if that is not known."""
        return self._begun.get(step) or otherwise

    @cached_property
    def _begun(self) -> dict[str, float | None]:
        return {stats.step_key: stats.start_time for stats in self._instance.get_run_step_stats(self._run_id)}

    def makes(self, asset: dg.AssetKey) -> bool:
        """Whether the run was launched to make an asset, too."""
        return asset in self._planned

    def is_about(self, day: dt.date | None) -> bool:
        """Whether a day is one of those that the run was launched for; a run without days is about everything."""
        if day is None or self._days is None:
            return True
        first, last = self._days
        return first <= day <= last

    @cached_property
    def _planned(self) -> frozenset[dg.AssetKey]:
        run = self._instance.get_run_by_id(self._run_id)
        if run is None:
            return frozenset()
        if run.asset_selection is not None:
            return frozenset(run.asset_selection)
        plan = run.execution_plan_snapshot_id and self._instance.get_execution_plan_snapshot(
            run.execution_plan_snapshot_id
        )
        return frozenset(plan.asset_selection) if plan else frozenset()

    @cached_property
    def _days(self) -> tuple[dt.date, dt.date] | None:
        run = self._instance.get_run_by_id(self._run_id)
        tags = run.tags if run else {}
        first = tags.get(RANGE_START) or tags.get(PARTITION)
        last = tags.get(RANGE_END) or first
        return (dt.date.fromisoformat(first), dt.date.fromisoformat(last)) if first and last else None


def _materialisation(record: "EventLogRecord") -> Materialisation:
    told = record.asset_materialization
    if told is None:
        raise ValueError(f"event {record.storage_id} is no materialisation")
    version = told.metadata.get(CONTENT_VERSION)
    return Materialisation(
        asset=told.asset_key,
        day=dt.date.fromisoformat(told.partition) if told.partition else None,
        id=record.storage_id,
        at=record.timestamp,
        run_id=record.run_id,
        step=record.event_log_entry.step_key,
        version=str(version.value) if version is not None else None,
    )

"""What Dagster's event log says of an asset's materialisations, as the cascade needs it.

Belongs here: reading events. Does not: what follows from them (`following.py`).
"""

import datetime as dt
from collections.abc import Iterator
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
    """An instance's event log, as it is up to one event; what was looked up is kept.

    Args:
        instance: The instance.
        until: Id of the last event that counts.
    """

    def __init__(self, instance: "DagsterInstance", until: int) -> None:
        self._instance = instance
        self.until = until
        self._runs: dict[str, Run] = {}
        self._pages: dict[tuple[dg.AssetKey, int], list[Materialisation]] = {}

    def last_id(self, asset: dg.AssetKey) -> int | None:
        """The event that materialised an asset last, whatever day; None if it never was."""
        return self._last_ids.get(asset)

    @cached_property
    def _last_ids(self) -> dict[dg.AssetKey, int | None]:
        entries = [record.asset_entry for record in self._instance.get_asset_records()]
        return {entry.asset_key: entry.last_materialization_storage_id for entry in entries}

    def materialisations(self, asset: dg.AssetKey, after: int) -> list[Materialisation]:
        """What was materialised of an asset after an event, in the order of the log."""
        if (self.last_id(asset) or 0) <= after:
            return []
        if (asset, after) not in self._pages:
            chosen = dg.AssetRecordsFilter(asset, after_storage_id=after, before_storage_id=self.until + 1)
            self._pages[asset, after] = list(self._read(chosen))
        return self._pages[asset, after]

    def _read(self, chosen: dg.AssetRecordsFilter) -> Iterator[Materialisation]:
        cursor, more = None, True
        while more:
            page = self._instance.fetch_materializations(chosen, limit=_PAGE, cursor=cursor, ascending=True)
            cursor, more = page.cursor, page.has_more
            yield from map(_materialisation, page.records)

    def last(self, asset: dg.AssetKey, day: dt.date) -> Materialisation | None:
        """The materialisation that made a day of an asset last; None if it never was."""
        found = self._instance.fetch_materializations(self._of_day(asset, day), limit=1).records
        return _materialisation(found[0]) if found else None

    def has_news(self, asset: dg.AssetKey, day: dt.date, since: float) -> bool:
        """Whether a day of an asset was made since a moment (seconds since 1970), and got other rows."""
        return any(self.is_new(made) for made in self._read(self._of_day(asset, day, since)))

    def _of_day(self, asset: dg.AssetKey, day: dt.date, since: float | None = None) -> dg.AssetRecordsFilter:
        return dg.AssetRecordsFilter(
            asset, asset_partitions=[str(day)], after_timestamp=since, before_storage_id=self.until + 1
        )

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
        return self.run(made.run_id).steps_begun.get(made.step or "", made.at)

    def last_ids(self, asset: dg.AssetKey) -> dict[dt.date | None, int]:
        """Day to the event that materialised it last; None stands for an asset without days."""
        last = self.last_id(asset)
        if last is None:
            return {}
        ids = self._instance.event_log_storage.get_latest_storage_id_by_partition(
            asset, dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        return {dt.date.fromisoformat(day): id_ for day, id_ in ids.items()} or {None: last}

    def run(self, run_id: str) -> "Run":
        """A run, looked up once."""
        if run_id not in self._runs:
            self._runs[run_id] = Run(self._instance, run_id)
        return self._runs[run_id]


class Run:
    """What the cascade asks about a run.

    Args:
        instance: Where it was launched.
        run_id: The run; one that was deleted meanwhile makes nothing, and has no days.
    """

    def __init__(self, instance: "DagsterInstance", run_id: str) -> None:
        self._instance = instance
        self._run = instance.get_run_by_id(run_id)
        self._run_id = run_id

    @cached_property
    def steps_begun(self) -> dict[str, float]:
        """Step to when it began."""
        begun = self._instance.get_records_for_run(self._run_id, of_type=dg.DagsterEventType.STEP_START).records
        return {record.event_log_entry.step_key or "": record.timestamp for record in begun}

    @cached_property
    def assets(self) -> frozenset[dg.AssetKey]:
        """What it was launched to make."""
        if self._run is None:
            return frozenset()
        if self._run.asset_selection is not None:
            return frozenset(self._run.asset_selection)
        plan = self._run.execution_plan_snapshot_id
        snapshot = self._instance.get_execution_plan_snapshot(plan) if plan else None
        return frozenset(snapshot.asset_selection) if snapshot else frozenset()

    def is_about(self, day: dt.date | None) -> bool:
        """Whether a day is one of those that it was launched for; a run without days is about everything."""
        tags = self._run.tags if self._run else {}
        first = tags.get(RANGE_START) or tags.get(PARTITION)
        last = tags.get(RANGE_END) or first
        return not (day and first and last) or first <= str(day) <= last


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

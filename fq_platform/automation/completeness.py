"""Whether a day of a dated table is complete: when it is due, and what is wrong with it then.

Belongs here: the rules, and reading Dagster's event log for them. Does not: who is told (`expected_partitions.py`).
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import dagster as dg

from fq_platform.automation.materialisations import EventLog, Materialisation

if TYPE_CHECKING:
    from dagster import DagsterInstance, EventLogRecord

_DAY = dt.timedelta(days=1)
_EVERYTHING = 2**62
"""Greater than the id of any event."""


class Cause(StrEnum):
    """What is wrong with a day, in the words that follow `it`."""

    MISSING = "was never materialised"
    EARLY = "was last materialised before it had ended"
    BEHIND = "was not materialised since what it is made of changed"
    WAITS = "waits for what it is made of"


@dataclass(frozen=True)
class Calendar:
    """When days end, and when they shall be complete.

    Args:
        zone: The zone whose midnights bound the days.
        first_day: The first day there is.
        after: How long after its end a day is refreshed.
        grace: How long that may take, and how long a table may be behind what it is made of.
    """

    zone: ZoneInfo
    first_day: dt.date
    after: dt.timedelta
    grace: dt.timedelta

    def end(self, day: dt.date) -> dt.datetime:
        """The midnight that ends a day, in UTC."""
        return dt.datetime.combine(day + _DAY, dt.time(), self.zone).astimezone(dt.UTC)

    def due(self, day: dt.date) -> dt.datetime:
        """When a day shall be complete: so long after midnight by the clock on the wall, as schedules run; in UTC."""
        midnight = dt.datetime.combine(day + _DAY, dt.time(), self.zone)
        return (midnight + self.after + self.grace).astimezone(dt.UTC)

    def last_due(self, now: dt.datetime) -> dt.date | None:
        """The last day that shall be complete by now; None if there is none yet.

        Args:
            now: Any aware moment.
        """
        day = now.astimezone(self.zone).date()
        while self.due(day) > now:
            day -= _DAY
        return day if day >= self.first_day else None


@dataclass(frozen=True)
class Upstream:
    """A dated table that another is made of.

    Args:
        key: Its asset.
        first: The first day that is read of it, counted from the day that is made (0 or less).
        last: The last one.
    """

    key: dg.AssetKey
    first: int = 0
    last: int = 0

    def has(self, day: dt.date, of: dt.date) -> bool:
        """Whether a day of it is read to make another day."""
        return self.first <= (day - of).days <= self.last


Chain = Mapping[dg.AssetKey, Sequence[Upstream]]
"""The dated tables and what each is made of, what is upstream first."""


def dated_chain(assets: Iterable[dg.AssetsDefinition]) -> Chain:
    """Find the dated tables among assets.

    Args:
        assets: The assets that are tables.

    Returns:
        Those with daily partitions. Tables without days have no day that could be complete, and changes of one do not
        make the days made of it incomplete.
    """
    specs = {spec.key: spec for asset in assets for spec in asset.specs}
    dated = {key for key, spec in specs.items() if isinstance(spec.partitions_def, dg.DailyPartitionsDefinition)}
    made_of = {key: [_upstream(dep) for dep in specs[key].deps if dep.asset_key in dated] for key in sorted(dated)}
    order = TopologicalSorter({key: [upstream.key for upstream in found] for key, found in made_of.items()})
    return {key: made_of[key] for key in order.static_order()}


def _upstream(dep: dg.AssetDep) -> Upstream:
    mapping = dep.partition_mapping
    if isinstance(mapping, dg.TimeWindowPartitionMapping):
        return Upstream(dep.asset_key, mapping.start_offset, mapping.end_offset)
    return Upstream(dep.asset_key)


Gaps = Mapping[dt.date, Cause]
"""The days that are not complete, and why."""


class Inspector:
    """Looks at the dated tables as they are at one moment.

    Args:
        instance: Whose event log is read.
        chain: The tables.
        calendar: When days are due.
        now: The moment (aware).
        known_since: Table to when it was first expected to be filled (aware): a first load takes its time.
    """

    def __init__(
        self,
        instance: "DagsterInstance",
        chain: Chain,
        calendar: Calendar,
        now: dt.datetime,
        known_since: Mapping[dg.AssetKey, dt.datetime] | None = None,
    ) -> None:
        self._instance = instance
        self._log = EventLog(instance, until=_EVERYTHING)
        self._chain = chain
        self._calendar = calendar
        self._now = now
        self._known_since = known_since or {}
        self._found: dict[tuple[dg.AssetKey, dt.date], Cause | None] = {}

    def gaps(self, asset: dg.AssetKey, days: Collection[dt.date]) -> Gaps:
        """The days of a table that are not complete.

        Args:
            asset: A table of the chain.
            days: The days to look at; those that are not due yet are passed over.

        Returns:
            Day to cause, in order. A day waits if that day of an upstream table is not complete.
        """
        due = sorted(day for day in days if self._calendar.due(day) <= self._now)
        unseen = [day for day in due if (asset, day) not in self._found]
        if unseen:
            self._look(asset, unseen)
        return {day: cause for day in due if (cause := self._found[asset, day])}

    def is_expected(self, asset: dg.AssetKey) -> bool:
        """Whether a table has been there for so long that its first load should have filled it."""
        long_ago = self._now - self._calendar.grace
        if asset in self._known_since and self._known_since[asset] <= long_ago:
            return True
        first = self._instance.fetch_materializations(asset, limit=1, ascending=True).records
        return bool(first) and first[0].timestamp <= long_ago.timestamp()

    def _look(self, asset: dg.AssetKey, days: Sequence[dt.date]) -> None:
        waiting = {day for upstream in self._chain[asset] for day in self.gaps(upstream.key, days)}
        made = self._last_made(asset, days)
        news = self._news(asset, min((event.storage_id for event in made.values()), default=_EVERYTHING))
        for day in days:
            event = made.get(day)
            if day in waiting:
                cause: Cause | None = Cause.WAITS
            elif event is None:
                cause = Cause.MISSING if self.is_expected(asset) else None
            elif event.timestamp < self._calendar.end(day).timestamp():
                cause = Cause.EARLY
            else:
                cause = Cause.BEHIND if self._is_behind(day, event, news) else None
            self._found[asset, day] = cause

    def _last_made(self, asset: dg.AssetKey, days: Sequence[dt.date]) -> "dict[dt.date, EventLogRecord]":
        """Day to the event that materialised it last."""
        ids = self._instance.event_log_storage.get_latest_storage_id_by_partition(
            asset, dg.DagsterEventType.ASSET_MATERIALIZATION, partitions={str(day) for day in days}
        )
        if not ids:
            return {}
        chosen = dg.AssetRecordsFilter(asset, storage_ids=list(ids.values()))
        records = self._instance.fetch_materializations(chosen, limit=len(ids)).records
        return {dt.date.fromisoformat(str(record.partition_key)): record for record in records}

    def _news(self, asset: dg.AssetKey, after: int) -> list[tuple[Upstream, Materialisation]]:
        """What was materialised upstream after an event, and so long ago that it should have been followed."""
        long_ago = (self._now - self._calendar.grace).timestamp()
        return [
            (upstream, made)
            for upstream in self._chain[asset]
            for made in self._log.materialisations(upstream.key, after)
            if made.at <= long_ago
        ]

    def _is_behind(
        self, day: dt.date, made: "EventLogRecord", news: Iterable[tuple[Upstream, Materialisation]]
    ) -> bool:
        """Whether any news after the materialisation of a day concerns that day, and brought other rows."""
        return any(
            later.id > made.storage_id
            and later.day is not None
            and upstream.has(later.day, day)
            and self._log.is_new(later)
            for upstream, later in news
        )

"""The automation condition of the cascade: a day is asked for when what it is made of brought new rows.

Dagster's own conditions lose changes that come while a run reads, ask a second time for what a run over a range of days
makes itself, and take a run that changed nothing for news.

Belongs here: the condition. Does not: which assets have it, and what else holds them back (`cascade.py`).
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Set
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import dagster as dg

from fq_platform.automation.behind import Behind, Day
from fq_platform.automation.materialisations import EventLog, Materialisation

if TYPE_CHECKING:
    from dagster._core.asset_graph_view.entity_subset import EntitySubset

    from fq_platform.lakehouse.day_spans import Days

EVERYTHING_BEFORE = dg.TimeWindowPartitionMapping(start_offset=-100 * 366)
"""A day is made of the same day and all days before it, so that a late change concerns the days from there to today."""

OVERLAP = 200
SETTLED_SECONDS = 60
"""A server may commit an event after one that has a greater id: so many events before the last tick are looked at once
more, unless they were told so long before it."""


class UpstreamChanged(dg.AutomationCondition[dg.AssetKey]):
    """True for the days of an asset that are behind what they are made of, and were not asked for since.

    Args:
        ignored: The upstream assets whose changes count for nothing.
    """

    def __init__(self, ignored: Iterable[dg.AssetKey] = ()) -> None:
        self.ignored = frozenset(ignored)

    @property
    def name(self) -> str:
        """What the UI calls it."""
        return "upstream_changed"

    @property
    def description(self) -> str:
        """What the UI says of it."""
        but = ", ".join(sorted(key.to_user_string() for key in self.ignored))
        return "Brought new rows since this was made" + (f"; changes of {but} do not count" if but else "")

    def evaluate(self, context: dg.AutomationContext[dg.AssetKey]) -> dg.AutomationResult[dg.AssetKey]:
        """Take account of what was materialised since the last tick."""
        target = _Target(context, self.ignored)
        now = context.evaluation_time.timestamp()
        behind = Behind.from_json(context.cursor) if context.cursor else None
        if behind is None:
            behind = target.compared(now)
        else:
            behind.requested(*target.asked_for())
            target.catch_up(behind)
        true = target.subset(behind.due(now)).compute_union(target.along_with_upstream())
        if not (true.is_empty or target.upstream_exists):
            true = context.get_empty_subset()
        return dg.AutomationResult(context, true, cursor=behind.to_json())


class _Target:
    """The asset whose condition is evaluated, among its neighbours."""

    def __init__(self, context: dg.AutomationContext[dg.AssetKey], ignored: frozenset[dg.AssetKey]) -> None:
        self._context = context
        self._view = context.asset_graph_view
        self._graph = context.asset_graph
        self._key = context.key
        self._parents = sorted(self._graph.get(context.key).parent_keys)
        self._followed = [key for key in self._parents if key not in ignored]
        self._log = _event_log(self._view, context.max_storage_id or 0)

    @property
    def upstream_exists(self) -> bool:
        """Whether everything that the asset is made of was made at least once: before, a run could only fail."""
        return all(self._is_requested_along(key) or self._log.last_id(key) is not None for key in self._parents)

    def compared(self, now: float) -> Behind:
        """The first look: what has not been made, or was made before what it is made of was."""
        behind = Behind(self._log.until)
        own = self._log.last_ids(self._key)
        for parent in self._followed:
            changes = self._last_changes(parent)
            behind.changed([day for day, id_ in changes.items() if own.get(day, 0) < id_], now)
        return behind

    def _last_changes(self, parent: dg.AssetKey) -> "dict[Day, int]":
        """Day of this asset to the last event that materialised any upstream day that it is made of."""
        ids = self._log.last_ids(parent)
        if self._runs_with(parent):
            return ids
        found: dict[Day, int] = {}
        if self._mapping(parent) == EVERYTHING_BEFORE:  # one pass, where mapping each day would take a minute for years
            newest = 0
            for day in sorted(day for day in _days(self._view.get_full_subset(key=self._key)) if day):
                newest = found[day] = max(newest, ids.get(day, 0))
            return found
        for upstream, id_ in ids.items():
            found |= {day: max(id_, found.get(day, 0)) for day in self._downstream(parent, {upstream})}
        return found

    def catch_up(self, behind: Behind) -> None:
        """Take account of the events since the last tick."""
        for parent in self._followed:
            for run_id, news in _by_run(filter(self._log.is_new, self._since(behind.seen, parent))):
                at = max(made.at for made in news)
                days = self._downstream(parent, {made.day for made in news})
                behind.changed(days, at)
                run = self._log.run(run_id)
                if self._key in run.assets:  # it made these days, or is about to; if it fails, they are due later
                    behind.requested({day for day in days if run.is_about(day)}, at)
        for made in self._since(behind.seen, self._key):
            if made.day in behind.lags:
                behind.made(made.day, self._log.begun(made))
        behind.seen = self._log.until

    def _since(self, seen: int, asset: dg.AssetKey) -> list[Materialisation]:
        """What was materialised since the last tick, and what that may have missed."""
        before = self._context.previous_evaluation_time
        settled = before.timestamp() - SETTLED_SECONDS if before else 0
        found = self._log.materialisations(asset, seen - OVERLAP) if self._log.until > seen else []
        return [made for made in found if made.id > seen or made.at > settled]

    def asked_for(self) -> tuple["Days", float]:
        """The days that the last tick asked for, and when that was."""
        subset = self._context.get_previous_requested_subset(self._key)
        at = self._context.previous_evaluation_time
        return (_days(subset), at.timestamp()) if subset is not None and at is not None else (frozenset(), 0.0)

    def along_with_upstream(self) -> "EntitySubset[dg.AssetKey]":
        """The days whose upstream this tick asks for, where one run can make both, one after the other."""
        found = self._context.get_empty_subset()
        for parent in self._followed:
            if self._is_requested_along(parent):
                requested = self._context.request_subsets_by_key[parent]
                found = found.compute_union(requested.compute_mapped_subset(self._key, direction="down"))
        return found

    def _is_requested_along(self, parent: dg.AssetKey) -> bool:
        requested = self._context.request_subsets_by_key.get(parent)
        return requested is not None and not requested.is_empty and self._runs_with(parent)

    def _runs_with(self, parent: dg.AssetKey) -> bool:
        """Whether a run that makes some days of an upstream asset can make the same days of this one."""
        own, other = self._graph.get(self._key).partitions_def, self._graph.get(parent).partitions_def
        if own is None or own != other:
            return own == other
        mapping = self._mapping(parent)
        return mapping == dg.TimeWindowPartitionMapping() or isinstance(mapping, dg.IdentityPartitionMapping)

    def _mapping(self, parent: dg.AssetKey) -> dg.PartitionMapping:
        return self._graph.get_partition_mapping(self._key, parent)

    def _downstream(self, parent: dg.AssetKey, days: Set[Day]) -> "Days":
        """The days of this asset that are made of some days of an upstream one."""
        return _days(self._subset(parent, days).compute_mapped_subset(self._key, direction="down"))

    def subset(self, days: "Days") -> "EntitySubset[dg.AssetKey]":
        """Days of this asset, as Dagster has them."""
        return self._subset(self._key, days)

    def _subset(self, key: dg.AssetKey, days: Set[Day]) -> "EntitySubset[dg.AssetKey]":
        partitions = self._graph.get(key).partitions_def
        if partitions is None:
            return self._view.get_full_subset(key=key) if days else self._view.get_empty_subset(key=key)
        existing = partitions.filter_valid_partition_keys({str(day) for day in days})
        return self._view.get_subset_from_partition_keys(key, partitions, existing)


_LOGS: WeakKeyDictionary[Any, EventLog] = WeakKeyDictionary()
"""The log as each tick sees it, for all assets that the tick evaluates."""


def _event_log(tick: Any, until: int) -> EventLog:
    return _LOGS.setdefault(tick, EventLog(tick.instance, until))


def _by_run(news: Iterable[Materialisation]) -> Iterator[tuple[str, list[Materialisation]]]:
    """What one run brought belongs together: what is made of it is behind its last piece of news."""
    runs: dict[str, list[Materialisation]] = {}
    for made in news:
        runs.setdefault(made.run_id, []).append(made)
    yield from runs.items()


def _days(subset: Any) -> "Days":
    if subset.is_empty:
        return frozenset()
    if not subset.is_partitioned:
        return frozenset({None})
    return frozenset(dt.date.fromisoformat(key) for key in subset.expensively_compute_partition_keys())

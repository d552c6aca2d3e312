"""Differences: documents that the nightly comparison brought, and that no sensor had noticed, nor did soon after.

Belongs here: which they are, and in which words. Does not: comparing (`extraction/sync.py`).
"""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import dagster as dg

from fq_platform.alerts.alert import Alert, Kind, Severity
from fq_platform.automation.alerting.directory import Directory
from fq_platform.automation.mongo_changes.requests import REQUEST
from fq_platform.automation.partitions import partition_range
from fq_platform.automation.schedules import DAILY_REFRESH
from fq_platform.lakehouse.layout import Layer

SETTLED_AFTER = dt.timedelta(minutes=15)
"""How long after a comparison the sensor has to notice by itself what that brought a moment earlier."""
NOTICED_BEFORE = dt.timedelta(hours=2)
"""How old a request may be that is still owed: one that fails is made again within the hour."""

TOLD_AGAIN_AFTER = dt.timedelta(days=7)
"""A table that nothing is noticed of differs each night: that is told once a week."""

_COUNTS = ("inserted", "updated", "deleted")
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
_FIX = (
    "Nothing is lost: they are landed now. Where only a watermark is followed, deletions are found so and not "
    "otherwise; else see in the ticks of mongo_changes why it had not noticed them"
)


def differences(
    instance: dg.DagsterInstance, directory: Directory, position: dict[str, Any], now: dt.datetime
) -> Iterator[Alert]:
    """Look at the nightly comparisons that ended a while ago.

    Args:
        instance: The instance.
        directory: The definitions.
        position: How far the last look went; is moved on. If it is empty, what ended before now is not looked at.
        now: The moment (aware).

    Yields:
        An alert for each raw table, and run, with such documents. Today is passed over: its comparison is to find some.
    """
    since = dt.datetime.fromtimestamp(position.get("differences", now.timestamp()), dt.UTC)
    until = max(since, now - SETTLED_AFTER)
    recently = (now - TOLD_AGAIN_AFTER).timestamp()
    told = {key: moment for key, moment in position.get("differed", {}).items() if moment > recently}
    nightly = dg.RunsFilter(
        statuses=_ENDED, tags={"dagster/schedule_name": DAILY_REFRESH}, updated_after=since - SETTLED_AFTER
    )
    records = instance.get_run_records(nightly, order_by="update_timestamp", ascending=True)
    for record in records:
        if record.end_time and since.timestamp() < record.end_time <= until.timestamp():
            for key, alert in _of_run(instance, directory, record):
                if key not in told:
                    told[key] = now.timestamp()
                    yield alert
    position |= {"differences": until.timestamp(), "differed": told}


def _of_run(instance: dg.DagsterInstance, directory: Directory, record: dg.RunRecord) -> Iterator[tuple[str, Alert]]:
    run = record.dagster_run
    found = _unnoticed(instance, record, _brought(instance, run))
    for key, days in sorted(found.items()):
        shown = ", ".join(sorted(day for day in days if day))
        counts = ", ".join(f"{sum(day[name] for day in days.values())} {name}" for name in _COUNTS)
        alert = Alert(
            Kind.DIFFERENCE,
            Severity.WARNING,
            f"Difference found: {key.to_user_string()}{f', {shown}' if shown else ''}",
            what=f"{DAILY_REFRESH} brought documents that no sensor had noticed: {counts}.",
            fix=_FIX,
            link=directory.run(run.run_id),
            **directory.concerned([key]),
        )
        yield key.to_user_string(), alert


Brought = dict[dg.AssetKey, dict[str | None, dict[str, int]]]
"""Raw asset to partition to counts."""


def _brought(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Brought:
    """What a run changed in raw tables, but for the last of its days, which is not over.

    Nor on days that it was not asked for: documents have left these for their own.
    """
    days = partition_range(run)
    brought: Brought = {}
    made = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION).records
    for event in made:
        materialisation = event.asset_materialization
        if materialisation is None or materialisation.asset_key.path[0] != Layer.RAW:
            continue
        counts = {name: _count(materialisation, name) for name in _COUNTS}
        day = materialisation.partition
        if any(counts.values()) and (day is None or days is None or days[0] <= day < days[1]):
            brought.setdefault(materialisation.asset_key, {})[day] = counts
    return brought


def _count(materialisation: dg.AssetMaterialization, name: str) -> int:
    value = materialisation.metadata.get(name)
    return value.value if isinstance(value, dg.IntMetadataValue) and value.value else 0


def _unnoticed(instance: dg.DagsterInstance, record: dg.RunRecord, brought: Brought) -> Brought:
    """What no request of the sensor was about, around the time of a run."""
    if not brought:
        return {}
    began = record.create_timestamp - NOTICED_BEFORE
    requested = [run for run in instance.get_runs(dg.RunsFilter(created_after=began)) if REQUEST in run.tags]
    left = {
        key: {day: counts for day, counts in days.items() if not any(_is_about(run, key, day) for run in requested)}
        for key, days in brought.items()
    }
    return {key: days for key, days in left.items() if days}


def _is_about(run: dg.DagsterRun, key: dg.AssetKey, day: str | None) -> bool:
    if key not in (run.asset_selection or ()):
        return False
    days = partition_range(run)
    return day is None or days is None or days[0] <= day <= days[1]

"""The jobs by which tables are refreshed, and the schedules that run them.

Belongs here: which assets run together and when. Does not: what a change in the source sets off (`mongo_changes`), or
which schedules run in which environment (`registry.py`).
"""

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.assets.maintenance import GROUP
from fq_platform.assets.raw import raw_key
from fq_platform.automation.partitions import RANGE_END, daily_partitions, range_tags
from fq_platform.automation.registry import schedule_status
from fq_platform.automation.runs import UNATTENDED
from fq_platform.settings import get_settings
from fq_platform.sources import Sources

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

DAILY_REFRESH = "daily_refresh"
HOURLY_TODAY = "hourly_today"
_HALF_AN_HOUR = 30
_ONE_DAY = dt.timedelta(days=1)
_UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
)


def build_jobs(sources: Sources, apart: Iterable[dg.AssetKey] = ()) -> "list[UnresolvedAssetJobDefinition]":
    """The jobs of a sources file.

    Args:
        sources: The sources file.
        apart: Assets of other applications, which have jobs of their own.

    Returns:
        `daily_refresh`, and `hourly_today` if any collection has days.
    """
    return [_daily_job(sources, apart), *([_hourly_job(sources)] if has_days(sources) else [])]


def build_schedules(sources: Sources) -> list[dg.ScheduleDefinition]:
    """The schedules of those jobs.

    Args:
        sources: The sources file.

    Returns:
        One for each job of `build_jobs`.
    """
    return [_daily_schedule(sources), *([_hourly_schedule(sources)] if has_days(sources) else [])]


def has_days(sources: Sources) -> bool:
    """Whether any collection of a sources file is partitioned by day."""
    return any(collection.partition_by for collection in sources.collections.values())


def cron_at(minutes: int, days: str = "*") -> str:
    """The cron expression of a time of day.

    Args:
        minutes: Minutes after midnight.
        days: The days of the week, as cron has them.
    """
    return f"{minutes % 60} {minutes // 60 % 24} * * {days}"


def clock(minutes: int) -> str:
    """A time of day as people write it, such as `02:00`, from minutes after midnight."""
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def _daily_job(sources: Sources, apart: Iterable[dg.AssetKey]) -> "UnresolvedAssetJobDefinition":
    return dg.define_asset_job(
        DAILY_REFRESH,
        selection=dg.AssetSelection.all() - dg.AssetSelection.groups(GROUP) - dg.AssetSelection.assets(*apart),
        partitions_def=daily_partitions(sources) if has_days(sources) else None,
        description="Refreshes every table for the days asked for, from the source to the marts.",
    )


def _hourly_job(sources: Sources) -> "UnresolvedAssetJobDefinition":
    dated = [raw_key(sources, name) for name, options in sources.collections.items() if options.partition_by]
    return dg.define_asset_job(
        HOURLY_TODAY,
        selection=dg.AssetSelection.assets(*dated),
        partitions_def=daily_partitions(sources),
        description="Compares the raw tables with the source for the day asked for; what is made of them follows.",
    )


def _daily_schedule(sources: Sources) -> dg.ScheduleDefinition:
    """Refreshes yesterday when it is complete, and today, to which documents dated ahead may have come at midnight."""
    settings = get_settings()
    minutes = settings.daily_refresh_after_minutes

    @dg.schedule(
        name=DAILY_REFRESH,
        job_name=DAILY_REFRESH,
        cron_schedule=cron_at(minutes),
        execution_timezone=sources.time_zone,
        description="Refreshes the partitions of yesterday and of today so far, those of the days on which it did not "
        f"succeed, and the tables without partitions, at {clock(minutes)} {sources.time_zone}.",
        default_status=schedule_status(DAILY_REFRESH),
    )
    def daily_refresh(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        today = context.scheduled_execution_time.astimezone(sources.zone).date()
        if not has_days(sources):
            return dg.RunRequest(run_key=str(today - _ONE_DAY), tags=dict(UNATTENDED))
        if today < sources.start_date:
            return _not_begun(sources)
        first = max(_first_day_to_refresh(context.instance, today, settings.backfill_partitions), sources.start_date)
        return dg.RunRequest(run_key=str(today - _ONE_DAY), tags={**UNATTENDED, **range_tags(first, today)})

    return daily_refresh


def _first_day_to_refresh(instance: dg.DagsterInstance, today: dt.date, most: int) -> dt.date:
    """Yesterday; after nights without a refresh that succeeded, the last day of the one that did, which had not ended.

    Args:
        instance: Where the runs of this schedule are looked up.
        today: The day that the schedule runs on.
        most: How many days one run may take; 0 for any number.
    """
    yesterday = today - _ONE_DAY
    succeeded = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS], tags={"dagster/schedule_name": DAILY_REFRESH})
    done = [run.tags[RANGE_END] for run in instance.get_runs(succeeded, limit=1) if RANGE_END in run.tags]
    first = min([yesterday, *map(dt.date.fromisoformat, done)])
    return max(first, today - dt.timedelta(days=most - 1)) if most else first


def _hourly_schedule(sources: Sources) -> dg.ScheduleDefinition:
    """Notices within the hour what neither change streams nor watermarks told, deletions above all."""
    minute = (get_settings().daily_refresh_after_minutes + _HALF_AN_HOUR) % 60

    @dg.schedule(
        name=HOURLY_TODAY,
        job_name=HOURLY_TODAY,
        cron_schedule=f"{minute} * * * *",
        execution_timezone=sources.time_zone,
        description="Compares the raw tables' partitions of today with the source, each hour; not while that of the "
        "hour before is unfinished.",
        default_status=schedule_status(HOURLY_TODAY),
    )
    def hourly_today(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        hour = context.scheduled_execution_time.astimezone(sources.zone)
        if hour.date() < sources.start_date:
            return _not_begun(sources)
        unfinished = dg.RunsFilter(job_name=HOURLY_TODAY, statuses=list(_UNFINISHED))
        if context.instance.get_runs_count(unfinished):
            return dg.SkipReason("The comparison of an earlier hour is not finished")
        return dg.RunRequest(
            run_key=hour.isoformat(timespec="minutes"), partition_key=str(hour.date()), tags=dict(UNATTENDED)
        )

    return hourly_today


def _not_begun(sources: Sources) -> dg.SkipReason:
    return dg.SkipReason(f"The first day, {sources.start_date}, has not begun")

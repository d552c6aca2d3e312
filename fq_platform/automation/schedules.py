"""The job by which tables are refreshed, and the schedules that run it.

Belongs here: which assets run together and when. Does not: what a change in the source sets off (`sensors.py`).
"""

import datetime as dt
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.assets.maintenance import GROUP
from fq_platform.automation.partitions import daily_partitions, range_tags
from fq_platform.automation.runs import UNATTENDED
from fq_platform.sources import Sources

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

DAILY_REFRESH = "daily_refresh"
FIRST_DAY_REFRESH = "first_day_refresh"
_ONE_DAY = dt.timedelta(days=1)


def build_daily_job(sources: Sources) -> "UnresolvedAssetJobDefinition":
    """The job that refreshes every table: the days asked for of dated ones, all of the others."""
    return dg.define_asset_job(
        DAILY_REFRESH,
        selection=dg.AssetSelection.all() - dg.AssetSelection.groups(GROUP),
        partitions_def=daily_partitions(sources) if _has_days(sources) else None,
        description="Refreshes every table for the days asked for, from the source to the marts.",
    )


def build_schedules(sources: Sources) -> list[dg.ScheduleDefinition]:
    """The schedules of a sources file.

    Args:
        sources: The sources file.

    Returns:
        `daily_refresh`, and before it `first_day_refresh` if any collection has days.
    """
    return [*([_first_day_schedule(sources)] if _has_days(sources) else []), _daily_schedule(sources)]


def _daily_schedule(sources: Sources) -> dg.ScheduleDefinition:
    """Refreshes yesterday when it is complete, and today, to which documents dated ahead may have come at midnight."""

    @dg.schedule(
        name=DAILY_REFRESH,
        job_name=DAILY_REFRESH,
        cron_schedule="0 2 * * *",
        execution_timezone=sources.time_zone,
        description="Refreshes the partitions of yesterday and of today so far, and the tables without partitions, at "
        f"02:00 {sources.time_zone}.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def daily_refresh(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        today = context.scheduled_execution_time.astimezone(sources.zone).date()
        yesterday = today - _ONE_DAY
        if not _has_days(sources):
            return dg.RunRequest(run_key=str(yesterday), tags=dict(UNATTENDED))
        if today < sources.start_date:
            return _not_begun(sources)
        days = range_tags(max(yesterday, sources.start_date), today)
        return dg.RunRequest(run_key=str(yesterday), tags={**UNATTENDED, **days})

    return daily_refresh


def _first_day_schedule(sources: Sources) -> dg.ScheduleDefinition:
    """Refreshes the first day, which holds the documents of days to come until these begin.

    Before the daily refresh: were it after, such a document would be in both days for a while, and the audit of
    `primary_key_unique` would refuse to publish the second.
    """

    @dg.schedule(
        name=FIRST_DAY_REFRESH,
        job_name=DAILY_REFRESH,
        cron_schedule="30 1 * * *",
        execution_timezone=sources.time_zone,
        description=f"Refreshes the first partition, {sources.start_date}, at 01:30 {sources.time_zone}: it holds "
        "what has no day, and what is dated ahead until its day begins.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def first_day_refresh(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if context.repository_def is None:
            raise RuntimeError("the schedule is evaluated without its code location")
        today = context.scheduled_execution_time.astimezone(sources.zone).date()
        if today < sources.start_date:
            return _not_begun(sources)
        graph, partitions = context.repository_def.asset_graph, daily_partitions(sources)
        return dg.RunRequest(
            run_key=f"first day on {today}",
            partition_key=str(sources.start_date),
            tags=dict(UNATTENDED),
            asset_selection=sorted(
                key for key in graph.materializable_asset_keys if graph.get(key).partitions_def == partitions
            ),
        )

    return first_day_refresh


def _not_begun(sources: Sources) -> dg.SkipReason:
    return dg.SkipReason(f"The first day, {sources.start_date}, has not begun")


def _has_days(sources: Sources) -> bool:
    return any(collection.partition_by for collection in sources.collections.values())

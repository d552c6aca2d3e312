"""The jobs by which tables are refreshed, and the schedule that runs them.

Belongs here: which assets run together and when. Does not: what a change in the source sets off (`sensors.py`).
"""

import datetime as dt
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.automation.partitions import daily_partitions
from fq_platform.automation.runs import UNATTENDED
from fq_platform.sources import Sources

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

DAILY_REFRESH = "daily_refresh"


def build_daily_job(sources: Sources) -> "UnresolvedAssetJobDefinition":
    """The job that refreshes every table: the days asked for of dated ones, all of the others."""
    return dg.define_asset_job(
        DAILY_REFRESH,
        selection=dg.AssetSelection.all(),
        partitions_def=daily_partitions(sources) if _has_days(sources) else None,
        description="Refreshes every table for the days asked for, from the source to the marts.",
    )


def build_daily_schedule(sources: Sources) -> dg.ScheduleDefinition:
    """The schedule that refreshes yesterday at 02:00 in the sources file's time zone, when that day is complete."""

    @dg.schedule(
        name=DAILY_REFRESH,
        job_name=DAILY_REFRESH,
        cron_schedule="0 2 * * *",
        execution_timezone=sources.time_zone,
        description="Refreshes yesterday's partition, and the tables without partitions, at 02:00 "
        f"{sources.time_zone}.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def daily_refresh(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        today = context.scheduled_execution_time.astimezone(sources.zone).date()
        yesterday = (today - dt.timedelta(days=1)).isoformat()
        return dg.RunRequest(
            run_key=yesterday, partition_key=yesterday if _has_days(sources) else None, tags=dict(UNATTENDED)
        )

    return daily_refresh


def _has_days(sources: Sources) -> bool:
    return any(collection.partition_by for collection in sources.collections.values())

"""The job that looks after the tables, and the schedule that runs it each week.

Belongs here: when upkeep runs. Does not: what it does (`assets/maintenance.py`).
"""

from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.assets.maintenance import GROUP
from fq_platform.automation.registry import schedule_status
from fq_platform.automation.runs import UNATTENDED
from fq_platform.automation.schedules import clock, cron_at
from fq_platform.settings import get_settings
from fq_platform.sources import Sources

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

WEEKLY_UPKEEP = "weekly_upkeep"
_AFTER_THE_REFRESH = 120
"""Minutes between the start of the daily refresh and that of the upkeep, which would get into each other's way."""


def build_upkeep_job() -> "UnresolvedAssetJobDefinition":
    """The job that materialises every asset of the group `maintenance`."""
    return dg.define_asset_job(
        WEEKLY_UPKEEP,
        selection=dg.AssetSelection.groups(GROUP),
        description="Looks after every table: small files, manifests, old snapshots, files that nobody refers to.",
    )


def build_upkeep_schedule(sources: Sources) -> dg.ScheduleDefinition:
    """The schedule of that job, in the night to Sunday, when the daily refresh is done.

    Args:
        sources: The sources file, for its time zone.

    Returns:
        The schedule.
    """
    minutes = get_settings().daily_refresh_after_minutes + _AFTER_THE_REFRESH

    @dg.schedule(
        name=WEEKLY_UPKEEP,
        job_name=WEEKLY_UPKEEP,
        cron_schedule=cron_at(minutes, "0"),
        execution_timezone=sources.time_zone,
        description=f"Looks after every table on Sundays at {clock(minutes)} {sources.time_zone}.",
        default_status=schedule_status(WEEKLY_UPKEEP),
    )
    def weekly_upkeep(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        sunday = context.scheduled_execution_time.astimezone(sources.zone).date()
        return dg.RunRequest(run_key=str(sunday), tags=dict(UNATTENDED))

    return weekly_upkeep

"""The weekly upkeep, ticked."""

import datetime as dt

import dagster as dg

from fq_platform.automation.runs import UNATTENDED
from fq_platform.automation.upkeep import build_upkeep_schedule
from fq_platform.settings import PACKAGE
from fq_platform.sources import load_sources


def test_tables_are_looked_after_on_sundays_after_the_daily_refresh_in_the_zone_of_the_sources() -> None:
    sources = load_sources(PACKAGE / "sources.yaml").model_copy(update={"time_zone": "Asia/Tokyo"})
    schedule = build_upkeep_schedule(sources)

    # Four in the morning of Sunday, 8 March, in Tokyo.
    at = dt.datetime(2026, 3, 7, 19, tzinfo=dt.UTC)
    (request,) = schedule.evaluate_tick(dg.build_schedule_context(scheduled_execution_time=at)).run_requests or []

    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 4 * * 0", "Asia/Tokyo")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert request.run_key == "2026-03-08"
    assert request.tags.items() >= UNATTENDED.items()

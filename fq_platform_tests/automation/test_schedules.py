"""The daily schedule, ticked on an ephemeral instance."""

import datetime as dt

import dagster as dg

from fq_platform.assets.raw import build_raw_assets
from fq_platform.automation.schedules import build_daily_job, build_daily_schedule
from fq_platform.resources.mongo import MongoResource
from fq_platform.settings import PACKAGE
from fq_platform.sources import Collection, Sources, load_sources


def tick(sources: Sources, at: dt.datetime) -> dg.RunRequest:
    location = dg.Definitions(
        assets=build_raw_assets(sources), jobs=[build_daily_job(sources)], resources={"mongo": MongoResource()}
    )
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=at, repository_def=location.get_repository_def()
        )
        (request,) = build_daily_schedule(sources).evaluate_tick(context).run_requests or []
    return request


def test_tick_requests_yesterday_once() -> None:
    request = tick(load_sources(PACKAGE / "sources.yaml"), dt.datetime(2026, 3, 1, 2, tzinfo=dt.UTC))

    assert (request.partition_key, request.run_key) == ("2026-02-28", "2026-02-28")


def test_tick_without_partitioned_collections_requests_everything_unpartitioned() -> None:
    sources = Sources(app="a", database="d", start_date=dt.date(2026, 1, 1), collections={"c": Collection()})

    request = tick(sources, dt.datetime(2026, 3, 1, 2, tzinfo=dt.UTC))

    assert (request.partition_key, request.run_key) == (None, "2026-02-28")


def test_yesterday_is_the_one_of_the_time_zone() -> None:
    sources = Sources(
        app="a",
        database="d",
        start_date=dt.date(2026, 1, 1),
        time_zone="Asia/Tokyo",
        collections={"c": Collection(partition_by="at")},
    )

    # Two in the morning of 2 March in Tokyo.
    request = tick(sources, dt.datetime(2026, 3, 1, 17, tzinfo=dt.UTC))

    assert (request.partition_key, request.run_key) == ("2026-03-01", "2026-03-01")
    assert build_daily_schedule(sources).execution_timezone == "Asia/Tokyo"


def test_schedule_runs_at_two_in_the_morning_and_by_itself() -> None:
    schedule = build_daily_schedule(load_sources(PACKAGE / "sources.yaml"))

    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "UTC")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING

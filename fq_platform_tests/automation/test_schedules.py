"""The schedules, ticked on an ephemeral instance."""

import datetime as dt

import dagster as dg
import pytest

from fq_platform.assets.raw import build_raw_assets
from fq_platform.automation.partitions import RANGE_END, RANGE_START
from fq_platform.automation.schedules import DAILY_REFRESH, FIRST_DAY_REFRESH, build_daily_job, build_schedules
from fq_platform.resources.mongo import MongoResource
from fq_platform.settings import PACKAGE
from fq_platform.sources import Collection, Sources, load_sources

DATED = Sources(
    app="a",
    database="d",
    start_date=dt.date(2026, 1, 1),
    collections={"c": Collection(partition_by="at"), "whole": Collection()},
)


def schedule(sources: Sources, name: str) -> dg.ScheduleDefinition:
    (found,) = (made for made in build_schedules(sources) if made.name == name)
    return found


def tick(sources: Sources, at: dt.datetime, name: str = DAILY_REFRESH) -> dg.RunRequest:
    (request,) = requests(sources, at, name)
    return request


def requests(sources: Sources, at: dt.datetime, name: str) -> list[dg.RunRequest]:
    location = dg.Definitions(
        assets=build_raw_assets(sources), jobs=[build_daily_job(sources)], resources={"mongo": MongoResource()}
    )
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=at, repository_def=location.get_repository_def()
        )
        return list(schedule(sources, name).evaluate_tick(context).run_requests or [])


def days(request: dg.RunRequest) -> tuple[str | None, str | None]:
    return request.tags.get(RANGE_START), request.tags.get(RANGE_END)


def test_tick_requests_yesterday_and_today_once() -> None:
    request = tick(load_sources(PACKAGE / "sources.yaml"), dt.datetime(2026, 3, 1, 2, tzinfo=dt.UTC))

    assert (days(request), request.run_key) == (("2026-02-28", "2026-03-01"), "2026-02-28")


def test_tick_on_the_first_day_requests_no_day_before_it() -> None:
    assert days(tick(DATED, dt.datetime(2026, 1, 1, 2, tzinfo=dt.UTC))) == ("2026-01-01", "2026-01-01")


@pytest.mark.parametrize("name", [DAILY_REFRESH, FIRST_DAY_REFRESH])
def test_ticks_before_the_first_day_request_nothing(name: str) -> None:
    assert requests(DATED, dt.datetime(2025, 12, 31, 2, tzinfo=dt.UTC), name) == []


def test_tick_without_partitioned_collections_requests_everything_unpartitioned() -> None:
    sources = Sources(app="a", database="d", start_date=dt.date(2026, 1, 1), collections={"c": Collection()})

    request = tick(sources, dt.datetime(2026, 3, 1, 2, tzinfo=dt.UTC))

    assert (request.partition_key, days(request), request.run_key) == (None, (None, None), "2026-02-28")
    assert [made.name for made in build_schedules(sources)] == [DAILY_REFRESH]


def test_days_are_those_of_the_time_zone() -> None:
    sources = DATED.model_copy(update={"time_zone": "Asia/Tokyo"})

    # Two in the morning of 2 March in Tokyo.
    request = tick(sources, dt.datetime(2026, 3, 1, 17, tzinfo=dt.UTC))
    first = tick(sources, dt.datetime(2026, 3, 1, 16, 30, tzinfo=dt.UTC), FIRST_DAY_REFRESH)

    assert (days(request), request.run_key) == (("2026-03-01", "2026-03-02"), "2026-03-01")
    assert first.run_key == "first day on 2026-03-02"
    assert {made.execution_timezone for made in build_schedules(sources)} == {"Asia/Tokyo"}


def test_first_day_is_refreshed_each_day_in_what_has_days_only() -> None:
    request = tick(DATED, dt.datetime(2026, 3, 1, 1, 30, tzinfo=dt.UTC), FIRST_DAY_REFRESH)

    assert (request.partition_key, request.run_key) == ("2026-01-01", "first day on 2026-03-01")
    assert request.asset_selection == [dg.AssetKey(["raw", "a_c"])]


def test_schedules_run_by_themselves_at_night_the_first_day_first() -> None:
    found = build_schedules(load_sources(PACKAGE / "sources.yaml"))

    assert [(made.name, made.cron_schedule, made.execution_timezone) for made in found] == [
        (FIRST_DAY_REFRESH, "30 1 * * *", "UTC"),
        (DAILY_REFRESH, "0 2 * * *", "UTC"),
    ]
    assert {made.default_status for made in found} == {dg.DefaultScheduleStatus.RUNNING}

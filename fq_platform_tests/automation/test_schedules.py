"""The schedules, ticked on an instance of their own."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

import dagster as dg
import pytest
from dagster._core.utils import make_new_run_id
from dagster._utils.schedules import schedule_execution_time_iterator

from fq_platform.assets.raw import build_raw_assets
from fq_platform.automation.partitions import RANGE_END, RANGE_START
from fq_platform.automation.runs import UNATTENDED
from fq_platform.automation.schedules import DAILY_REFRESH, HOURLY_TODAY, build_jobs, build_schedules
from fq_platform.automation.upkeep import WEEKLY_UPKEEP, build_upkeep_schedule
from fq_platform.definitions import defs
from fq_platform.resources.mongo import MongoResource
from fq_platform.settings import PACKAGE, get_settings
from fq_platform.sources import Collection, Sources, load_sources

DATED = Sources(
    app="a",
    database="d",
    start_date=dt.date(2026, 1, 1),
    collections={"c": Collection(partition_by="at"), "whole": Collection()},
)


Requests = Callable[..., list[dg.RunRequest]]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("dagster"))) as made:
        yield made


@pytest.fixture
def requests(instance: dg.DagsterInstance) -> Requests:
    """What a schedule asks for at a moment, on an instance that has had some earlier runs, the oldest first."""

    def tick(
        sources: Sources, at: dt.datetime, name: str = DAILY_REFRESH, earlier: Sequence[dg.DagsterRun] = ()
    ) -> list[dg.RunRequest]:
        location = dg.Definitions(
            assets=build_raw_assets(sources), jobs=build_jobs(sources), resources={"mongo": MongoResource()}
        )
        instance.wipe()
        for run in earlier:
            instance.add_run(run)
        (schedule,) = (made for made in build_schedules(sources) if made.name == name)
        with dg.build_schedule_context(
            instance=instance, scheduled_execution_time=at, repository_def=location.get_repository_def()
        ) as context:
            return list(schedule.evaluate_tick(context).run_requests or [])

    return tick


def night(last_day: str, status: dg.DagsterRunStatus, **tags: str) -> dg.DagsterRun:
    """A run of the daily refresh, by its schedule, up to a day."""
    by_schedule = {"dagster/schedule_name": DAILY_REFRESH, RANGE_END: last_day}
    return dg.DagsterRun(job_name=DAILY_REFRESH, run_id=make_new_run_id(), status=status, tags=by_schedule | tags)


def days(request: dg.RunRequest) -> tuple[str | None, str | None]:
    return request.tags.get(RANGE_START), request.tags.get(RANGE_END)


def test_tick_requests_yesterday_and_today_once(requests: Requests) -> None:
    (request,) = requests(load_sources(PACKAGE / "sources.yaml"), dt.datetime(2026, 3, 1, 2, tzinfo=dt.UTC))

    assert (days(request), request.run_key) == (("2026-02-28", "2026-03-01"), "2026-02-28")


def test_tick_on_the_first_day_requests_no_day_before_it(requests: Requests) -> None:
    (request,) = requests(DATED, dt.datetime(2026, 1, 1, 2, tzinfo=dt.UTC))

    assert days(request) == ("2026-01-01", "2026-01-01")


@pytest.mark.parametrize("name", [DAILY_REFRESH, HOURLY_TODAY])
def test_ticks_before_the_first_day_request_nothing(requests: Requests, name: str) -> None:
    assert requests(DATED, dt.datetime(2025, 12, 31, 2, tzinfo=dt.UTC), name) == []


def test_tick_without_partitioned_collections_requests_everything_unpartitioned(requests: Requests) -> None:
    sources = Sources(app="a", database="d", start_date=dt.date(2026, 1, 1), collections={"c": Collection()})

    (request,) = requests(sources, dt.datetime(2026, 3, 1, 2, tzinfo=dt.UTC))

    assert (request.partition_key, days(request), request.run_key) == (None, (None, None), "2026-02-28")
    assert [made.name for made in build_schedules(sources)] == [DAILY_REFRESH]


def test_days_are_those_of_the_time_zone(requests: Requests) -> None:
    sources = DATED.model_copy(update={"time_zone": "Asia/Tokyo"})

    # Two in the morning of 2 March in Tokyo.
    (request,) = requests(sources, dt.datetime(2026, 3, 1, 17, tzinfo=dt.UTC))
    (hourly,) = requests(sources, dt.datetime(2026, 3, 1, 17, 30, tzinfo=dt.UTC), HOURLY_TODAY)

    assert (days(request), request.run_key) == (("2026-03-01", "2026-03-02"), "2026-03-01")
    assert (hourly.partition_key, hourly.run_key) == ("2026-03-02", "2026-03-02T02:30+09:00")
    assert {made.execution_timezone for made in build_schedules(sources)} == {"Asia/Tokyo"}


@pytest.mark.parametrize(("month", "changes"), [(3, 29), (10, 25)])
def test_each_night_has_one_refresh_also_those_in_which_clocks_change(month: int, changes: int) -> None:
    sources = DATED.model_copy(update={"time_zone": "Europe/Berlin"})
    (daily,) = (made for made in build_schedules(sources) if made.name == DAILY_REFRESH)
    since = dt.datetime(2026, month, changes - 2, 12, tzinfo=dt.UTC).timestamp()

    times = schedule_execution_time_iterator(since, str(daily.cron_schedule), daily.execution_timezone)

    hour = 3 if month == 3 else 2  # in spring there is no two o'clock
    assert [(at.day, at.hour) for at in islice(times, 3)] == [(changes - 1, 2), (changes, hour), (changes + 1, 2)]


def test_the_refresh_takes_up_the_days_on_which_it_did_not_succeed(requests: Requests) -> None:
    at = dt.datetime(2026, 3, 9, 2, tzinfo=dt.UTC)
    good, bad = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE

    def first_day(*earlier: dg.DagsterRun) -> str | None:
        (request,) = requests(DATED, at, DAILY_REFRESH, earlier)
        return days(request)[0]

    assert first_day(night("2026-03-07", good), night("2026-03-08", good)) == "2026-03-08"
    assert first_day(night("2026-03-05", good), night("2026-03-06", bad), night("2026-03-07", bad)) == "2026-03-05"
    assert first_day(night("2026-03-08", bad)) == "2026-03-08"  # never yet: the first load is not this schedule's
    by_hand = {"dagster/schedule_name": ""}
    assert first_day(night("2026-03-08", good), night("2026-01-05", good, **by_hand)) == "2026-03-08"


def test_the_refresh_takes_up_no_more_days_than_a_run_may_have(
    requests: Requests, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("FQ_BACKFILL_PARTITIONS", "3")
    at = dt.datetime(2026, 3, 9, 2, tzinfo=dt.UTC)

    (request,) = requests(DATED, at, DAILY_REFRESH, [night("2026-01-05", dg.DagsterRunStatus.SUCCESS)])

    assert days(request) == ("2026-03-07", "2026-03-09")


def test_todays_partition_is_compared_each_hour_but_never_twice_at_once(requests: Requests) -> None:
    at = dt.datetime(2026, 3, 9, 14, 30, tzinfo=dt.UTC)
    before = dg.DagsterRun(job_name=HOURLY_TODAY, run_id=make_new_run_id(), status=dg.DagsterRunStatus.STARTED)

    (request,) = requests(DATED, at, HOURLY_TODAY)

    assert (request.partition_key, request.run_key) == ("2026-03-09", "2026-03-09T14:30+00:00")
    assert request.tags.items() >= UNATTENDED.items()
    assert requests(DATED, at, HOURLY_TODAY, [before]) == []


def test_schedules_run_when_the_setting_says_that_a_day_is_complete(environment: pytest.MonkeyPatch) -> None:
    sources = load_sources(PACKAGE / "sources.yaml")

    def crons() -> dict[str, object]:
        return {made.name: made.cron_schedule for made in [*build_schedules(sources), build_upkeep_schedule(sources)]}

    assert crons() == {DAILY_REFRESH: "0 2 * * *", HOURLY_TODAY: "30 * * * *", WEEKLY_UPKEEP: "0 4 * * 0"}
    environment.setenv("FQ_DAILY_REFRESH_AFTER_MINUTES", "75")
    get_settings.cache_clear()
    assert crons() == {DAILY_REFRESH: "15 1 * * *", HOURLY_TODAY: "45 * * * *", WEEKLY_UPKEEP: "15 3 * * 0"}


def test_the_hourly_comparison_takes_the_dated_raw_tables_and_nothing_else() -> None:
    job = defs.resolve_job_def(HOURLY_TODAY)

    assert {key.to_user_string() for key in job.asset_layer.selected_asset_keys} == {
        "raw/ecommerce_db_orders",
        "raw/ecommerce_db_invoices",
        "raw/ecommerce_db_payments",
    }

"""An outage of the source as Dagster's daemons see it: freshness as it is built in, and what it does not see."""

import datetime as dt

import dagster as dg
import pytest
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as Status

from fq_platform.automation.backfills import backfill_policy
from fq_platform.automation.expected_partitions import (
    PARTITION_COMPLETE,
    build_expected_partitions_sensor,
    completeness_checks,
)
from fq_platform.automation.freshness import with_freshness
from fq_platform.automation.partitions import daily_partitions
from fq_platform.automation.schedules import DAILY_REFRESH, build_jobs, build_schedules
from fq_platform.sources import Collection, Sources
from fq_platform_tests.fixtures.daemon import MINUTE, DaemonDriver, DrivenRun, MakeDriver

pytestmark = pytest.mark.services

SOURCES = Sources(
    app="a", database="d", start_date=dt.date(2026, 2, 20), collections={"x": Collection(partition_by="at")}
)
RAW, MART = dg.AssetKey(["raw", "a_x"]), dg.AssetKey(["analytics", "y"])


class Source:
    """Stands for MongoDB: runs fail while it is away."""

    away = False


def location(source: Source) -> dg.Definitions:
    """The real schedule, sensor, check and policies over two tables that hold nothing."""
    daily = daily_partitions(SOURCES)

    @dg.asset(key=RAW, group_name="raw", partitions_def=daily, backfill_policy=backfill_policy())
    def raw() -> None:
        if source.away:
            raise dg.Failure("MongoDB cannot be reached")

    @dg.asset(key=MART, group_name="analytics", deps=[RAW], partitions_def=daily, backfill_policy=backfill_policy())
    def mart() -> None: ...

    assets = [raw, mart]
    return dg.Definitions(
        assets=with_freshness(assets),
        asset_checks=completeness_checks(SOURCES, assets),
        jobs=build_jobs(SOURCES),
        schedules=[made for made in build_schedules(SOURCES) if made.name == DAILY_REFRESH],
        sensors=[build_expected_partitions_sensor(SOURCES, assets)],
        executor=dg.in_process_executor,
    )


def fresh(driver: DaemonDriver) -> dict[str, str]:
    found = driver.instance.get_freshness_state_records([RAW, MART])
    return {key.path[0]: record.freshness_state.value for key, record in found.items()}


def complete(driver: DaemonDriver) -> dict[str, str]:
    """The answers that the UI shows."""
    checks = {key.path[0]: dg.AssetCheckKey(key, PARTITION_COMPLETE) for key in (RAW, MART)}
    found = driver.instance.event_log_storage.get_latest_asset_check_execution_by_key(list(checks.values()))
    return {name: found[key].status.value for name, key in checks.items() if key in found}


def answers(driver: DaemonDriver, status: Status) -> int:
    check = dg.AssetCheckKey(RAW, PARTITION_COMPLETE)
    return len(driver.instance.event_log_storage.get_asset_check_execution_history(check, limit=100, status={status}))


def until(driver: DaemonDriver, day: int, hour: int) -> None:
    """Up to an hour of a day in March: what the schedule asks for runs at two, and the sensor looks at it after."""
    night = dt.datetime(2026, 3, day, 2, 1, tzinfo=dt.UTC)
    for moment in (night, night + 6 * MINUTE, dt.datetime(2026, 3, day, hour, 1, tzinfo=dt.UTC)):
        if moment > driver.now:
            driver.advance(moment - driver.now)


def spans(runs: list[DrivenRun]) -> list[tuple[str | None, str | None, bool]]:
    return [(run.first, run.last, run.succeeded) for run in runs]


def test_two_nights_without_the_source_and_the_morning_after(
    daemon_driver: MakeDriver, environment: pytest.MonkeyPatch
) -> None:
    source = Source()
    driver = daemon_driver(lambda: location(source), start=dt.datetime(2026, 3, 1, 0, 1, tzinfo=dt.UTC))
    for day in range(20, 29):  # the first load
        for key in (RAW, MART):
            driver.instance.report_runless_asset_event(dg.AssetMaterialization(key, partition=f"2026-02-{day}"))
    driver.tick()
    until(driver, 1, 12)
    until(driver, 2, 12)
    passed, failed = {"raw": "PASS", "analytics": "PASS"}, {"raw": "FAILED", "analytics": "FAILED"}
    assert (fresh(driver), complete(driver)) == (passed, {"raw": "SUCCEEDED", "analytics": "SUCCEEDED"})
    assert spans(driver.runs()) == [("2026-02-28", "2026-03-01", True), ("2026-03-01", "2026-03-02", True)]

    source.away = True
    until(driver, 3, 3)
    # The run that failed was to answer the check, and did not: the answer before it is told again.
    assert complete(driver) == {"raw": "SUCCEEDED", "analytics": "SUCCEEDED"}
    until(driver, 3, 5)
    assert (fresh(driver), complete(driver)) == ({"raw": "WARN", "analytics": "WARN"}, failed)
    driver.restart()
    until(driver, 3, 15)
    assert fresh(driver) == {"raw": "WARN", "analytics": "FAIL"}

    # An old day is made again: Dagster holds the tables to be fresh, and the days that are missing are still missing.
    for key in (RAW, MART):
        driver.instance.report_runless_asset_event(dg.AssetMaterialization(key, partition="2026-02-25"))
    until(driver, 3, 16)
    assert (fresh(driver), complete(driver)) == (passed, failed)
    until(driver, 4, 5)
    assert answers(driver, Status.FAILED) >= 2  # one for each night; more only where a run had hidden them

    source.away = False
    until(driver, 5, 3)
    assert spans(driver.runs())[-1] == ("2026-03-02", "2026-03-05", True)
    assert (fresh(driver), complete(driver)) == (passed, {"raw": "SUCCEEDED", "analytics": "SUCCEEDED"})
    assert driver.errors == []

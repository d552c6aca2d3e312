"""Tests of backfills: into which runs they are cut, and what becomes of one that fails, by Dagster's own daemons."""

import datetime as dt
from collections import Counter
from collections.abc import Callable

import dagster as dg
import pytest

from fq_platform.automation.backfills import backfill_policy
from fq_platform.automation.partitions import days
from fq_platform.definitions import build_definitions
from fq_platform.sources import get_sources
from fq_platform_tests.automation.backfill_api import Backfills
from fq_platform_tests.fixtures.daemon import DaemonDriver, MakeDriver

pytestmark = pytest.mark.services

FIRST = dt.date(2026, 1, 1)
NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)
QUEUE_ONLY = {"concurrency": {"runs": {"max_concurrent_runs": 0}}}
DATED = [
    "raw/ecommerce_db_orders",
    "curated/ecommerce_db_orders_silver",
    "analytics/fct_orders",
    "analytics/sales_summary",
]

Span = tuple[str | None, str | None]


def day(number: int) -> dt.date:
    """The first day is number 1."""
    return FIRST + dt.timedelta(days=number - 1)


def planned(driver: DaemonDriver, assets: list[str], last: dt.date) -> dict[Span, frozenset[str]]:
    """The runs that the backfill daemon asks for at its first turn, not executed: days to assets."""
    Backfills(driver._workspace).launch(assets, FIRST, last)
    driver.clock.advance(dt.timedelta(minutes=1))
    driver._turn("BACKFILL")
    return {(run.first, run.last): run.assets for run in driver.runs()}


def test_two_hundred_days_are_three_runs(daemon_driver: MakeDriver, environment: pytest.MonkeyPatch) -> None:
    driver = daemon_driver(lambda: build_definitions(get_sources()), NOW, QUEUE_ONLY)

    runs = planned(driver, DATED[:1], day(200))

    assert list(runs) == [("2026-01-01", "2026-04-02"), ("2026-04-03", "2026-07-03"), ("2026-07-04", "2026-07-19")]


@pytest.mark.parametrize(
    ("setting", "spans"),
    [("3", [(day(1), day(3)), (day(4), day(6)), (day(7), day(7))]), ("0", [(day(1), day(7))])],
    ids=["three a run", "one run"],
)
def test_all_tables_of_a_chain_are_made_by_the_same_runs(
    daemon_driver: MakeDriver, environment: pytest.MonkeyPatch, setting: str, spans: list[tuple[dt.date, dt.date]]
) -> None:
    environment.setenv("FQ_BACKFILL_PARTITIONS", setting)
    driver = daemon_driver(lambda: build_definitions(get_sources()), NOW, QUEUE_ONLY)

    runs = planned(driver, DATED, day(7))

    assert runs == {(str(first), str(last)): frozenset(DATED) for first, last in spans}


def test_a_span_up_to_today_of_everything_dated_is_one_run(
    daemon_driver: MakeDriver, environment: pytest.MonkeyPatch
) -> None:
    driver = daemon_driver(
        lambda: build_definitions(get_sources()), dt.datetime(2026, 1, 3, 12, tzinfo=dt.UTC), QUEUE_ONLY
    )
    graph = driver.definitions.resolve_asset_graph()
    dated = {key.to_user_string() for key in graph.materializable_asset_keys if graph.get(key).is_partitioned}

    runs = planned(driver, sorted(dated), day(3))

    assert runs == {("2026-01-01", "2026-01-03"): frozenset(dated)}


def failing_on(bad: set[dt.date], made: list[tuple[str, dt.date]]) -> Callable[[], dg.Definitions]:
    """Definitions of two tables of which the first fails for the bad days."""
    dated = dg.DailyPartitionsDefinition("2026-01-01")

    @dg.asset(partitions_def=dated, backfill_policy=backfill_policy(), pool="mongodb")
    def landed(context: dg.AssetExecutionContext) -> None:
        if bad.intersection(days(context)):
            raise dg.Failure("An audit failed", allow_retries=False)
        made.extend(("landed", each) for each in days(context))

    @dg.asset(partitions_def=dated, backfill_policy=backfill_policy(), pool="table_curated", deps=[landed])
    def curated(context: dg.AssetExecutionContext) -> None:
        made.extend(("curated", each) for each in days(context))

    return lambda: dg.Definitions(assets=[landed, curated], executor=dg.in_process_executor)


def test_only_what_failed_of_a_backfill_is_made_again(
    daemon_driver: MakeDriver, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("FQ_BACKFILL_PARTITIONS", "3")
    bad, made = {day(5)}, list[tuple[str, dt.date]]()
    driver = daemon_driver(failing_on(bad, made), NOW)
    backfills = Backfills(driver._workspace)

    backfill = backfills.launch(["landed", "curated"], FIRST, day(7))
    driver.settle()

    assert backfills.status(backfill) == "COMPLETED_FAILED"
    assert [(run.first, run.succeeded) for run in driver.runs()] == [
        ("2026-01-01", True),
        ("2026-01-04", False),
        ("2026-01-07", True),
    ]

    bad.clear()
    again = backfills.again(backfill)
    driver.settle()

    assert backfills.status(again) == "COMPLETED_SUCCESS"
    assert [(run.first, run.last) for run in driver.runs()[3:]] == [("2026-01-04", "2026-01-06")]
    assert Counter(made) == Counter((table, day(number)) for table in ("landed", "curated") for number in range(1, 8))

"""Tests of the order in which runs leave the queue: pools, places kept free of backfills, priority."""

import datetime as dt

import dagster as dg
import pytest

from fq_platform.automation.runs import UNATTENDED
from fq_platform.definitions import build_definitions
from fq_platform.sources import get_sources
from fq_platform_tests.automation.backfill_api import Backfills
from fq_platform_tests.fixtures.daemon import DaemonDriver, MakeDriver

pytestmark = pytest.mark.services

NOW = dt.datetime(2026, 1, 9, 12, tzinfo=dt.UTC)
NEVER_RUNS = {"run_launcher": {"module": "dagster._core.test_utils", "class": "MockedRunLauncher"}}
"""Runs that are launched stay as they are then, so that what is let out of the queue can be looked at."""
DAY = {"dagster/partition": "2026-01-02"}

ORDERS, PAYMENTS, CUSTOMERS = "raw/ecommerce_db_orders", "raw/ecommerce_db_payments", "raw/ecommerce_db_customers"


@pytest.fixture
def driver(daemon_driver: MakeDriver, environment: pytest.MonkeyPatch) -> DaemonDriver:
    environment.setenv("FQ_BACKFILL_PARTITIONS", "2")
    made = daemon_driver(lambda: build_definitions(get_sources()), NOW, NEVER_RUNS)
    # A pool has its limit from the queue's first look at a run of it on: in the life of an instance, once.
    tables = ("shared_dim_customers", "shared_dim_products", "curated_ecommerce_db_orders_silver")
    for pool in ("mongodb", *(f"table_{name}" for name in tables)):
        made.instance.event_log_storage.initialize_concurrency_limit_to_default(pool)
    return made


def let_out(driver: DaemonDriver) -> set[str]:
    """The ids of the runs that one more turn lets out of the queue, and those before them."""
    driver.clock.advance(dt.timedelta(seconds=30))
    driver._turn("QUEUED_RUN_COORDINATOR")
    return {run.id for run in driver.runs() if run.status is not dg.DagsterRunStatus.QUEUED}


def test_of_runs_that_read_mongodb_or_write_the_same_table_one_is_let_out_at_a_time(driver: DaemonDriver) -> None:
    ask = Backfills(driver._workspace)
    orders = ask.launch_run([ORDERS], DAY)
    payments = ask.launch_run([PAYMENTS], DAY)
    dimension = ask.launch_run(["shared/dim_customers"])
    both = ask.launch_run(["shared/dim_customers", "shared/dim_products"])

    assert let_out(driver) == {orders, dimension}

    for done in (orders, dimension):
        driver.instance.report_run_canceled(driver.instance.get_run_by_id(done))
    assert let_out(driver) == {orders, dimension, payments, both}


def test_a_run_holds_the_pools_of_all_its_tables_from_its_start_to_its_end(driver: DaemonDriver) -> None:
    ask = Backfills(driver._workspace)
    chain = ask.launch_run([ORDERS, "curated/ecommerce_db_orders_silver"], DAY)
    ask.launch_run(["curated/ecommerce_db_orders_silver"], DAY)

    assert let_out(driver) == {chain}


def test_a_backfill_leaves_a_place_for_others(driver: DaemonDriver) -> None:
    Backfills(driver._workspace).launch(["analytics/sales_summary"], dt.date(2026, 1, 1), dt.date(2026, 1, 4))
    Backfills(driver._workspace).launch(["analytics/fct_orders"], dt.date(2026, 1, 1), dt.date(2026, 1, 4))
    driver.clock.advance(dt.timedelta(minutes=1))
    driver._turn("BACKFILL")

    assert len(driver.runs()) == 4
    assert len(let_out(driver)) == 1
    other = Backfills(driver._workspace).launch_run([CUSTOMERS])
    assert other in let_out(driver)


def test_what_runs_by_itself_goes_before_what_was_asked_for_earlier(driver: DaemonDriver) -> None:
    ask = Backfills(driver._workspace)
    ask.launch_run([ORDERS], DAY)
    daily = ask.launch_run([ORDERS], {**UNATTENDED, **DAY})

    assert let_out(driver) == {daily}

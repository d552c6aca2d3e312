"""`fq dev` end to end, in a real browser: lineage, materialising, a backfill, checks, freshness, and the end."""

from typing import TYPE_CHECKING

import pytest

from fq_platform_tests.e2e.dagster_api import Dagster
from fq_platform_tests.e2e.polling import wait_until
from fq_platform_tests.e2e.stack import Stack
from fq_platform_tests.e2e.ui import BIG_SCREEN, SLOW_MS, Ui

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = pytest.mark.services

EDGES = {
    ("ecommerce_db_orders", "ecommerce_db_orders_silver"),
    ("ecommerce_db_customers", "ecommerce_db_customers_silver"),
    ("ecommerce_db_invoices", "ecommerce_db_invoices_silver"),
    ("ecommerce_db_payments", "ecommerce_db_payments_silver"),
    ("ecommerce_db_products", "dim_products"),
    ("ecommerce_db_customers_silver", "dim_customers"),
    ("ecommerce_db_orders_silver", "fct_orders"),
    ("dim_products", "fct_orders"),
    ("dim_customers", "fct_orders"),
    ("fct_orders", "sales_summary"),
    ("ecommerce_db_invoices_silver", "accounts_receivable"),
    ("ecommerce_db_payments_silver", "accounts_receivable"),
}
DAYS = ["2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05", "2026-01-06"]


def visible(locator: "Locator", seconds: float = SLOW_MS / 1_000) -> "Locator":
    locator.wait_for(state="visible", timeout=seconds * 1_000)
    return locator


def test_lineage_shows_every_table_on_the_path_of_the_data(ui: Ui) -> None:
    ui.page.set_viewport_size(BIG_SCREEN)
    ui.open("Lineage")
    for layer in ("raw", "curated", "shared", "analytics"):
        visible(ui.page.locator("foreignObject").get_by_text(layer, exact=True).first)

    ui.expand_lineage()

    tables = sorted({table for edge in EDGES for table in edge})
    assert len(tables) == 14
    wait_until(lambda: len(ui.lineage(tables)) >= len(EDGES), seconds=60, what="the graph is drawn")
    assert ui.lineage(tables) == EDGES
    loading = ui.page.locator("foreignObject").filter(has_text="Loading")
    wait_until(lambda: loading.count() == 0, seconds=60, what="the state of every table is shown")
    ui.picture("lineage")


def test_table_is_materialised_from_its_page_and_shows_its_rows(ui: Ui, dagster: Dagster) -> None:
    ui.open_asset("raw/ecommerce_db_products")
    ui.press("Materialize")
    run = ui.launched()

    assert dagster.await_run(run) == "SUCCESS"
    visible(ui.page.locator(f"a[href*='/runs/{run}?']").filter(has_text="ago").first)
    # A run that ends within seconds can be over before the open page asks for the table's facts; it keeps the old ones.
    ui.open_asset("raw/ecommerce_db_products")
    wait_until(lambda: ui.fact("Row count") == "120", seconds=60, what="the page shows how many rows the table has")
    ui.picture("materialised")


def test_backfill_of_five_days_is_one_run_of_both_tables(ui: Ui, dagster: Dagster) -> None:
    ui.open_asset("curated/ecommerce_db_orders_silver", "Lineage")
    ui.press("Upstream")
    ui.press("Materialize all")
    dialog = visible(ui.page.get_by_role("dialog"))
    visible(dialog.get_by_text("Launch runs to materialize 2 assets"))
    dialog.get_by_role("button", name="Show all partitions").click()
    partitions = dialog.get_by_role("textbox").first
    partitions.fill(f"[{DAYS[0]}...{DAYS[-1]}]")
    partitions.press("Enter")
    visible(dialog.get_by_text("5 partitions", exact=True))
    ui.picture("backfill-dialog")
    ui.press("Launch backfill", dialog)
    backfill = ui.launched()

    status, runs = dagster.await_backfill(backfill)

    assert (status, len(runs)) == ("COMPLETED_SUCCESS", 1)
    for table in ("raw/ecommerce_db_orders", "curated/ecommerce_db_orders_silver"):
        assert dagster.partitions_made_by(runs[0], table) == DAYS
    ui.open_asset("raw/ecommerce_db_orders", "Partitions")
    for day in (DAYS[0], DAYS[-1]):
        ui.page.get_by_placeholder("Filter by name").fill(day)
        ui.page.locator("span").get_by_text(day, exact=True).first.click()
        visible(ui.page.get_by_role("link", name=runs[0][:8]).first)
    ui.picture("partitions")
    ui.page.goto(ui.url(f"/runs/b/{backfill}"))
    visible(ui.page.get_by_text("Succeeded", exact=True).first)
    ui.picture("backfill")


def test_checks_and_freshness_of_a_table_are_shown(ui: Ui) -> None:
    ui.open_asset("analytics/fct_orders")
    visible(ui.page.get_by_text("Freshness policy", exact=True).first)
    visible(ui.page.get_by_text("Fails if more than 36 hours since last materialization"))
    visible(ui.page.get_by_text("Warns if more than 26 hours since last materialization"))
    ui.picture("overview")

    ui.page.get_by_role("tab", name="Checks").click()
    for check in ("primary_key_unique", "not_null", "accepted_values", "references_dim_products"):
        visible(ui.page.get_by_text(check, exact=True).first)
    ui.picture("checks")


def test_automation_shows_the_schedule_on_and_the_sensor_switched_off(ui: Ui) -> None:
    ui.open("Automation")
    visible(ui.page.get_by_text("daily_refresh", exact=True).first)

    wait_until(lambda: ui.switch("daily_refresh").is_checked(), seconds=60, what="the schedule is shown as running")
    assert not ui.switch("mongo_changes").is_checked()
    ui.picture("automation")


def test_ctrl_c_ends_every_process(stack: Stack) -> None:
    started = {process.name() for process in stack.processes()}
    assert len(stack.processes()) >= 4, started

    assert stack.interrupt() == 0

    assert stack.processes() == []
    assert "Traceback" not in stack.output

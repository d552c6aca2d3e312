"""`fq dev` end to end, in a real browser: from lineage to alerts, and the end. The tests build on one another."""

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest

from fq_platform.definitions import defs
from fq_platform_tests.e2e.conftest import TOO_OLD
from fq_platform_tests.e2e.dagster_api import Dagster
from fq_platform_tests.e2e.polling import wait_until
from fq_platform_tests.e2e.stack import Stack
from fq_platform_tests.e2e.ui import BIG_SCREEN, SLOW_MS, Ui
from fq_platform_tests.fixtures.sinks import Message, Webhook

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = pytest.mark.services

EDGES = {
    (upstream.asset_key.path[-1], spec.key.path[-1])
    for spec in defs.resolve_all_asset_specs()
    for upstream in spec.deps
}
"""Every arrow of the lineage, by the names that its boxes show; `definitions.txt` says which there are."""
ALERTS = ("alert_runs", "alert_checks", "alert_freshness")
FIRST = dt.date(2026, 1, 1)
DAYS = [str(FIRST + dt.timedelta(days=day)) for day in range(30)]
BAD_DAY = DAYS[12]
RULE = "order_total_is_sum_of_lines"


def visible(locator: "Locator", seconds: float = SLOW_MS / 1_000) -> "Locator":
    locator.wait_for(state="visible", timeout=seconds * 1_000)
    return locator


def test_lineage_runs_from_sources_through_every_table_to_the_dashboard(ui: Ui) -> None:
    ui.page.set_viewport_size(BIG_SCREEN)
    ui.open("Lineage")
    for group in ("source", "raw", "curated", "shared", "analytics", "dashboard"):
        visible(ui.page.locator("foreignObject").get_by_text(group, exact=True).first)

    ui.expand_lineage()

    nodes = sorted({node for edge in EDGES for node in edge})
    wait_until(lambda: len(ui.lineage(nodes)) >= len(EDGES), seconds=60, what="the graph is drawn")
    assert ui.lineage(nodes) == EDGES
    loading = ui.page.locator("foreignObject").filter(has_text="Loading")
    wait_until(lambda: loading.count() == 0, seconds=60, what="the state of every table is shown")
    ui.picture("lineage")


def test_nothing_runs_by_itself_here_until_it_is_switched_on(ui: Ui) -> None:
    ui.open("Automation")
    for name in [automation.name for automation in (*(defs.schedules or ()), *(defs.sensors or ()))]:
        visible(ui.page.get_by_text(name, exact=True).first)
        assert not ui.switch(name).is_checked(), name

    for name in ALERTS:
        ui.switch(name).press("Space")
        wait_until(ui.switch(name).is_checked, seconds=60, what=f"{name} is shown as running")
    ui.picture("automation")


def test_table_is_materialised_from_its_page_and_shows_what_was_made(ui: Ui, dagster: Dagster) -> None:
    ui.open_asset("raw/ecommerce_db_products")
    ui.press("Materialize")
    run = ui.launched()

    assert dagster.await_run(run) == "SUCCESS"
    visible(ui.page.locator(f"a[href*='/runs/{run}?']").filter(has_text="ago").first)
    # A run that ends within seconds can be over before the open page asks for the table's facts; it keeps the old ones.
    ui.open_asset("raw/ecommerce_db_products")
    wait_until(lambda: ui.fact("Row count") == "120", seconds=60, what="the page shows how many rows the table has")
    visible(ui.page.get_by_text("data-platform", exact=True).first)
    visible(ui.page.get_by_role("link", name="products in sources.yaml"))
    visible(ui.page.get_by_text(re.compile(r'fq query --as-of \d+ "SELECT \* FROM raw.ecommerce_db_products"')).first)
    ui.picture("materialised")
    ui.press("Plots")
    for number in ("dagster/row_count", "changelog_rows", "bytes", "table_bytes"):
        visible(ui.page.get_by_text(number, exact=True).first)
    ui.picture("plots")


def test_backfill_of_thirty_days_is_one_run_of_both_tables(ui: Ui, dagster: Dagster) -> None:
    ui.open_asset("curated/ecommerce_db_orders_silver", "Lineage")
    ui.press("Upstream")
    ui.press("Materialize all")
    dialog = visible(ui.page.get_by_role("dialog"))
    visible(dialog.get_by_text("Launch runs to materialize 2 assets"))
    ui.choose_partitions(dialog, f"[{DAYS[0]}...{DAYS[-1]}]")
    visible(dialog.get_by_text("30 partitions", exact=True))
    ui.picture("backfill-dialog")
    ui.press("Launch backfill", dialog)
    backfill = ui.launched()

    status, runs = dagster.await_backfill(backfill)

    assert (status, len(runs)) == ("COMPLETED_SUCCESS", 1)
    for table in ("raw/ecommerce_db_orders", "curated/ecommerce_db_orders_silver"):
        assert dagster.partitions_made_by(runs[0], table) == DAYS
    for day in (DAYS[0], DAYS[-1]):
        ui.page.goto(ui.url(f"/assets/raw/ecommerce_db_orders?view=partitions&partition={day}"))
        visible(ui.page.get_by_role("link", name=runs[0][:8]).first)
    ui.picture("partitions")
    ui.page.goto(ui.url(f"/runs/b/{backfill}"))
    visible(ui.page.get_by_text("Succeeded", exact=True).first)
    ui.picture("backfill")


def test_blocking_check_that_fails_stops_what_is_downstream(ui: Ui, dagster: Dagster, stack: Stack) -> None:
    with stack.database() as database:
        day = dt.datetime.fromisoformat(BAD_DAY)
        changed = database["orders"].update_one(
            {"order_date": {"$gte": day, "$lt": day + dt.timedelta(days=1)}}, {"$mul": {"total": 2}}
        )
    assert changed.modified_count == 1
    ui.open_asset("raw/ecommerce_db_orders", "Lineage")
    ui.press("Downstream")
    ui.press("All$")  # of the depth
    visible(ui.page.get_by_text("sales_summary", exact=True).first)
    ui.press("Materialize all")
    ui.press("Confirm", visible(ui.page.get_by_role("dialog")))  # the dimensions of the facts are not there yet
    dialog = ui.page.get_by_role("dialog").filter(has_text="Launch runs to materialize 8 assets")
    visible(dialog)
    ui.choose_partitions(dialog, BAD_DAY)
    ui.press("Launch", dialog)
    launched = ui.launched()

    assert dagster.await_run(launched) == "FAILURE"

    assert dagster.outcome(launched) == {
        "raw/ecommerce_db_orders": "SUCCESS",
        "curated/ecommerce_db_orders_silver": "FAILURE",
        "analytics/fct_orders": None,
        "analytics/sales_summary": None,
        "analytics/revenue_by_day": None,
        "analytics/revenue_by_customer": None,
        "analytics/revenue_by_category": None,
        "analytics/reconciliation": None,
    }
    ui.page.goto(ui.url(f"/runs/{launched}"))
    visible(ui.page.get_by_text("were not published", exact=False).first)
    ui.picture("failed-run")
    ui.open_asset("curated/ecommerce_db_orders_silver", "Checks")
    ui.page.get_by_text(RULE, exact=True).first.click()
    visible(ui.page.get_by_text(re.compile(r"1 of \d+ rows: The order's total is the sum of its lines")).first)
    ui.picture("failed-check")


def test_table_that_grew_too_old_is_shown(ui: Ui) -> None:
    ui.open_asset(TOO_OLD)
    visible(ui.page.get_by_text("Freshness policy", exact=True).first)
    visible(ui.page.get_by_text("Fails if more than 36 hours since last materialization"))
    visible(ui.page.get_by_text("Warns if more than 26 hours since last materialization"))
    wait_until(lambda: ui.fact("Freshness policy") == "Failed", seconds=60, what="the page says that it is too old")
    ui.picture("too-old")


def test_people_are_told_once_of_each_with_a_link_that_leads_there(ui: Ui, people: Webhook) -> None:
    def told(*words: str) -> list[Message]:
        return [message for message in list(people.messages) if all(word in message.title for word in words)]

    wait_until(lambda: told("Too old", TOO_OLD), seconds=90, what="the table that is too old is told")
    wait_until(lambda: told("Blocking check failed", RULE), seconds=90, what="the failed check is told")

    assert (len(told("Too old")), len(told("Blocking check failed"))) == (1, 1)
    (failed,) = told("Blocking check failed")
    assert "ecommerce_db_orders_silver" in failed.title
    links = re.findall(rf"{re.escape(ui.url('/runs/'))}[0-9a-f-]{{36}}", failed.body)
    assert links, failed.body
    ui.page.goto(links[0])
    visible(ui.page.get_by_text("Failure", exact=True).first)


def test_ctrl_c_ends_every_process(stack: Stack) -> None:
    started = {process.name() for process in stack.processes()}
    assert len(stack.processes()) >= 4, started

    assert stack.interrupt() == 0

    assert stack.processes() == []
    assert "Traceback" not in stack.output
    dashboard = f"The dashboard is on {stack.dashboard_url}"
    for hint in ("FQ_ENVIRONMENT is test", "those of FQ_ALERT_URLS are told what goes wrong", dashboard):
        assert hint in stack.output

"""The whole demo on the real parts: interrupted, run to its end, and run again."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from fq_platform.demo.embedded_mongo import EmbeddedMongo
from fq_platform.query.engine import open_engine
from fq_platform.query.options import EngineName
from fq_platform.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.timeout(900)]

ORDERS = 300
TABLES = 21 + 23
"""Of the sample business, and of the IFCO application."""
IFCO = "Materialising every asset of the IFCO application"
VOID = "void"


@dataclass(frozen=True)
class Run:
    """How a command ended and what it printed, standard output and standard error together."""

    status: int
    text: str


@dataclass(frozen=True)
class Demo:
    """Three runs of the demo over one FQ_HOME, in their order."""

    settings: Settings
    interrupted: Run
    first: Run
    second: Run


def start(settings: Settings) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if name != "MONGO_URI"}
    return subprocess.Popen(
        [Path(sys.executable).with_name("fq"), "demo"],
        env=environment | {"FQ_HOME": str(settings.home), "FQ_DEMO_ORDERS": str(ORDERS), "COLUMNS": "160"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def interrupt_when_half_done(settings: Settings) -> Run:
    """Send Ctrl-C's signal once the first curated table has been written."""
    process = start(settings)
    while process.poll() is None and not any(settings.warehouse.glob("curated/*/*/metadata/*")):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=120)
    return Run(process.returncode, output)


def run_to_the_end(settings: Settings) -> Run:
    process = start(settings)
    output, _ = process.communicate(timeout=600)
    return Run(process.returncode, output)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    settings = Settings(home=tmp_path_factory.mktemp("demo") / "fq")
    return Demo(settings, interrupt_when_half_done(settings), run_to_the_end(settings), run_to_the_end(settings))


@pytest.fixture(scope="module")
def source(demo: Demo) -> Iterator[Database[dict[str, Any]]]:
    """The MongoDB as the demo left it."""
    with EmbeddedMongo(demo.settings) as server, MongoClient[dict[str, Any]](server.uri, tz_aware=True) as client:
        yield client["ecommerce_db_raw"]


def query(demo: Demo, sql: str) -> list[dict[str, Any]]:
    return open_engine(EngineName.DUCKDB, demo.settings).execute(sql).read_all().to_pylist()


def exact(number: Any) -> Decimal:
    return number.to_decimal() if hasattr(number, "to_decimal") else Decimal(number)


def test_interrupted_run_says_so_and_leaves_no_process(demo: Demo) -> None:
    assert demo.interrupted.status == 130, demo.interrupted.text
    assert "Interrupted" in demo.interrupted.text
    assert "Traceback" not in demo.interrupted.text
    assert not demo.settings.mongo_home.joinpath("endpoint.json").exists()


def test_next_run_completes_and_every_check_passes(demo: Demo) -> None:
    assert demo.first.status == 0, demo.first.text
    passed, _, total = demo.first.text.split("Checks: ")[1].split(" passed")[0].partition(" of ")
    assert passed == total
    assert int(total) >= 50
    assert "analytics/accounts_receivable" in demo.first.text


def test_warnings_name_the_dirt_that_the_sample_has_on_purpose_and_nothing_else(demo: Demo) -> None:
    before, _, behind = demo.first.text.partition(IFCO)
    warnings, of_ifco = (
        [line for line in text.splitlines() if line.startswith("warning  ")] for text in (before, behind)
    )

    assert [line.split()[1:3] for line in warnings] == [
        [f"raw/ecommerce_db_{name}:", "values_rescued:"] for name in ("customers", "invoices", "orders", "products")
    ]
    assert f"{len(warnings)} of them with a warning" in demo.first.text
    assert "lines[].unit_price" in warnings[2]
    assert any("analytics/fct_ifco_invoices: orders_are_invoiced_once" in line for line in of_ifco)


def test_the_ifco_application_is_made_checked_and_copied_into_mongodb(demo: Demo) -> None:
    made = demo.first.text.partition(IFCO)[2]

    passed, _, total = made.split("Checks: ")[1].split(" passed")[0].partition(" of ")
    assert passed == total
    assert "IFCO sample in ifco_raw: 330 orders, 110 invoices" in demo.first.text
    assert query(demo, "SELECT count(*) AS n FROM analytics.fct_ifco_orders") == [{"n": 330}]


def test_late_correction_and_deletion_are_appended_to_the_changelog(demo: Demo) -> None:
    operations = query(demo, "SELECT _fq_op, count(*) AS n FROM raw.ecommerce_db_orders GROUP BY _fq_op")

    assert {row["_fq_op"]: row["n"] for row in operations} == {"insert": ORDERS, "update": 1, "delete": 1}
    assert "1 updated, 0 deleted" in demo.first.text
    assert "0 updated, 1 deleted" in demo.first.text


def test_second_run_changes_no_table_and_says_so(demo: Demo) -> None:
    assert demo.second.status == 0, demo.second.text
    assert f"No table changed: all {TABLES}" in demo.second.text
    assert " unchanged" in demo.second.text
    assert "Late changes" not in demo.second.text


def test_every_document_of_the_source_is_live_once(demo: Demo, source: Database[dict[str, Any]]) -> None:
    for collection in ("customers", "products", "orders", "invoices", "payments"):
        live = query(demo, f"SELECT _id FROM current(raw.ecommerce_db_{collection})")
        assert Counter(row["_id"] for row in live) == Counter(
            str(document["_id"]) for document in source[collection].find({}, ["_id"])
        )


def test_sales_are_those_of_the_source_to_the_cent(demo: Demo, source: Database[dict[str, Any]]) -> None:
    expected: defaultdict[tuple[Any, str], Decimal] = defaultdict(Decimal)
    for order in source["orders"].find():
        if order["status"].strip().lower() != "cancelled":
            expected[order["order_date"].date(), order["currency"]] += exact(order["total"])

    sales = query(
        demo,
        """
        SELECT order_date, currency, sum(net_sales_amount) AS amount
        FROM analytics.sales_summary GROUP BY order_date, currency
        """,
    )

    assert {(row["order_date"], row["currency"]): row["amount"] for row in sales} == expected


def test_receivables_on_the_last_day_are_those_of_the_source_to_the_cent(
    demo: Demo, source: Database[dict[str, Any]]
) -> None:
    open_amounts: defaultdict[str, Decimal] = defaultdict(Decimal)
    credits: defaultdict[str, Decimal] = defaultdict(Decimal)
    paid = Counter[Any]()
    for payment in source["payments"].find():
        paid[payment["invoice_id"]] += exact(payment["amount"])
    for invoice in source["invoices"].find():
        if invoice["status"].strip().lower() != VOID:
            difference = exact(invoice["total_gross"]) - paid[invoice["_id"]]
            open_amounts[invoice["currency"]] += max(difference, Decimal())
            credits[invoice["currency"]] += max(-difference, Decimal())

    receivable = query(
        demo,
        """
        SELECT currency, sum(open_amount) AS open_amount, sum(credit_amount) AS credit_amount
        FROM analytics.accounts_receivable
        WHERE as_of_date = (SELECT max(as_of_date) FROM analytics.accounts_receivable) GROUP BY currency
        """,
    )

    assert {row["currency"]: row["open_amount"] for row in receivable} == open_amounts
    assert {row["currency"]: row["credit_amount"] for row in receivable} == credits


def test_tables_lie_in_the_folders_of_their_layers(demo: Demo) -> None:
    warehouse = Path(demo.settings.warehouse)

    for folder in ("raw/ecommerce_db/orders", "curated/ecommerce_db/orders_silver", "shared/dim_products"):
        assert any(warehouse.joinpath(folder, "data").rglob("*.parquet")), folder

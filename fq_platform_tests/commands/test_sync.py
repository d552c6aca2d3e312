"""`fq sync` on a real server and catalog: what it lands, what it says, and how it ends."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import bson
import pyarrow as pa
import pytest
from bson import Decimal128
from click.testing import Result
from pymongo.database import Database
from typer.testing import CliRunner

from fq_platform import cli
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.settings import get_settings
from fq_platform.sources import get_sources

pytestmark = pytest.mark.services

FIRST = dt.date(2026, 3, 1)


def at(day: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, 3, day, hour, tzinfo=dt.UTC)


class Shop:
    """A database, a sources file that declares it, and a home of its own."""

    def __init__(self, database: Database[dict[str, Any]], uri: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.database = database
        self.patch = patch
        self.file = folder / "sources.yaml"
        patch.setenv("MONGO_URI", uri)
        patch.setenv("FQ_SOURCES", str(self.file))
        patch.setenv("FQ_IFCO_SOURCE", "none")
        self.declare("  orders: {partition_by: at}", "  products: {}")

    def declare(self, *collections: str, head: str = "time_zone: UTC") -> None:
        lines = ["app: shop", f"database: {self.database.name}", f"start_date: {FIRST}", head, "collections:"]
        self.file.write_text("\n".join([*lines, *collections]) + "\n", encoding="utf-8")
        get_sources.cache_clear()

    def sync(self, *arguments: str) -> Result:
        get_settings.cache_clear()
        return CliRunner().invoke(cli.app, ["sync", *arguments])

    def counts(self, *arguments: str) -> dict[str, dict[str, Any]]:
        """Sync, and what is told of each table."""
        done = self.sync("--format", "json", *arguments)
        assert done.exit_code == 0, done.stderr
        return {found["table"]: found for found in json.loads(done.stdout)}

    def rows(self, collection: str) -> list[dict[str, Any]]:
        return self.arrow(collection).to_pylist()

    def arrow(self, collection: str) -> pa.Table:
        return open_catalog(get_settings()).load_table(f"raw.shop_{collection}").scan().to_arrow()


@pytest.fixture
def shop(
    mongo_database: Database[dict[str, Any]], mongo_uri: str, tmp_path: Path, environment: pytest.MonkeyPatch
) -> Shop:
    mongo_database["products"].insert_many(
        [{"_id": number, "price": price} for number, price in enumerate([Decimal128("1.10"), "n/a", Decimal128("2")])]
    )
    mongo_database["orders"].insert_many(
        [
            {"_id": "a", "at": at(1), "total": Decimal128("10.00")},
            {"_id": "b", "at": at(2), "total": Decimal128("20.00")},
            {"_id": "c", "at": at(3, 23), "total": Decimal128("30.00")},
        ]
    )
    return Shop(mongo_database, mongo_uri, tmp_path, environment)


def test_everything_is_landed_once_and_counted(shop: Shop) -> None:
    first, again = shop.counts(), shop.counts()

    assert {name: (found["inserted"], found["rescued"], found["changed"]) for name, found in first.items()} == {
        "raw.shop_orders": (3, 0, True),
        "raw.shop_products": (3, 1, True),
    }
    assert {name: (found["inserted"], found["unchanged"], found["bytes"]) for name, found in again.items()} == {
        "raw.shop_orders": (0, 3, 0),
        "raw.shop_products": (0, 3, 0),
    }
    assert again["raw.shop_orders"]["snapshot_id"] == first["raw.shop_orders"]["snapshot_id"]
    (run_id,) = {row["_fq_run_id"] for name in ("orders", "products") for row in shop.rows(name)}
    assert run_id.startswith("fq-sync-")


def test_table_tells_counts_and_what_changed_in_the_schema(shop: Shop) -> None:
    shop.sync()
    shop.database["orders"].update_one({"_id": "a"}, {"$set": {"note": "x"}})
    shop.database["orders"].delete_one({"_id": "c"})

    lines = shop.sync().stdout.splitlines()

    told = next(line.split() for line in lines if "raw.shop_orders " in line)
    assert told[:6] == ["raw.shop_orders", "0", "1", "1", "1", "0"]
    assert "raw.shop_orders: added note: string" in lines
    assert "No table changed" not in "\n".join(lines)
    assert "No table changed: all agree with the source already" in shop.sync().stdout


def test_day_asked_for_is_landed_alone_and_the_undated_are_left_alone(shop: Shop) -> None:
    found = shop.counts("--partition", "2026-03-02")

    assert {name: told["inserted"] for name, told in found.items()} == {"raw.shop_orders": 1}
    assert [row["_id"] for row in shop.rows("orders")] == ["b"]


def test_days_from_and_to_are_inclusive(shop: Shop) -> None:
    shop.counts("orders", "--from", "2026-03-02", "--to", "2026-03-03")

    assert sorted(row["_id"] for row in shop.rows("orders")) == ["b", "c"]


def test_collections_named_are_landed_alone(shop: Shop) -> None:
    assert list(shop.counts("products", "--full")) == ["raw.shop_products"]


def test_options_of_the_sources_file_reach_the_table(shop: Shop) -> None:
    shop.database["products"].update_many({}, {"$set": {"weight": 2}})
    shop.declare("  products:", "    types: {weight: double}", "    keep_document: true")

    shop.counts()

    table = shop.arrow("products")
    assert table.schema.field("weight").type == pa.float64()
    assert table["weight"].to_pylist() == [2.0, 2.0, 2.0]
    stored = [bson.decode(document) for document in table["_fq_document"].to_pylist()]
    assert sorted(document["_id"] for document in stored) == [0, 1, 2]


def test_days_are_those_of_the_time_zone(shop: Shop) -> None:
    shop.declare("  orders: {partition_by: at}", head="time_zone: Europe/Berlin")

    shop.counts()

    assert {row["_id"]: row["_fq_window"].day for row in shop.rows("orders")} == {"a": 1, "b": 2, "c": 4}


def test_error_ends_with_1_and_what_was_done_before_it_is_told(shop: Shop) -> None:
    shop.declare("  products: {}", "  produce: {}")

    done = shop.sync()

    assert done.exit_code == 1
    assert "raw.shop_products" in done.stdout
    assert "The collection 'produce' does not exist" in done.stderr
    assert "Traceback" not in done.stderr


def test_days_that_there_are_not_are_refused(shop: Shop) -> None:
    done = shop.sync("--partition", "2026-02-28")

    assert (done.exit_code, done.stdout) == (1, "")
    assert "2026-02-28 lies before the first day, 2026-03-01" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [("--full", "--from", "2026-03-01"), ("--partition", "2026-03-01", "--to", "2026-03-02"), ("--partition", "today")],
)
def test_options_that_exclude_each_other_end_with_2(shop: Shop, arguments: tuple[str, ...]) -> None:
    assert shop.sync(*arguments).exit_code == 2


def test_neither_dagster_nor_spark_is_needed(shop: Shop) -> None:
    code = (
        "import sys; from fq_platform.cli import app; app(['sync'], standalone_mode=False); "
        "print([name for name in ('dagster', 'pyspark') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)

    assert done.stdout.splitlines()[-1] == "[]"


def test_interrupted_sync_ends_with_130_and_the_next_one_lands_everything(shop: Shop) -> None:
    shop.database["products"].insert_many([{"_id": number} for number in range(10, 400)])
    command = [Path(sys.executable).with_name("fq"), "sync", "products"]
    slow = os.environ | {"FQ_EXTRACTION_DOCUMENTS_PER_SECOND": "2"}
    with subprocess.Popen(command, env=slow, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for_reading(process, shop.database)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=30)
        finally:
            process.kill()

    assert (process.returncode, output) == (130, "")
    assert "Interrupted;" in errors
    assert "Traceback" not in errors
    assert open_catalog(get_settings()).load_table("raw.shop_products").current_snapshot() is None
    assert shop.counts("products")["raw.shop_products"]["inserted"] == 393
    assert len(shop.rows("products")) == 393


def wait_for_reading(process: subprocess.Popen[str], database: Database[dict[str, Any]]) -> None:
    """Wait until the table is there, which is made when reading begins; two documents a second take minutes."""
    deadline = time.monotonic() + 120
    warehouse = get_settings().warehouse
    while not list(warehouse.rglob("*.metadata.json")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1)

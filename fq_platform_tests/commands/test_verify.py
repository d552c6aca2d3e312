"""`fq verify` on a real server and catalog: what it finds, what it says, and how it ends."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

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


FIRST = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=4)
DAY1, DAY2, DAY3 = ((FIRST + dt.timedelta(days=n)).isoformat() for n in (1, 2, 3))
BEFORE = (FIRST - dt.timedelta(days=1)).isoformat()


def at(number: int) -> dt.datetime:
    return dt.datetime.combine(FIRST + dt.timedelta(days=number), dt.time(12), dt.UTC)


def fq(*arguments: str) -> Result:
    get_settings.cache_clear()
    get_sources.cache_clear()
    return CliRunner().invoke(cli.app, list(arguments))


@pytest.fixture
def shop(
    mongo_database: Database[dict[str, Any]], mongo_uri: str, tmp_path: Path, environment: pytest.MonkeyPatch
) -> Database[dict[str, Any]]:
    """Two collections that are declared and landed."""
    mongo_database["products"].insert_many([{"_id": n, "price": Decimal128("1.10")} for n in range(3)])
    mongo_database["orders"].insert_many([{"_id": f"o{n}", "at": at(n), "lines": [{"q": n}]} for n in (1, 2, 3)])
    file = tmp_path / "sources.yaml"
    file.write_text(
        f"app: shop\ndatabase: {mongo_database.name}\nstart_date: {FIRST}\n"
        "collections:\n  orders: {partition_by: at}\n  products: {}\n",
        encoding="utf-8",
    )
    environment.setenv("MONGO_URI", mongo_uri)
    environment.setenv("FQ_SOURCES", str(file))
    environment.setenv("FQ_IFCO_SOURCE", "none")
    environment.setenv("COLUMNS", "200")
    landed = fq("sync")
    assert landed.exit_code == 0, landed.output
    return mongo_database


def found(*arguments: str) -> dict[str, dict[str, Any]]:
    return {one["collection"]: one for one in json.loads(fq("verify", "--format", "json", *arguments).stdout)}


def test_lake_that_agrees_ends_well_with_a_small_table(shop: Database[dict[str, Any]]) -> None:
    done = fq("verify")

    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.stdout.splitlines()]
    days = (get_sources().today() - FIRST).days + 1
    assert ["orders", str(days), "3", "0"] in lines
    assert ["products", "1", "3", "0"] in lines
    assert "Source and lake agree." in done.stdout


def test_differences_are_listed_by_id_and_path_and_end_with_one(shop: Database[dict[str, Any]]) -> None:
    shop["orders"].update_one({"_id": "o2"}, {"$set": {"lines.0.q": 20}})
    shop["products"].delete_one({"_id": 1})
    shop["products"].insert_one({"_id": 9, "price": None})

    done = fq("verify")

    assert done.exit_code == 1
    assert (
        f'orders {DAY2} _id o2: differs at lines[0].q: {{"$numberInt": "20"}} in the source, '
        '{"$numberInt": "2"} in the lake' in done.stdout
    )
    assert "products _id 1: missing in source" in done.stdout
    assert "products _id 9: missing in lake" in done.stdout
    assert "Source and lake differ." in done.stdout


def test_lake_that_was_tampered_with_is_found_by_rebuilding_alone(shop: Database[dict[str, Any]]) -> None:
    table = open_catalog(get_settings()).load_table("raw.shop_products")
    rows = table.scan().to_arrow()
    row = rows.to_pylist()[0]
    row["_fq_extracted_at"] += dt.timedelta(seconds=1)
    row["price"] *= 2
    table.append(pa.Table.from_pylist([row], schema=rows.schema))

    listed = found("products")["products"]["listed"]

    assert [(one["_id"], one["what"], one["path"]) for one in listed] == [(row["_id"], "differs", "price")]
    assert fq("verify", "products").exit_code == 1
    assert fq("verify", "products", "--hashes").exit_code == 0


def test_json_tells_counts_by_kind_and_window(shop: Database[dict[str, Any]]) -> None:
    shop["orders"].update_one({"_id": "o2"}, {"$set": {"at": at(3)}})

    orders = found("orders", "--from", DAY1, "--to", DAY3)["orders"]

    assert {name: value for name, value in orders.items() if name != "listed"} == {
        "collection": "orders",
        "table": "raw.shop_orders",
        "windows": 3,
        "documents": 3,
        "differences": 2,
        "by_kind": {"missing in source": 1, "missing in lake": 1},
        "by_window": {DAY2: 1, DAY3: 1},
    }
    assert orders["listed"][0] == {
        "window": DAY2,
        "_id": "o2",
        "what": "missing in source",
        "path": None,
        "source": None,
        "lake": None,
    }


def test_one_day_is_compared_alone(shop: Database[dict[str, Any]]) -> None:
    shop["orders"].update_one({"_id": "o2"}, {"$set": {"a": 1}})

    assert found("--partition", DAY1)["orders"]["differences"] == 0
    assert set(found("--partition", DAY2)) == {"orders"}
    assert fq("verify", "--partition", DAY2).exit_code == 1


def test_many_differences_are_summed_up(shop: Database[dict[str, Any]]) -> None:
    shop["products"].insert_many([{"_id": n} for n in range(100, 300)])

    done = fq("verify", "products")

    assert done.stdout.count("missing in lake") == 51
    assert "products: in all 200 missing in lake. --format json lists more of them." in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "The collection 'nothing' is not declared"),
        (["products", "--partition", DAY1], "products has no days"),
        (["--partition", BEFORE], f"{BEFORE} lies before the first day"),
        (["--partition", DAY1, "--to", DAY2], "exclude each other"),
    ],
)
def test_what_cannot_be_verified_is_refused_in_words(
    shop: Database[dict[str, Any]], arguments: list[str], said: str
) -> None:
    done = fq("verify", *arguments)
    assert done.exit_code != 0
    assert said in " ".join(done.output.split())

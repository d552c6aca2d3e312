"""`fq discover` writes a sources file with which `fq sync` lands everything."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from pymongo.database import Database
from typer.testing import CliRunner

from fq_platform import cli
from fq_platform.demo.load import load
from fq_platform.demo.sample_data import START, generate
from fq_platform.settings import get_settings
from fq_platform.sources import Collection, get_sources, load_sources

pytestmark = pytest.mark.services


def fq(*arguments: str) -> Result:
    for cached in (get_settings, get_sources):
        cached.cache_clear()
    return CliRunner().invoke(cli.app, arguments)


@pytest.fixture
def shop(
    mongo_database: Database[dict[str, Any]], mongo_uri: str, environment: pytest.MonkeyPatch
) -> Database[dict[str, Any]]:
    environment.setenv("MONGO_URI", mongo_uri)
    mongo_database["orders"].insert_one({"order_date": dt.datetime(2026, 2, 3)})
    return mongo_database


def test_file_for_the_sample_business_is_what_its_sync_needs(
    shop: Database[dict[str, Any]], mongo_uri: str, tmp_path: Path, environment: pytest.MonkeyPatch
) -> None:
    shop.drop_collection("orders")
    documents = load(mongo_uri, shop.name, generate(7, START, 30, 200))
    file = tmp_path / "found.yaml"

    assert fq("discover", "--database", shop.name, "--output", str(file)).exit_code == 0

    sources = load_sources(file)
    assert sources.start_date == START
    assert sources.collections == {
        "customers": Collection(watermark="updated_at"),
        "invoices": Collection(partition_by="invoice_date", watermark="updated_at"),
        "orders": Collection(partition_by="order_date", watermark="updated_at"),
        "payments": Collection(partition_by="payment_date", watermark="updated_at"),
        "products": Collection(watermark="updated_at", types={"weight_kg": "double"}),
    }
    environment.setenv("FQ_SOURCES", str(file))
    done = fq("sync", "--format", "json")
    assert done.exit_code == 0, done.stderr
    landed = {
        found["table"].removeprefix(f"raw.{sources.app}_"): found["inserted"] for found in json.loads(done.stdout)
    }
    assert landed == documents


def test_file_goes_to_standard_output_and_nothing_else_does(shop: Database[dict[str, Any]], tmp_path: Path) -> None:
    done = fq("discover", "--database", shop.name)

    assert (done.exit_code, done.stderr) == (0, "")
    file = tmp_path / "found.yaml"
    file.write_text(done.stdout, encoding="utf-8")
    assert load_sources(file).collections == {"orders": Collection(partition_by="order_date")}


def test_file_that_exists_is_replaced_only_by_force(shop: Database[dict[str, Any]], tmp_path: Path) -> None:
    file = tmp_path / "found.yaml"
    file.write_text("precious", encoding="utf-8")

    refused = fq("discover", "--database", shop.name, "--output", str(file))
    assert (refused.exit_code, file.read_text(encoding="utf-8")) == (1, "precious")
    assert refused.stderr.startswith("The file exists already\n")
    assert "--force" in refused.stderr

    assert fq("discover", "--database", shop.name, "--output", str(file), "--force").exit_code == 0
    assert list(load_sources(file).collections) == ["orders"]
    assert [path.name for path in tmp_path.glob("*found*")] == ["found.yaml"]


def test_folder_that_is_missing_is_named(shop: Database[dict[str, Any]], tmp_path: Path) -> None:
    done = fq("discover", "--database", shop.name, "--output", str(tmp_path / "missing" / "found.yaml"))

    assert done.exit_code == 1
    assert done.stderr.startswith("The file cannot be written: No such file or directory\n")


def test_database_that_is_not_there_is_refused(shop: Database[dict[str, Any]]) -> None:
    done = fq("discover", "--database", "nowhere")

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("The database 'nowhere' holds no collection that can be landed\n")

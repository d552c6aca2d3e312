"""Raw assets as Dagster runs them, on the embedded MongoDB and a real catalog."""

import datetime as dt
from typing import Any

import dagster as dg
import pytest
from bson import Decimal128
from pymongo.database import Database

from fq_platform.assets.raw import build_raw_assets
from fq_platform.automation.partitions import range_tags
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.resources.mongo import MongoResource
from fq_platform.settings import get_settings
from fq_platform.sources import Collection, Sources

pytestmark = pytest.mark.services

FIRST = dt.date(2026, 3, 1)


class Shop:
    """A code location with two raw assets over a test's database."""

    def __init__(self, database: Database[dict[str, Any]], uri: str) -> None:
        self.database, self.uri = database, uri
        self.instance = dg.DagsterInstance.ephemeral()
        self.collections = {"orders": Collection(partition_by="order_date"), "products": Collection()}

    def run(self, name: str, first: dt.date | None = None, last: dt.date | None = None) -> dg.ExecuteInProcessResult:
        sources = Sources(app="shop", database=self.database.name, start_date=FIRST, collections=dict(self.collections))
        (asset,) = (made for made in build_raw_assets(sources) if made.key.path[-1] == f"shop_{name}")
        job = dg.Definitions(assets=[asset], resources={"mongo": MongoResource(uri=self.uri)})
        return job.resolve_implicit_global_asset_job_def().execute_in_process(
            instance=self.instance,
            tags=range_tags(first, last or first) if first else {},
            raise_on_error=False,
        )

    def failure(self, name: str, first: dt.date | None = None) -> str:
        result = self.run(name, first)
        (event,) = (event for event in result.all_events if event.is_step_failure)
        assert event.step_failure_data.user_failure_data is not None, event.step_failure_data.error
        return event.step_failure_data.user_failure_data.description or ""


def metadata(result: dg.ExecuteInProcessResult) -> dict[str | None, dict[str, Any]]:
    """What the materialisation of each partition says."""
    return {
        event.partition: {name: value.value for name, value in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
    }


@pytest.fixture
def shop(mongo_database: Database[dict[str, Any]], mongo_uri: str, environment: pytest.MonkeyPatch) -> Shop:
    mongo_database["products"].insert_many([{"_id": number, "price": Decimal128("1.10")} for number in range(3)])
    mongo_database["orders"].insert_many(
        [
            {"_id": "a", "order_date": dt.datetime(2026, 3, 1, 9), "total": Decimal128("10.00")},
            {"_id": "b", "order_date": dt.datetime(2026, 3, 2, 9), "total": "20.00"},
            {"_id": "c", "order_date": dt.datetime(2026, 3, 2, 10), "total": Decimal128("30.00")},
            {"_id": "d", "order_date": dt.datetime(2026, 3, 3, 10), "total": Decimal128("40.00")},
        ]
    )
    return Shop(mongo_database, mongo_uri)


def snapshots(table: str) -> int:
    return len(open_catalog(get_settings()).load_table(f"raw.{table}").snapshots())


def test_range_run_is_one_snapshot_and_each_partition_tells_its_own_counts(shop: Shop) -> None:
    result = shop.run("orders", FIRST, dt.date(2026, 3, 4))

    assert result.success
    found = metadata(result)
    counts = {day: (of["dagster/partition_row_count"], of["inserted"], of["rescued"]) for day, of in found.items()}
    assert counts == {
        "2026-03-01": (1, 1, 0),
        "2026-03-02": (2, 2, 1),
        "2026-03-03": (1, 1, 0),
        "2026-03-04": (0, 0, 0),
    }
    assert {of["snapshot_id"] for of in found.values()} == {found["2026-03-01"]["snapshot_id"]}
    assert snapshots("shop_orders") == 1


def test_rerun_of_a_partition_commits_nothing_and_says_so(shop: Shop) -> None:
    shop.run("orders", dt.date(2026, 3, 2))

    again = metadata(shop.run("orders", dt.date(2026, 3, 2)))["2026-03-02"]

    assert (again["changed"], again["unchanged"], again["inserted"], again["bytes"]) == (False, 2, 0, 0)
    assert snapshots("shop_orders") == 1


def test_unpartitioned_collection_is_landed_whole(shop: Shop) -> None:
    found = metadata(shop.run("products"))[None]

    assert (found["dagster/row_count"], found["inserted"]) == (3, 3)
    assert found["new_columns"] == "price"


def test_collection_that_does_not_exist_fails_with_similar_names(shop: Shop) -> None:
    shop.collections["order"] = Collection()

    text = shop.failure("order")

    assert "The collection 'order' does not exist" in text
    assert "orders" in text


def test_unreachable_mongodb_fails_in_words_and_without_the_password(
    shop: Shop, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("FQ_MONGO_TIMEOUT_SECONDS", "0.2")
    shop.uri = "mongodb://user:secret@127.0.0.1:1/"

    text = shop.failure("orders", FIRST)

    assert "MongoDB cannot be reached (MONGO_URI, 127.0.0.1:1)" in text
    assert "secret" not in text


def test_without_any_mongodb_the_remedy_is_named(shop: Shop) -> None:
    shop.uri = ""

    text = shop.failure("products")

    assert "MONGO_URI is not set and the embedded one is not running" in text
    assert "fq dev" in text

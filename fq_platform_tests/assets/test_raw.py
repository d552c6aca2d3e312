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
        self.zone = "UTC"
        self.collections = {"orders": Collection(partition_by="order_date"), "products": Collection()}

    def run(self, name: str, first: dt.date | None = None, last: dt.date | None = None) -> dg.ExecuteInProcessResult:
        sources = Sources(
            app="shop",
            database=self.database.name,
            start_date=FIRST,
            time_zone=self.zone,
            collections=dict(self.collections),
        )
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


def checks(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """The evaluations by the checks' names."""
    assert result.success
    return {evaluation.check_name: evaluation for evaluation in result.get_asset_check_evaluations()}


def warning(evaluation: dg.AssetCheckEvaluation) -> str:
    """What a check warns of; empty if it passed."""
    assert evaluation.severity is dg.AssetCheckSeverity.WARN
    assert evaluation.passed == (evaluation.description is None)
    return evaluation.description or ""


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
    assert "schema_changes" not in found  # a table's first columns are no changes
    shown = {column.name: column.type for column in found["dagster/column_schema"].columns}
    assert (shown["_id"], shown["price"], shown["_fq_op"]) == ("string", "decimal(38,12)", "string")
    assert found["query"] == f'fq query --as-of {found["snapshot_id"]} "SELECT * FROM raw.shop_products"'
    assert (found["changelog_rows"], found["table_bytes"]) == (3, found["bytes"])


def test_new_fields_are_named_by_metadata_and_by_a_warning_until_the_next_materialisation(shop: Shop) -> None:
    first = shop.run("orders", FIRST, dt.date(2026, 3, 4))
    shop.database["orders"].insert_one(
        {"_id": "e", "order_date": dt.datetime(2026, 3, 2, 11), "note": "soon", "ship": {"to": "Bonn"}}
    )

    changed = shop.run("orders", dt.date(2026, 3, 2))
    again = shop.run("orders", dt.date(2026, 3, 2))

    assert warning(checks(first)["schema_unchanged"]) == ""
    added = ["added note: string", "added ship: struct"]
    assert metadata(changed)["2026-03-02"]["schema_changes"] == added
    found = checks(changed)["schema_unchanged"]
    assert warning(found) == "The documents brought new fields: added note: string; added ship: struct."
    assert found.metadata["schema_changes"].value == added
    assert found.metadata["columns_added"].value == 2
    assert warning(checks(again)["schema_unchanged"]) == ""
    assert "schema_changes" not in metadata(again)["2026-03-02"]


def test_rescued_values_of_the_windows_materialised_are_counted_and_named(shop: Shop) -> None:
    whole = checks(shop.run("orders", FIRST, dt.date(2026, 3, 4)))["values_rescued"]
    clean = checks(shop.run("orders", FIRST))["values_rescued"]
    dirty = checks(shop.run("orders", dt.date(2026, 3, 2)))["values_rescued"]

    assert warning(whole) == ("Values rescued in 2026-03-01...2026-03-04: 1, at total (1 string in decimal(38, 12)).")
    assert whole.metadata["rescued_values"].value == 1
    assert whole.metadata["places"].value == [
        {"path": "total", "column": "decimal(38, 12)", "found": "string", "values": 1}
    ]
    assert (warning(clean), clean.metadata["rescued_values"].value) == ("", 0)
    assert dirty.metadata["windows"].value == "2026-03-02"
    assert not dirty.passed

    # The source is put right: the changelog keeps the old version, which is no longer live.
    shop.database["orders"].update_one({"_id": "b"}, {"$set": {"total": Decimal128("20.00")}})
    assert warning(checks(shop.run("orders", dt.date(2026, 3, 2)))["values_rescued"]) == ""


def test_fractions_in_a_column_of_whole_numbers_come_with_a_remedy(shop: Shop) -> None:
    shop.database["products"].update_many({}, {"$set": {"weight": 1}})
    shop.run("products")
    shop.database["products"].update_one({"_id": 1}, {"$set": {"weight": 1.5}})

    text = warning(checks(shop.run("products"))["values_rescued"])

    assert "Values rescued in the collection: 1" in text
    assert "weight (1 double in long)" in text
    assert "say types: {weight: double} in the sources file" in text


def test_documents_without_a_day_of_their_own_are_counted_whatever_is_materialised(shop: Shop) -> None:
    assert warning(checks(shop.run("orders", FIRST))["event_time_usable"]) == ""
    shop.database["orders"].insert_many(
        [
            {"_id": "missing"},
            {"_id": "null", "order_date": None},
            {"_id": "text", "order_date": "2026-03-01"},
            {"_id": "early", "order_date": dt.datetime(2026, 2, 28)},
            {"_id": "next", "order_date": dt.datetime(2999, 1, 1)},
            {"_id": "far", "order_date": dt.datetime(9999, 1, 1)},
        ]
    )
    landed = checks(shop.run("orders", FIRST))["event_time_usable"]
    other_day = checks(shop.run("orders", dt.date(2026, 3, 2)))["event_time_usable"]

    for found in (landed, other_day):
        assert warning(found) == (
            "Documents without a usable order_date, in the window of the first day, 2026-03-01: 4 "
            "(1 missing, 1 null, 1 not a date, 1 before the first day)."
        )
        numbers = {name: value.value for name, value in found.metadata.items()}
        assert numbers == {
            "window": "2026-03-01",
            "unusable": 4,
            "own": 1,
            "missing": 1,
            "null": 1,
            "no_date": 1,
            "early": 1,
            "future": 2,
            "begun": 0,
        }


def test_documents_of_days_to_come_alone_are_no_reason_to_warn(shop: Shop) -> None:
    shop.database["orders"].insert_one({"_id": "next", "order_date": dt.datetime(2999, 1, 1)})

    found = checks(shop.run("orders", FIRST))["event_time_usable"]

    assert (warning(found), found.metadata["future"].value) == ("", 1)


def test_collections_without_days_have_no_check_of_event_times(shop: Shop) -> None:
    assert set(checks(shop.run("products"))) == {"schema_unchanged", "values_rescued"}


def test_days_are_those_of_the_zone(shop: Shop) -> None:
    shop.zone = "Asia/Tokyo"
    shop.database["orders"].insert_one({"_id": "late", "order_date": dt.datetime(2026, 3, 2, 16), "total": None})

    found = metadata(shop.run("orders", dt.date(2026, 3, 2), dt.date(2026, 3, 3)))

    # One in the morning of the third in Tokyo.
    assert {day: of["inserted"] for day, of in found.items()} == {"2026-03-02": 2, "2026-03-03": 2}


def test_documents_whose_day_has_begun_leave_the_first_day_for_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.database["orders"].insert_one({"_id": "ahead", "order_date": dt.datetime(2026, 3, 5, 9)})
    monkeypatch.setattr(Sources, "today", lambda _: dt.date(2026, 3, 4))
    shop.run("orders", FIRST, dt.date(2026, 3, 4))
    monkeypatch.setattr(Sources, "today", lambda _: dt.date(2026, 3, 6))

    result = shop.run("orders", FIRST)

    assert checks(result)["event_time_usable"].metadata["begun"].value == 0
    found = metadata(result)
    assert set(found) == {"2026-03-01", "2026-03-05"}
    assert (found["2026-03-01"]["deleted"], found["2026-03-01"]["also_compared"]) == (1, "2026-03-05")
    assert (found["2026-03-05"]["inserted"], found["2026-03-05"]["dagster/partition_row_count"]) == (1, 1)
    rows = open_catalog(get_settings()).load_table("raw.shop_orders").scan().to_arrow().to_pylist()
    versions = {(str(row["_fq_window"]), row["_fq_op"]) for row in rows if row["_id"] == "ahead"}
    assert versions == {("2026-03-01", "insert"), ("2026-03-01", "delete"), ("2026-03-05", "insert")}


def test_days_that_documents_have_moved_from_are_materialised_too(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sources, "today", lambda _: dt.date(2026, 3, 9))
    shop.run("orders", FIRST, dt.date(2026, 3, 9))
    shop.database["orders"].update_one({"_id": "b"}, {"$set": {"order_date": dt.datetime(2026, 3, 9, 9)}})
    shop.database["orders"].update_one({"_id": "d"}, {"$set": {"order_date": dt.datetime(2026, 2, 1)}})

    result = shop.run("orders", dt.date(2026, 3, 9))
    outside = shop.run("orders", FIRST)

    found = metadata(result)
    assert {day: (of["inserted"], of["deleted"], of["dagster/partition_row_count"]) for day, of in found.items()} == {
        "2026-03-09": (1, 0, 1),
        "2026-03-02": (0, 1, 1),
    }
    assert {of["also_compared"] for of in found.values()} == {"2026-03-02"}
    assert set(metadata(outside)) == {"2026-03-01", "2026-03-03"}
    key = dg.AssetKey(["raw", "shop_orders"])
    told = shop.instance.fetch_materializations(dg.AssetRecordsFilter(key, asset_partitions=["2026-03-02"]), limit=1)
    assert told.records[0].run_id == result.run_id
    assert snapshots("shop_orders") == 3


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

    assert "MongoDB cannot be reached (iceberg.raw.shop_orders, MONGO_URI, 127.0.0.1:1)" in text
    assert "secret" not in text


def test_without_any_mongodb_the_remedy_is_named(shop: Shop) -> None:
    shop.uri = ""

    text = shop.failure("products")

    assert "MONGO_URI is not set and the embedded one is not running" in text
    assert "fq dev" in text

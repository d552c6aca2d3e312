"""The MongoDB sensor, ticked against the embedded server on an ephemeral instance."""

import datetime as dt
import json
from typing import Any

import dagster as dg
import pytest
from bson import Decimal128
from pymongo.database import Database

from fq_platform.assets.raw import build_raw_assets
from fq_platform.automation.partitions import RANGE_END, RANGE_START
from fq_platform.automation.mongo_changes import build_mongo_sensor, spans
from fq_platform.resources.mongo import MongoResource
from fq_platform.sources import Collection, Sources

MARCH = dt.date(2026, 3, 1)


def day(number: int) -> dt.date:
    return MARCH.replace(day=number)


def at(number: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2026, 3, number, hour, tzinfo=dt.UTC)


def test_days_in_which_the_same_collections_changed_are_one_span() -> None:
    days = {"orders": frozenset({day(1), day(2), day(4)}), "payments": frozenset({day(2)})}

    assert list(spans(days)) == [
        (day(1), day(1), ["orders"]),
        (day(2), day(2), ["orders", "payments"]),
        (day(4), day(4), ["orders"]),
    ]


def test_contiguous_days_are_one_span_and_no_days_are_none() -> None:
    assert list(spans({"orders": frozenset({day(3), day(1), day(2)})})) == [(day(1), day(3), ["orders"])]
    assert list(spans({})) == []


class Ticker:
    """Ticks the sensor of a small code location: two raw collections, and a table that follows from each."""

    def __init__(self, database: Database[dict[str, Any]], uri: str) -> None:
        self.sources = Sources(
            app="shop",
            database=database.name,
            start_date=MARCH,
            collections={
                "orders": Collection(partition_by="order_date", watermark="updated_at"),
                "customers": Collection(watermark="updated_at"),
            },
        )
        raw = build_raw_assets(self.sources)
        orders, customers = (asset.key for asset in raw)

        @dg.asset(key=["curated", "orders"], deps=[orders], partitions_def=raw[0].partitions_def)
        def curated_orders() -> None: ...

        @dg.asset(key=["curated", "customers"], deps=[customers])
        def curated_customers() -> None: ...

        self.sensor = build_mongo_sensor(self.sources)
        self.mongo = MongoResource(uri=uri)
        self.location = dg.Definitions(
            assets=[*raw, curated_orders, curated_customers], sensors=[self.sensor], resources={"mongo": self.mongo}
        )
        self.cursor: str | None = None

    def tick(self) -> list[dg.RunRequest]:
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(
                instance=instance,
                cursor=self.cursor,
                definitions=self.location,
                resources={"mongo": self.mongo},
            )
            result = self.sensor.evaluate_tick(context)
        self.cursor = result.cursor
        return list(result.run_requests or [])


@pytest.fixture
def ticker(mongo_database: Database[dict[str, Any]], mongo_uri: str) -> Ticker:
    mongo_database["orders"].insert_many(
        [
            {"_id": number, "order_date": at(number), "total": Decimal128("1.00"), "updated_at": at(number, 13)}
            for number in (1, 2, 3, 6)
        ]
    )
    mongo_database["customers"].insert_one({"_id": 1, "updated_at": at(1)})
    return Ticker(mongo_database, mongo_uri)


def ranges(requests: list[dg.RunRequest]) -> list[tuple[str | None, str | None]]:
    return [(request.tags.get(RANGE_START), request.tags.get(RANGE_END)) for request in requests]


def names(request: dg.RunRequest) -> set[str]:
    return {key.to_user_string() for key in request.asset_selection or []}


@pytest.mark.services
def test_first_tick_requests_everything_as_one_run(ticker: Ticker) -> None:
    requests = ticker.tick()

    assert ranges(requests) == [("2026-03-01", "2026-03-06")]
    assert names(requests[0]) == {"raw/shop_customers", "curated/customers", "raw/shop_orders", "curated/orders"}


@pytest.mark.services
def test_later_tick_requests_a_run_for_each_span_and_the_undated_with_the_first(
    ticker: Ticker, mongo_database: Database[dict[str, Any]]
) -> None:
    ticker.tick()
    mongo_database["orders"].update_many({"_id": {"$in": [1, 2, 6]}}, {"$set": {"updated_at": at(9)}})
    mongo_database["customers"].insert_one({"_id": 2, "updated_at": at(9)})

    requests = ticker.tick()

    assert ranges(requests) == [("2026-03-01", "2026-03-02"), ("2026-03-06", "2026-03-06")]
    assert names(requests[0]) == {"raw/shop_customers", "curated/customers", "raw/shop_orders", "curated/orders"}
    assert names(requests[1]) == {"raw/shop_orders", "curated/orders"}


@pytest.mark.services
def test_change_of_an_undated_collection_alone_requests_no_days(
    ticker: Ticker, mongo_database: Database[dict[str, Any]]
) -> None:
    ticker.tick()
    mongo_database["customers"].update_one({"_id": 1}, {"$set": {"updated_at": at(9)}})

    requests = ticker.tick()

    assert ranges(requests) == [(None, None)]
    assert names(requests[0]) == {"raw/shop_customers", "curated/customers"}


@pytest.mark.services
def test_tick_without_changes_requests_nothing_and_keeps_the_cursor(ticker: Ticker) -> None:
    ticker.tick()
    cursor = ticker.cursor

    assert ticker.tick() == []
    assert ticker.cursor == cursor
    assert json.loads(cursor or "") == {
        "customers": "2026-03-01T12:00:00+00:00",
        "orders": "2026-03-06T13:00:00+00:00",
    }


@pytest.mark.services
def test_late_correction_requests_only_its_day(ticker: Ticker, mongo_database: Database[dict[str, Any]]) -> None:
    ticker.tick()
    mongo_database["orders"].update_one({"_id": 2}, {"$set": {"total": Decimal128("2.00"), "updated_at": at(9)}})

    requests = ticker.tick()

    assert ranges(requests) == [("2026-03-02", "2026-03-02")]
    assert names(requests[0]) == {"raw/shop_orders", "curated/orders"}
    assert ticker.tick() == []


@pytest.mark.services
def test_new_document_without_event_time_requests_the_first_day(
    ticker: Ticker, mongo_database: Database[dict[str, Any]]
) -> None:
    ticker.tick()
    mongo_database["orders"].insert_one({"_id": "undated", "updated_at": at(10)})

    assert ranges(ticker.tick()) == [("2026-03-01", "2026-03-01")]


@pytest.mark.services
def test_document_of_a_day_to_come_requests_the_first_day_which_owns_it_until_then(
    ticker: Ticker, mongo_database: Database[dict[str, Any]]
) -> None:
    ticker.tick()
    mongo_database["orders"].insert_one({"_id": "ahead", "order_date": dt.datetime(2999, 1, 1), "updated_at": at(11)})

    assert ranges(ticker.tick()) == [("2026-03-01", "2026-03-01")]
    assert json.loads(ticker.cursor or "")["orders"] == "2026-03-11T12:00:00+00:00"


@pytest.mark.services
def test_unreachable_mongodb_fails_the_tick_in_words(ticker: Ticker, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FQ_MONGO_TIMEOUT_SECONDS", "0.2")
    ticker.mongo = MongoResource(uri="mongodb://user:secret@127.0.0.1:1/")

    with pytest.raises(dg.Failure, match="MongoDB cannot be reached") as failure:
        ticker.tick()

    assert "127.0.0.1:1" in str(failure.value.description)
    assert "secret" not in str(failure.value.description)

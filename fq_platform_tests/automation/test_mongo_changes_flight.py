"""Runs that read before a change and land after it: what they may land wrongly is looked at once they have ended."""

from typing import Any

import pyarrow as pa
import pytest
from pymongo.database import Database

from fq_platform.automation.mongo_changes import flight, looking
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.settings import get_settings
from fq_platform_tests.automation.sensor_ticker import Run, Ticker, at
from fq_platform_tests.automation.test_mongo_changes import clock, ticker

__all__ = ["clock", "ticker"]

pytestmark = pytest.mark.services
Mongo = Database[dict[str, Any]]


@pytest.fixture
def run(ticker: Ticker, mongo_database: Mongo) -> Run:
    """A run of the days from 1 to 4 that has read an order, and not yet committed it."""
    ticker.land(1, 6)
    mongo_database["orders"].insert_one({"_id": 20, "order_date": at(2)})
    assert ticker.tick() == ["orders 2026-03-02"]
    ticker.finish()
    return ticker.other_run(1, 4).starts().reads("orders")


def commit_order_20_to_its_former_day() -> None:
    table = open_catalog(get_settings()).load_table("raw.shop_orders")
    row = table.scan(row_filter="_id = '2'").to_arrow()
    key = row.schema.field("_id")
    table.append(row.set_column(row.schema.get_field_index("_id"), key, pa.array(["20"], key.type)))


def test_a_document_that_moves_while_a_run_reads_is_looked_for_when_that_has_ended(
    ticker: Ticker, mongo_database: Mongo, run: Run
) -> None:
    mongo_database["orders"].update_one({"_id": 20}, {"$set": {"order_date": at(5)}})
    assert ticker.tick() == ["orders 2026-03-05"]
    ticker.finish()
    assert ticker.tick() == []

    commit_order_20_to_its_former_day()
    run.succeeds("orders")

    assert ticker.tick() == ["orders 2026-03-02"]
    ticker.finish()
    assert ticker.tick() == []
    assert ticker.memory.again == []


def test_too_many_documents_to_remember_have_everything_compared_when_the_runs_have_ended(
    ticker: Ticker, mongo_database: Mongo, run: Run, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(flight, "MOST_KEYS", 1)
    mongo_database["orders"].update_many({"_id": {"$in": [5, 20]}}, {"$set": {"order_date": at(6)}})
    assert ticker.tick() == ["orders 2026-03-05 to 2026-03-06"]
    ticker.finish()

    run.succeeds("orders")

    assert ticker.tick() == ["orders 2026-03-01 to 2026-03-06"]


@pytest.mark.parametrize(("made", "asked"), [(5, ["orders 2026-03-05"]), (6, [])])
def test_a_day_that_a_run_compares_beyond_what_it_was_asked_for_is_compared_again_if_it_changed_meanwhile(
    ticker: Ticker, mongo_database: Mongo, run: Run, made: int, asked: list[str]
) -> None:
    mongo_database["orders"].insert_one({"_id": 50, "order_date": at(5)})
    assert ticker.tick() == ["orders 2026-03-05"]
    ticker.finish()

    run.makes("orders", 1).makes("orders", made).succeeds("orders")

    assert ticker.tick() == asked


def test_all_is_compared_where_the_lake_cannot_be_asked_in_time(
    ticker: Ticker, mongo_database: Mongo, environment: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    ticker.land(1, 6)
    environment.setattr(looking, "LOOKUP_SECONDS", -1.0)
    mongo_database["orders"].delete_one({"_id": 5})

    assert ticker.tick() == ["orders 2026-03-01 to 2026-03-06"]
    assert "orders: where its deleted documents were took too long to find out" in capfd.readouterr().err

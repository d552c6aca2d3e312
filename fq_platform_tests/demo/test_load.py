"""The sample business is loaded once, completely, and over nobody else's data."""

import datetime as dt
from typing import Any

import pytest
from pymongo.database import Database

from fq_platform.demo.load import load
from fq_platform.demo.sample_data import COLLECTIONS, START, Business, generate
from fq_platform.errors import FqError

pytestmark = pytest.mark.services

BUSINESS = generate(7, START, 30, 1_100)


def _stored(database: Database[dict[str, Any]]) -> dict[str, int]:
    return {collection: database[collection].count_documents({}) for collection in COLLECTIONS}


def _made(business: Business) -> dict[str, int]:
    counts = dict.fromkeys(COLLECTIONS, 0)
    for collection, _ in business.documents():
        counts[collection] += 1
    return counts


def test_every_document_arrives_as_it_was_made(mongo_uri: str, mongo_database: Database[dict[str, Any]]):
    assert load(mongo_uri, mongo_database.name, BUSINESS) == _made(BUSINESS) == _stored(mongo_database)
    made = next(iter(BUSINESS.sales())).order
    stored = mongo_database["orders"].find_one({"_id": made["_id"]})
    assert stored is not None
    assert stored["lines"] == made["lines"]
    assert stored["order_date"] == made["order_date"].replace(tzinfo=None) == dt.datetime(2026, 1, 1)


def test_event_times_and_watermarks_are_indexed(mongo_uri: str, mongo_database: Database[dict[str, Any]]):
    load(mongo_uri, mongo_database.name, BUSINESS)
    indexed = {
        collection: {index["key"][0][0] for index in mongo_database[collection].index_information().values()}
        for collection in COLLECTIONS
    }
    assert indexed == {
        "customers": {"_id", "updated_at"},
        "products": {"_id", "updated_at"},
        "orders": {"_id", "order_date", "updated_at"},
        "invoices": {"_id", "invoice_date", "updated_at"},
        "payments": {"_id", "payment_date", "updated_at"},
    }


def test_progress_ends_with_all_orders(mongo_uri: str, mongo_database: Database[dict[str, Any]]):
    told: list[tuple[int, int]] = []
    load(mongo_uri, mongo_database.name, BUSINESS, lambda made, of: told.append((made, of)))
    assert told == sorted(told)
    assert told[-1] == (1_100, 1_100)


def test_a_finished_load_is_not_repeated(mongo_uri: str, mongo_database: Database[dict[str, Any]]):
    first = load(mongo_uri, mongo_database.name, BUSINESS)
    mongo_database["orders"].delete_one({})
    assert load(mongo_uri, mongo_database.name, BUSINESS, lambda made, of: pytest.fail("loaded again")) == first
    assert mongo_database["orders"].count_documents({}) == 1_099


def test_a_load_cut_short_is_done_anew(mongo_uri: str, mongo_database: Database[dict[str, Any]]):
    def interrupt(made: int, of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(mongo_uri, mongo_database.name, BUSINESS, interrupt)
    assert 0 < sum(_stored(mongo_database).values()) < sum(_made(BUSINESS).values())
    load(mongo_uri, mongo_database.name, BUSINESS)
    assert _stored(mongo_database) == _made(BUSINESS)


def test_other_parameters_are_refused_with_both_values_and_the_remedy(
    mongo_uri: str, mongo_database: Database[dict[str, Any]]
):
    load(mongo_uri, mongo_database.name, BUSINESS)
    before = _stored(mongo_database)
    with pytest.raises(FqError, match=r"seed 7 is stored, 8 is asked for.*Remove FQ_HOME/mongo.*FQ_DEMO_SEED"):
        load(mongo_uri, mongo_database.name, generate(8, START, 30, 1_100))
    assert _stored(mongo_database) == before


def test_collections_that_are_not_sample_data_are_left_alone(mongo_uri: str, mongo_database: Database[dict[str, Any]]):
    mongo_database["invoices"].insert_one({"_id": "somebody's"})
    with pytest.raises(FqError, match="collections invoices hold documents that are not sample data"):
        load(mongo_uri, mongo_database.name, BUSINESS)
    assert _stored(mongo_database) == {**dict.fromkeys(COLLECTIONS, 0), "invoices": 1}


def test_a_mongodb_that_is_not_there_is_reported():
    with pytest.raises(FqError, match=r"MongoDB cannot be reached"):
        load("mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200", "shop", BUSINESS)

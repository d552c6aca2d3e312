"""The late changes hit one order each, keep it consistent, and happen once."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from bson import Decimal128
from pymongo.database import Database

from fq_platform.demo.late_changes import apply_late_changes
from fq_platform.demo.load import load
from fq_platform.demo.sample_data import START, generate
from fq_platform.errors import FqError

pytestmark = pytest.mark.services

BUSINESS = generate(8, START, 30, 1_100)  # Its first order of the third day is invoiced, so another one is taken.
Orders = dict[Any, dict[str, Any]]


@pytest.fixture
def before(mongo_uri: str, mongo_database: Database[dict[str, Any]]) -> Orders:
    """The loaded orders by id, before anything is changed."""
    load(mongo_uri, mongo_database.name, BUSINESS)
    return _orders(mongo_database)


def _orders(database: Database[dict[str, Any]]) -> Orders:
    return {order["_id"]: order for order in database["orders"].find()}


def _exact(value: Any) -> Decimal:
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(str(value or 0))


def test_one_order_is_corrected_and_one_deleted_and_no_other_touched(
    mongo_uri: str, mongo_database: Database[dict[str, Any]], before: Orders
):
    corrected, deleted = apply_late_changes(mongo_uri, mongo_database.name)
    after = _orders(mongo_database)
    assert (corrected.collection, corrected.what, corrected.day) == ("orders", "corrected", dt.date(2026, 1, 3))
    assert (deleted.collection, deleted.what) == ("orders", "deleted")
    assert deleted.day >= dt.date(2026, 1, 6)
    assert [order_id for order_id in before if before[order_id] != after.get(order_id)] == [corrected.id, deleted.id]
    assert deleted.id not in after
    assert before[deleted.id]["status"] == "cancelled"
    assert before[deleted.id]["order_date"].date() == deleted.day
    ids = [corrected.id, deleted.id]
    assert mongo_database["invoices"].count_documents({"order_id": {"$in": ids}}) == 0


def test_the_corrected_order_adds_up_and_says_when_it_was_changed(
    mongo_uri: str, mongo_database: Database[dict[str, Any]], before: Orders
):
    corrected = apply_late_changes(mongo_uri, mongo_database.name)[0]
    old, new = before[corrected.id], _orders(mongo_database)[corrected.id]
    assert {name for name in new if new[name] != old[name]} == {"lines", "total", "updated_at"}
    assert new["updated_at"] == dt.datetime(2026, 1, 20, 12)
    assert new["order_date"].date() == corrected.day
    assert new["lines"][0]["quantity"] == old["lines"][0]["quantity"] + 1
    assert new["lines"][1:] == old["lines"][1:]
    for line in new["lines"]:
        exact = _exact(line["quantity"]) * _exact(line["unit_price"]) - _exact(line.get("discount"))
        assert _exact(line["line_total"]) == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert _exact(new["total"]) == sum(_exact(line["line_total"]) for line in new["lines"])


def test_a_second_time_nothing_changes(mongo_uri: str, mongo_database: Database[dict[str, Any]], before: Orders):
    assert len(apply_late_changes(mongo_uri, mongo_database.name)) == 2
    after = _orders(mongo_database)
    assert apply_late_changes(mongo_uri, mongo_database.name) == []
    assert _orders(mongo_database) == after


def test_after_an_interruption_only_what_is_missing_is_done(
    mongo_uri: str, mongo_database: Database[dict[str, Any]], before: Orders
):
    deleted = apply_late_changes(mongo_uri, mongo_database.name)[1]
    mongo_database["orders"].insert_one(before[deleted.id])  # As if the second change had not come about.
    assert apply_late_changes(mongo_uri, mongo_database.name) == [deleted]


def test_the_same_data_is_changed_in_the_same_way(
    mongo_uri: str, mongo_database: Database[dict[str, Any]], before: Orders
):
    first = apply_late_changes(mongo_uri, mongo_database.name)
    mongo_database.client.drop_database(mongo_database.name)
    load(mongo_uri, mongo_database.name, BUSINESS)
    assert apply_late_changes(mongo_uri, mongo_database.name) == first


def test_the_time_of_the_correction_can_be_given(
    mongo_uri: str, mongo_database: Database[dict[str, Any]], before: Orders
):
    at = dt.datetime(2026, 3, 1, 8, 30, tzinfo=dt.UTC)
    corrected = apply_late_changes(mongo_uri, mongo_database.name, at)[0]
    assert _orders(mongo_database)[corrected.id]["updated_at"] == at.replace(tzinfo=None)


def test_without_sample_data_it_says_so(mongo_uri: str, mongo_database: Database[dict[str, Any]]):
    with pytest.raises(FqError, match=r"no complete sample data.*fq demo"):
        apply_late_changes(mongo_uri, mongo_database.name)

"""The watermark tells which days to look at."""

import datetime as dt
from typing import Any

import pytest
from pymongo.database import Database

from fq_platform.extraction.changes import Changes, changes_since
from fq_platform_tests.extraction.landing import DAY1, DAY2, DAY3, START, noon

pytestmark = pytest.mark.services
T0 = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def look(database: Database[dict[str, Any]], since: dt.datetime | None = None, **options: Any) -> Changes:
    arguments: dict[str, Any] = {"watermark": "updated_at", "partition_by": "at", "start_date": START} | options
    return changes_since(database, "orders", since=since, **arguments)


def test_first_look_sees_every_document_and_the_next_only_what_rose(mongo_database: Database[dict[str, Any]]) -> None:
    orders = mongo_database.orders
    orders.insert_many(
        [{"_id": 1, "at": noon(DAY1), "updated_at": T0}, {"_id": 2, "at": noon(DAY2), "updated_at": T0 + MINUTE}]
    )

    first = look(mongo_database)
    assert first == Changes(frozenset({DAY1, DAY2}), 2, T0 + MINUTE)
    assert look(mongo_database, first.watermark) == Changes(frozenset(), 0, T0 + MINUTE)

    orders.insert_one({"_id": 3, "at": noon(DAY3), "updated_at": T0 + 2 * MINUTE})
    orders.update_one({"_id": 1}, {"$set": {"updated_at": T0 + 3 * MINUTE}})
    assert look(mongo_database, first.watermark) == Changes(frozenset({DAY1, DAY3}), 2, T0 + 3 * MINUTE)


def test_document_without_a_usable_event_time_concerns_the_first_day(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.orders.insert_many(
        [
            {"_id": 1, "updated_at": T0},
            {"_id": 2, "at": "2026-01-02", "updated_at": T0},
            {"_id": 3, "at": [noon(DAY3)], "updated_at": T0},
        ]
    )

    assert look(mongo_database) == Changes(frozenset({DAY1}), 3, T0)


def test_document_of_a_day_to_come_concerns_the_first_day(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.orders.insert_many(
        [{"_id": 1, "at": noon(DAY2), "updated_at": T0}, {"_id": 2, "at": noon(DAY3), "updated_at": T0}]
    )

    assert look(mongo_database, last_day=DAY2).days == {DAY1, DAY2}


def test_days_are_those_of_the_zone(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY2) + 11.5 * 60 * MINUTE, "updated_at": T0})

    assert look(mongo_database, zone="Europe/Berlin").days == {DAY3}


def test_dotted_paths_are_followed(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.orders.insert_one({"_id": 1, "paid": {"at": noon(DAY2)}, "meta": {"seen": T0}})

    assert look(mongo_database, partition_by="paid.at", watermark="meta.seen") == Changes(frozenset({DAY2}), 1, T0)


def test_collection_without_days_tells_only_that_there_are_changes(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY2), "updated_at": T0})

    assert look(mongo_database, partition_by=None) == Changes(frozenset(), 1, T0)


def test_documents_without_a_date_as_watermark_are_not_seen(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.orders.insert_many([{"_id": 1}, {"_id": 2, "updated_at": "soon"}, {"_id": 3, "updated_at": None}])

    assert look(mongo_database) == Changes(frozenset(), 0, None)


def test_watermark_far_ahead_does_not_hide_later_changes(mongo_database: Database[dict[str, Any]]) -> None:
    far = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
    mongo_database.orders.insert_many(
        [{"_id": 1, "at": noon(DAY1), "updated_at": T0}, {"_id": 2, "at": noon(DAY2), "updated_at": far}]
    )

    assert look(mongo_database) == Changes(frozenset({DAY1}), 1, T0)


def test_look_ends_at_its_limit_but_never_between_equal_watermarks(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.orders.insert_many(
        [{"_id": n, "at": noon(DAY1), "updated_at": T0 + (n // 3) * MINUTE} for n in range(7)]
    )

    seen, watermark = [], None
    for _ in range(4):
        found = look(mongo_database, watermark, limit=2)
        seen.append(found.documents)
        watermark = found.watermark

    assert seen == [3, 3, 1, 0]

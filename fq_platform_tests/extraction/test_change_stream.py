"""The change stream tells which windows to look at."""

import datetime as dt
import time
from typing import Any

import pytest
from bson import Decimal128, ObjectId
from pymongo import UpdateOne
from pymongo.database import Database

from fq_platform.extraction.change_stream import CollectionWindows
from fq_platform.extraction.keys import document_key
from fq_platform_tests.extraction.landing import DAY1, DAY2, DAY3, START, noon
from fq_platform_tests.extraction.stream_reader import DAILY, Follower, following

pytestmark = pytest.mark.services
Mongo = Database[dict[str, Any]]


def test_first_look_asks_for_everything_and_the_next_has_what_came_after_it(mongo_database: Mongo) -> None:
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
    follower = Follower(mongo_database)

    first = follower.look()
    assert first.lost
    assert first.reason == "there was no look before"
    assert first.collections["orders"].everything

    mongo_database.orders.insert_one({"_id": 2, "at": noon(DAY2)})
    second = follower.look()
    assert (second.lost, second.events, second.more) == (False, 1, False)
    assert second.collections["orders"].days == {DAY2}
    assert second.until is not None
    assert abs(second.until - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)


def test_a_quiet_stream_names_nothing(mongo_database: Mongo) -> None:
    follower = following(mongo_database)

    quiet = follower.look()

    assert (quiet.collections, quiet.events, quiet.lost, quiet.more, quiet.until) == ({}, 0, False, False, None)
    assert follower.lake.asked == []


def test_updates_and_replacements_name_the_day_the_document_is_in(mongo_database: Mongo) -> None:
    mongo_database.orders.insert_many([{"_id": 1, "at": noon(DAY1)}, {"_id": 2, "at": noon(DAY2)}])
    follower = following(mongo_database)

    mongo_database.orders.update_one({"_id": 1}, {"$set": {"n": 1}})
    assert follower.days() == {DAY1}
    mongo_database.orders.replace_one({"_id": 2}, {"at": noon(DAY2), "n": 1})
    assert follower.days() == {DAY2}


def test_deleted_document_names_the_day_that_the_lake_has_it_in(mongo_database: Mongo) -> None:
    id_ = ObjectId()
    mongo_database.orders.insert_one({"_id": id_, "at": noon(DAY2)})
    follower = following(mongo_database)
    follower.lake.put("orders", id_, DAY2)

    mongo_database.orders.delete_one({"_id": id_})

    found = follower.look().collections["orders"]
    assert (found.days, found.keys) == ({DAY2}, {str(id_)})


def test_moved_document_names_the_day_it_left_and_the_day_it_is_in(mongo_database: Mongo) -> None:
    mongo_database.orders.insert_many([{"_id": n, "at": noon(DAY1)} for n in (1, 2)])
    follower = following(mongo_database)
    for id_ in (1, 2):
        follower.lake.put("orders", id_, DAY1)

    mongo_database.orders.update_one({"_id": 1}, {"$set": {"at": noon(DAY2)}})
    assert follower.days() == {DAY1, DAY2}
    mongo_database.orders.replace_one({"_id": 2}, {"at": noon(DAY3)})
    assert follower.days() == {DAY1, DAY3}


def test_document_that_moved_and_was_deleted_between_looks_names_the_day_that_the_lake_has(
    mongo_database: Mongo,
) -> None:
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
    follower = following(mongo_database)
    follower.lake.put("orders", 1, DAY1)

    mongo_database.orders.update_one({"_id": 1}, {"$set": {"at": noon(DAY2)}})
    mongo_database.orders.delete_one({"_id": 1})

    assert follower.days() == {DAY1}


def test_image_of_before_tells_the_day_left_even_if_the_lake_does_not_know_it_yet(mongo_database: Mongo) -> None:
    mongo_database.create_collection("orders", changeStreamPreAndPostImages={"enabled": True})
    mongo_database.orders.insert_many([{"_id": 1, "at": noon(DAY1)}, {"_id": 2, "at": noon(DAY3)}])
    follower = following(mongo_database)

    mongo_database.orders.update_one({"_id": 1}, {"$set": {"at": noon(DAY2)}})
    mongo_database.orders.delete_one({"_id": 2})

    found = follower.look().collections["orders"]
    assert (found.days, found.keys) == ({DAY1, DAY2, DAY3}, set())


def test_document_that_a_running_sync_lands_late_is_asked_for_again(mongo_database: Mongo) -> None:
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
    follower = following(mongo_database)
    mongo_database.orders.update_one({"_id": 1}, {"$set": {"at": noon(DAY2)}})

    first = follower.look().collections["orders"]
    assert first.days == {DAY2}
    follower.lake.put("orders", 1, DAY1)  # by a run that had read it before it moved

    assert follower.days() == set()
    assert follower.days(again={"orders": first.keys}) == {DAY1}


def test_burst_of_changes_comes_to_few_days(mongo_database: Mongo) -> None:
    days = (DAY1, DAY2, DAY3)
    follower = following(mongo_database)

    mongo_database.orders.insert_many([{"_id": n, "at": noon(days[n % 3])} for n in range(300)])
    mongo_database.orders.bulk_write([UpdateOne({"_id": n}, {"$set": {"n": n}}) for n in range(150)])

    found = follower.look()
    assert found.events == 450
    assert found.collections["orders"].days == set(days)
    assert len(follower.lake.asked) == 1
    assert follower.look().events == 0


def test_look_ends_at_its_number_of_events_and_the_next_goes_on(mongo_database: Mongo) -> None:
    follower = following(mongo_database)
    mongo_database.orders.insert_many([{"_id": n, "at": noon(START + n * dt.timedelta(days=1))} for n in range(7)])

    looks = [follower.look(max_events=3) for _ in range(4)]

    assert [(look.events, look.more) for look in looks] == [(3, True), (3, True), (1, False), (0, False)]
    named = [sorted(day.day for day in look.collections["orders"].days) for look in looks[:3]]
    assert named == [[1, 2, 3], [4, 5, 6], [7]]


def test_look_ends_at_its_time_without_losing_its_place(mongo_database: Mongo) -> None:
    follower = following(mongo_database)
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY2)})

    assert follower.look(time_budget_seconds=0).more
    started = time.monotonic()
    assert follower.days(time_budget_seconds=0.3) == {DAY2}
    assert time.monotonic() - started < 20


def test_one_stream_serves_all_declared_collections_and_no_others(mongo_database: Mongo) -> None:
    collections = {"orders": DAILY, "visits": CollectionWindows("seen.at", START), "things": CollectionWindows()}
    follower = following(mongo_database, collections)

    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
    mongo_database.visits.insert_one({"_id": 1, "seen": {"at": noon(DAY2)}, "at": noon(DAY3)})
    mongo_database.things.insert_one({"_id": 1, "at": noon(DAY3)})
    mongo_database.undeclared.insert_one({"_id": 1, "at": noon(DAY3)})
    mongo_database.undeclared.drop()

    found = follower.look()
    assert {name: (changes.days, changes.everything) for name, changes in found.collections.items()} == {
        "orders": ({DAY1}, False),
        "visits": ({DAY2}, False),
        "things": (set(), True),
    }
    assert found.events == 3


def test_fields_of_which_one_lies_in_the_other_are_both_asked_for(mongo_database: Mongo) -> None:
    collections = {"orders": DAILY, "visits": CollectionWindows("at.first", START)}
    follower = following(mongo_database, collections)

    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY2)})
    mongo_database.visits.insert_one({"_id": 1, "at": {"first": noon(DAY3)}})

    found = follower.look().collections
    assert (found["orders"].days, found["visits"].days) == ({DAY2}, {DAY3})


def test_collections_without_days_need_no_field_and_no_lake(mongo_database: Mongo) -> None:
    mongo_database.things.insert_one({"_id": 1})
    follower = following(mongo_database, {"things": CollectionWindows()})

    for change in (
        lambda: mongo_database.things.update_one({"_id": 1}, {"$set": {"n": 1}}),
        lambda: mongo_database.things.delete_one({"_id": 1}),
    ):
        change()
        found = follower.look().collections["things"]
        assert (found.everything, found.days, found.keys) == (True, set(), set())
    assert follower.lake.asked == []


@pytest.mark.parametrize(
    "at",
    [None, "2026-01-02", [noon(DAY2)], {"first": noon(DAY2)}, Decimal128("1"), noon(dt.date(2019, 1, 1))],
    ids=str,
)
def test_document_without_a_usable_event_time_is_in_the_first_day(mongo_database: Mongo, at: Any) -> None:
    follower = following(mongo_database)

    mongo_database.orders.insert_one({"_id": 1, "at": at})
    assert follower.days() == {START}
    mongo_database.orders.update_one({"_id": 1}, {"$unset": {"at": 1}})
    assert follower.days() == {START}


def test_days_are_those_of_the_time_zone_and_end_at_the_last_day(mongo_database: Mongo) -> None:
    tokyo = CollectionWindows("at", START, last_day=DAY2, zone="Asia/Tokyo")
    follower = following(mongo_database, {"orders": tokyo})

    mongo_database.orders.insert_one({"_id": 1, "at": dt.datetime(2026, 1, 1, 15, tzinfo=dt.UTC)})
    assert follower.days() == {DAY2}
    mongo_database.orders.insert_one({"_id": 2, "at": dt.datetime(2026, 1, 2, 15, tzinfo=dt.UTC)})
    assert follower.days() == {START}


KEYS = [5, "5", 2.5, ObjectId("0" * 24), {"a": 1, "b": "x"}, dt.datetime(2026, 1, 1), b"raw"]


@pytest.mark.parametrize("id_", KEYS, ids=str)
def test_documents_are_asked_for_by_the_keys_that_the_lake_has(mongo_database: Mongo, id_: Any) -> None:
    mongo_database.orders.insert_one({"_id": id_, "at": noon(DAY3)})
    follower = following(mongo_database)

    mongo_database.orders.delete_one({"_id": id_})
    follower.look()

    stored = id_.replace(tzinfo=dt.UTC) if isinstance(id_, dt.datetime) else id_
    assert follower.lake.asked == [("orders", {document_key(stored)})]


def test_views_are_said_to_be_silent(mongo_database: Mongo) -> None:
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
    mongo_database.create_collection("open_orders", viewOn="orders", pipeline=[])
    follower = Follower(mongo_database, dict.fromkeys(("orders", "open_orders", "absent"), DAILY))

    for look in (follower.look(), follower.look()):
        assert look.silent == {"open_orders"}

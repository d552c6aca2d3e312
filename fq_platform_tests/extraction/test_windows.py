"""Every document has one window: the rule in Python, and the same rule as MongoDB answers it."""

import datetime as dt
from typing import Any

import pytest
from bson import Regex, Timestamp
from pymongo.database import Database

from fq_platform.extraction.source import stream
from fq_platform.extraction.windows import Window, daily, owner
from fq_platform_tests.extraction.landing import DAY1, DAY2, DAY3, START, Landing, noon

MILLISECOND = dt.timedelta(milliseconds=1)


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)


# Event time to the day that owns it.
CASES: list[tuple[str, dict[str, Any], dt.date]] = [
    ("missing", {}, DAY1),
    ("null value", {"at": None}, DAY1),
    ("string", {"at": "2026-01-02"}, DAY1),
    ("number", {"at": 1767312000000}, DAY1),
    ("document", {"at": {"at": noon(DAY2)}}, DAY1),
    ("regex", {"at": Regex("x")}, DAY1),
    ("timestamp", {"at": Timestamp(1767312000, 1)}, DAY1),
    ("array of a date", {"at": [noon(DAY2)]}, DAY1),
    ("array of dates", {"at": [noon(DAY2), noon(DAY3)]}, DAY1),
    ("empty array", {"at": []}, DAY1),
    ("before the start", {"at": midnight(DAY1) - MILLISECOND}, DAY1),
    ("long before the start", {"at": dt.datetime(1, 1, 1, tzinfo=dt.UTC)}, DAY1),
    ("first instant of the first day", {"at": midnight(DAY1)}, DAY1),
    ("last instant of the first day", {"at": midnight(DAY2) - MILLISECOND}, DAY1),
    ("first instant of a day", {"at": midnight(DAY2)}, DAY2),
    ("last instant of a day", {"at": midnight(DAY3) - MILLISECOND}, DAY2),
    ("first instant of the next day", {"at": midnight(DAY3)}, DAY3),
]


@pytest.mark.parametrize(("fields", "day"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_owner_of_an_event_time(fields: dict[str, Any], day: dt.date) -> None:
    assert owner(fields.get("at"), START) == day


def test_owner_of_a_date_in_another_zone_is_its_day_in_utc() -> None:
    late_evening_west = dt.datetime(2026, 1, 1, 23, tzinfo=dt.timezone(dt.timedelta(hours=-5)))

    assert owner(late_evening_west, START) == DAY2


def test_daily_windows_run_from_the_first_to_the_last_day_inclusive() -> None:
    assert [window.day for window in daily("at", START, DAY2, DAY3)] == [DAY2, DAY3]
    assert str(Window("at", DAY2, START)) == "2026-01-02"
    assert str(Window()) == "the whole collection"


@pytest.mark.services
def test_mongodb_gives_each_document_to_its_owner_and_to_no_other(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.orders.insert_many([{"_id": name, **fields} for name, fields, _ in CASES])

    found = {window.day: ids(mongo_database, window) for window in daily("at", START, DAY1, DAY3)}

    assert found == {day: sorted(name for name, _, owner in CASES if owner == day) for day in (DAY1, DAY2, DAY3)}


@pytest.mark.services
def test_dotted_event_time_is_read_inside_documents_and_never_inside_arrays(
    mongo_database: Database[dict[str, Any]],
) -> None:
    mongo_database.orders.insert_many(
        [
            {"_id": "nested", "paid": {"at": noon(DAY2)}},
            {"_id": "not nested", "paid": noon(DAY2)},
            {"_id": "array on the way", "paid": [{"at": noon(DAY2)}, {"at": noon(DAY3)}]},
            {"_id": "array at the end", "paid": {"at": [noon(DAY3)]}},
            {"_id": "missing"},
        ]
    )

    found = {window.day: ids(mongo_database, window) for window in daily("paid.at", START, DAY1, DAY3)}

    assert found == {
        DAY1: ["array at the end", "array on the way", "missing", "not nested"],
        DAY2: ["nested"],
        DAY3: [],
    }


@pytest.mark.services
def test_sum_of_the_windows_is_the_collection_once_landed(landing: Landing) -> None:
    landing.database.orders.insert_many([{"_id": name, **fields} for name, fields, _ in CASES])

    result = landing.by_day(DAY1, DAY3)

    assert result.inserted == len(CASES)
    assert sorted(landing.live("orders")) == sorted((day, name) for name, _, day in CASES)
    assert landing.by_day(DAY1, DAY3).unchanged == len(CASES)


@pytest.mark.services
def test_document_of_a_future_day_is_landed_when_its_day_is(landing: Landing) -> None:
    landing.database.orders.insert_one({"_id": "later", "at": noon(DAY3)})

    assert landing.by_day(DAY1, DAY2).documents == 0
    assert landing.by_day(DAY3).inserted == 1


def ids(database: Database[dict[str, Any]], window: Window) -> list[str]:
    return sorted(document.id for batch in stream(database, "orders", window, 100) for document in batch)

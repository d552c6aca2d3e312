"""Every document has one window: the rule in Python, and the same rule as MongoDB answers it."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from bson import Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from hypothesis import example, given
from hypothesis import strategies as st
from pymongo.database import Database

from fq_platform.extraction.batch import NO_EVENT_TIME, index
from fq_platform.extraction.ranges import Range
from fq_platform.extraction.reading import read
from fq_platform.extraction.windows import Window, daily, owner, today
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
    ("last instant of the last day", {"at": midnight(DAY3) + dt.timedelta(days=1) - MILLISECOND}, DAY3),
    ("after the last day", {"at": midnight(DAY3) + dt.timedelta(days=1)}, DAY1),
    ("long after the last day", {"at": dt.datetime(9999, 12, 31, tzinfo=dt.UTC)}, DAY1),
]
# Years that the embedded server does not know.
ODD_YEARS: list[tuple[str, dict[str, Any], dt.date]] = [
    ("beyond the year 9999", {"at": DatetimeMS(10**15)}, DAY1),
    ("before the year 1", {"at": DatetimeMS(-(10**15))}, DAY1),
]
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Apia"]
# Clocks that go back from 00:01 to 23:01 of the day before, and that go forward at midnight.
ODD_ZONES = ["America/St_Johns", "America/Sao_Paulo"]


@pytest.mark.parametrize(("name", "fields", "day"), CASES + ODD_YEARS)
def test_owner_of_an_event_time(name: str, fields: dict[str, Any], day: dt.date) -> None:
    assert owner(fields.get("at"), START, DAY3) == day


def test_without_a_last_day_all_days_until_the_year_9999_own_documents() -> None:
    assert owner(dt.datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=dt.UTC), START) == dt.date(9999, 12, 31)
    assert owner(DatetimeMS(253_402_300_800_000), START) == START


def test_owner_of_a_date_in_another_zone_is_its_day_in_utc() -> None:
    late_evening_west = dt.datetime(2026, 1, 1, 23, tzinfo=dt.timezone(dt.timedelta(hours=-5)))

    assert owner(late_evening_west, START) == DAY2


def test_daily_windows_run_from_the_first_to_the_last_day_inclusive() -> None:
    assert [window.day for window in daily("at", START, DAY2, DAY3)] == [DAY2, DAY3]
    assert str(Window("at", DAY2, START)) == "2026-01-02"
    assert str(Window()) == "the whole collection"


def milliseconds(at: dt.datetime) -> int:
    return (at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // MILLISECOND


@pytest.mark.parametrize(
    ("day", "begins", "hours"),
    [
        (dt.date(2026, 3, 28), "2026-03-27T23:00Z", 24),
        (dt.date(2026, 3, 29), "2026-03-28T23:00Z", 23),
        (dt.date(2026, 3, 30), "2026-03-29T22:00Z", 24),
        (dt.date(2026, 10, 25), "2026-10-24T22:00Z", 25),
        (dt.date(2026, 10, 26), "2026-10-25T23:00Z", 24),
    ],
)
def test_days_of_a_zone_with_summer_time_have_their_own_lengths(day: dt.date, begins: str, hours: int) -> None:
    window = Window("at", day, START, None, "Europe/Berlin")
    first = dt.datetime.fromisoformat(begins)
    instants = [first - MILLISECOND, first, first + dt.timedelta(hours=hours) - MILLISECOND]
    instants.append(instants[-1] + MILLISECOND)

    assert window.owns_mask(np.array(list(map(milliseconds, instants)))).tolist() == [False, True, True, False]
    assert [owner(at, START, None, "Europe/Berlin") == day for at in instants] == [False, True, True, False]


def test_day_that_a_zone_left_out_owns_nothing() -> None:
    start = dt.date(2011, 12, 1)
    before, after = (dt.datetime(2011, 12, 30, 10, tzinfo=dt.UTC) + shift for shift in (-MILLISECOND, 0 * MILLISECOND))

    assert [owner(at, start, None, "Pacific/Apia").day for at in (before, after)] == [29, 31]


@given(
    st.integers(-(2**63), 2**63 - 1)
    | st.datetimes(dt.datetime(2010, 12, 20), dt.datetime(2012, 1, 10)).map(
        lambda at: milliseconds(at.replace(tzinfo=dt.UTC))
    ),
    st.sampled_from(ZONES + ODD_ZONES),
    st.none() | st.integers(-2, 400).map(lambda days: dt.date(2010, 12, 25) + dt.timedelta(days=days)),
)
@example(milliseconds(dt.datetime(2011, 11, 6, 2, 31, 30, tzinfo=dt.UTC)), "America/St_Johns", None)
@example(253_402_300_799_999, "Pacific/Kiritimati", None)
@example(253_402_300_800_001, "America/New_York", None)
@example(int(NO_EVENT_TIME), "UTC", None)
def test_each_instant_has_the_one_owner_that_is_told_for_it(instant: int, zone: str, last_day: dt.date | None) -> None:
    start, far = dt.date(2010, 12, 25), dt.date(9999, 12, 31)
    days = [start + dt.timedelta(days=n) for n in range(400)] + [far]
    times = np.array([instant], np.int64)

    owners = [day for day in days if Window("at", day, start, last_day, zone).owns_mask(times)[0]]

    told = owner(DatetimeMS(instant), start, last_day, zone)
    assert owners == ([told] if told in days else [])
    if last_day:
        assert len(owners) == 1


@given(st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 1, 1)), st.sampled_from(ZONES))
def test_owner_is_the_day_on_the_calendar_of_the_zone(at: dt.datetime, zone: str) -> None:
    at = at.replace(tzinfo=dt.UTC)

    assert owner(at, dt.date(2025, 1, 1), None, zone) == at.astimezone(ZoneInfo(zone)).date()
    assert owner(at, dt.date(2025, 1, 1), None, ZoneInfo(zone)) == at.astimezone(ZoneInfo(zone)).date()


def test_whole_collection_owns_everything() -> None:
    assert Window().owns_mask(np.array([NO_EVENT_TIME, 0])).tolist() == [True, True]
    assert Window().filter == {}


def test_windows_of_a_zone_are_equal_however_the_zone_is_named() -> None:
    assert Window("at", DAY1, START, None, "Asia/Kolkata") == Window("at", DAY1, START, None, ZoneInfo("Asia/Kolkata"))
    assert today("Pacific/Kiritimati") - today("Pacific/Pago_Pago") >= dt.timedelta(days=1)


@pytest.mark.services
def test_mongodb_gives_each_document_to_its_owner_and_to_no_other(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.orders.insert_many([{"_id": name, **fields} for name, fields, _ in CASES])

    found = {window.day: ids(mongo_database, window) for window in daily("at", START, DAY1, DAY3, last_day=DAY3)}

    assert found == {day: sorted(name for name, _, owner in CASES if owner == day) for day in (DAY1, DAY2, DAY3)}


@pytest.mark.services
def test_mongodb_gives_each_document_to_one_day_of_a_zone(mongo_database: Database[dict[str, Any]]) -> None:
    midnights = [midnight(day) - dt.timedelta(hours=1) for day in (DAY1, DAY2, DAY3)]
    last = dt.datetime(2026, 1, 3, 23, tzinfo=dt.UTC)
    instants = [at + shift for at in [*midnights, last] for shift in (-MILLISECOND, 0 * MILLISECOND)]
    mongo_database.orders.insert_many([{"_id": f"{number}", "at": at} for number, at in enumerate(instants)])

    windows = daily("at", START, DAY1, DAY3, last_day=DAY3, zone="Europe/Berlin")
    found = {window.day: ids(mongo_database, window) for window in windows}

    assert found == {DAY1: ["0", "1", "2", "7"], DAY2: ["3", "4"], DAY3: ["5", "6"]}


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

    result = landing.by_day(DAY1, DAY3, last_day=DAY3)

    assert result.inserted == len(CASES)
    assert sorted(landing.live("orders")) == sorted((day, name) for name, _, day in CASES)
    assert landing.by_day(DAY1, DAY3, last_day=DAY3).unchanged == len(CASES)


@pytest.mark.services
def test_document_of_a_future_day_is_landed_at_once_and_moves_when_its_day_has_come(landing: Landing) -> None:
    landing.database.orders.insert_one({"_id": "later", "at": noon(DAY3)})

    assert landing.by_day(DAY1, DAY2, last_day=DAY2).inserted == 1
    assert list(landing.live("orders")) == [(DAY1, "later")]

    moved = landing.by_day(DAY1, DAY3, last_day=DAY3)

    assert (moved.inserted, moved.updated, moved.deleted, moved.unchanged) == (1, 0, 1, 0)
    assert list(landing.live("orders")) == [(DAY3, "later")]


def ids(database: Database[dict[str, Any]], window: Window) -> list[str]:
    """The ids that a window's filter finds and its rule owns, which `owns` must confirm one by one."""
    found = []
    for data in read(database.orders, window, Range.everything()):
        batch = index(data, window.field)
        keys = batch.keys.to_pylist()
        found += [key.strip('"') for key, owned in zip(keys, window.owns_mask(batch.event_times), strict=True) if owned]
        documents = [database.orders.find_one({"_id": key.strip('"')}) for key in keys]
        assert [window.owns(document or {}) for document in documents] == window.owns_mask(batch.event_times).tolist()
    return sorted(found)

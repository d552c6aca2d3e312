"""A document that moves between days is in one window after every commit, whichever days are compared, in any order."""

import datetime as dt
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pyiceberg.table import Table

from fq_platform.extraction import documents, key_log, moves
from fq_platform.extraction.reading import read
from fq_platform.lakehouse import key_bounds
from fq_platform_tests.extraction.landing import DAY1, DAY2, DAY3, START, Landing, noon

pytestmark = pytest.mark.services

DAY9 = START + dt.timedelta(days=8)
Read = Callable[..., Iterator[Any]]


def put(landing: Landing, **days: dt.date) -> None:
    """Let the source hold documents with these days."""
    for key, day in days.items():
        landing.database.orders.replace_one({"_id": key}, {"at": noon(day)}, upsert=True)


def places(landing: Landing) -> set[tuple[dt.date | None, str]]:
    return set(landing.live("orders"))


def places_at_every_snapshot(landing: Landing) -> Iterator[list[tuple[dt.date, str]]]:
    """What is live in the lake after each commit."""
    table = landing.table("orders")
    for snapshot in table.snapshots():
        newest: dict[tuple[dt.date, str], dict[str, Any]] = {}
        rows = table.scan(snapshot_id=snapshot.snapshot_id).to_arrow().to_pylist()
        for row in sorted(rows, key=lambda row: row["_fq_extracted_at"]):
            newest[row["_fq_window"], row["_id"]] = row
        yield [place for place, row in newest.items() if row["_fq_op"] != "delete"]


def assert_never_twice(landing: Landing) -> None:
    for live in places_at_every_snapshot(landing):
        keys = [key for _, key in live]
        assert len(keys) == len(set(keys)), live


@pytest.mark.parametrize("order", [(DAY2, DAY3), (DAY3, DAY2)], ids=["old day first", "new day first"])
def test_moved_document_lives_in_one_window_whichever_day_is_compared_first(
    landing: Landing, order: tuple[dt.date, dt.date]
) -> None:
    put(landing, a=DAY2, b=DAY2, c=DAY3)
    landing.by_day(DAY1, DAY3)
    put(landing, a=DAY3)

    landing.by_day(order[0])
    assert_never_twice(landing)
    landing.by_day(order[1])

    assert places(landing) == {(DAY3, "a"), (DAY2, "b"), (DAY3, "c")}
    assert_never_twice(landing)
    assert not landing.by_day(DAY1, DAY3).changed


def test_only_the_new_day_is_asked_for_and_the_old_one_is_compared_in_the_same_commit(landing: Landing) -> None:
    put(landing, a=DAY2, b=DAY2)
    landing.by_day(DAY1, DAY9)
    put(landing, a=DAY9, b2=DAY2)

    result = landing.by_day(DAY9)

    assert {day: (found.inserted, found.deleted) for day, found in result.by_day.items()} == {
        DAY9: (1, 0),
        DAY2: (1, 1),
    }
    assert (result.inserted, result.deleted) == (2, 1)
    assert landing.snapshots("orders") == 2
    assert places(landing) == {(DAY9, "a"), (DAY2, "b"), (DAY2, "b2")}


def test_moves_that_follow_from_each_other_are_followed(landing: Landing) -> None:
    days = [START + dt.timedelta(days=n) for n in range(6)]
    put(landing, **{f"d{n}": day for n, day in enumerate(days)})
    landing.by_day(days[0], days[-1])
    put(landing, **{f"d{n}": day + dt.timedelta(days=1) for n, day in enumerate(days)})

    result = landing.by_day(days[-1] + dt.timedelta(days=1))

    assert list(result.by_day) == [days[-1] + dt.timedelta(days=1), *reversed(days)]
    assert landing.snapshots("orders") == 2
    assert_never_twice(landing)


def test_documents_that_left_or_returned_are_looked_for_by_their_newest_version(landing: Landing) -> None:
    put(landing, a=DAY2)
    landing.by_day(DAY1, DAY3)
    for day in (DAY3, DAY2, DAY9):
        put(landing, a=day)
        landing.by_day(day)
        assert places(landing) == {(day, "a")}
    assert_never_twice(landing)
    landing.database.orders.delete_one({"_id": "a"})
    landing.by_day(DAY9)
    put(landing, a=DAY2)
    assert list(landing.by_day(DAY2).by_day) == [DAY2], "it was nowhere, so no other window is compared"


def test_document_moved_out_of_the_range_lives_in_the_first_day_alone(landing: Landing) -> None:
    put(landing, a=DAY3, b=DAY2)
    landing.by_day(DAY1, DAY9)
    put(landing, a=START - dt.timedelta(days=40), b=START + dt.timedelta(days=400))

    result = landing.by_day(START)

    assert set(result.by_day) == {START, DAY2, DAY3}
    assert places(landing) == {(START, "a"), (START, "b")}


def test_day_that_begins_takes_its_documents_from_the_first_one_and_so_do_all_others(landing: Landing) -> None:
    put(landing, a=DAY3, b=DAY9)
    landing.by_day(DAY1, DAY2, last_day=DAY2)
    assert places(landing) == {(START, "a"), (START, "b")}

    result = landing.by_day(DAY9, last_day=DAY9)

    assert set(result.by_day) == {DAY9, START, DAY3}, "a would be in no window, were its day not compared"
    assert places(landing) == {(DAY3, "a"), (DAY9, "b")}


def test_windows_before_a_first_day_that_was_put_off_are_given_up(landing: Landing) -> None:
    put(landing, a=DAY1, b=DAY2, c=DAY9)
    landing.by_day(DAY1, DAY9)

    landing.start = DAY9
    landing.by_day(DAY9)

    assert places(landing) == {(DAY9, "a"), (DAY9, "b"), (DAY9, "c")}
    assert_never_twice(landing)


@pytest.mark.parametrize("first_load", [True, False], ids=["first load", "known to the lake"])
def test_document_that_moves_while_both_days_are_read_is_in_one_of_them(
    landing: Landing, monkeypatch: pytest.MonkeyPatch, *, first_load: bool
) -> None:
    put(landing, a=DAY2, b=DAY3)
    if not first_load:
        landing.by_day(DAY1, DAY9)
    put(landing, c=DAY2)
    moved: list[dt.date] = []

    def moving(*arguments: Any) -> Iterator[Any]:
        yield from read(*arguments)
        if arguments[1].day == DAY2 and not moved:
            moved.append(DAY9)
            put(landing, a=DAY9)

    monkeypatch.setattr(documents, "read", moving)

    result = landing.by_day(DAY1, DAY9, workers=1)

    assert moved
    assert places(landing) == {(DAY9, "a"), (DAY3, "b"), (DAY2, "c")}
    assert result.by_day[DAY2].inserted == 1, "what was compared twice counts once"
    (rows, files) = (landing.table("orders").scan().to_arrow(), landing.data_files())
    assert len(rows) == sum(len(landing.parquet(path)) for path in files), "what was given up is deleted"


def test_document_that_moves_each_time_is_refused_in_words(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    put(landing, a=DAY2)

    def restless(*arguments: Any) -> Iterator[Any]:
        put(landing, a=arguments[1].day)
        yield from read(*arguments)

    monkeypatch.setattr(documents, "read", restless)

    with pytest.raises(Exception, match=r"Documents moved into 2026-01-0\d or out of it during each of the 10 times"):
        landing.by_day(DAY2, DAY3, workers=1)
    assert landing.snapshots("orders") == 0
    assert landing.data_files() == set()


def test_runs_at_once_that_meet_a_new_document_on_two_days_leave_it_in_one(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(landing, a=DAY2, b=DAY1)
    landing.by_day(DAY1)
    overtaken: list[dt.date] = []

    def overtaking(*arguments: Any) -> Iterator[Any]:
        yield from read(*arguments)
        if arguments[1].day == DAY2 and not overtaken:
            overtaken.append(DAY2)
            put(landing, a=DAY3)
            other = threading.Thread(target=landing.by_day, args=(DAY3,))
            other.start()
            other.join()

    monkeypatch.setattr(documents, "read", overtaking)
    put(landing, c=DAY2)
    landing.by_day(DAY2)

    assert places(landing) == {(DAY3, "a"), (DAY1, "b"), (DAY2, "c")}
    assert_never_twice(landing)


@pytest.mark.parametrize("many", [False, True], ids=["few keys", "keys put aside, in slices"])
def test_any_moves_compared_in_any_order_and_at_once(
    landing: Landing, monkeypatch: pytest.MonkeyPatch, *, many: bool
) -> None:
    if many:
        monkeypatch.setattr(key_log, "IN_MEMORY", 3)
        monkeypatch.setattr(key_log, "SLICE", 5)
        monkeypatch.setattr(key_bounds, "EXACT_KEYS", 4)
    chance = random.Random(20260109)
    days = [START + dt.timedelta(days=n) for n in range(5)]
    put(landing, **{f"k{n:02}": chance.choice(days) for n in range(30)})
    landing.by_day(days[0], days[2])
    landing.by_day(days[3], days[4])
    for _ in range(3):
        put(landing, **{f"k{chance.randrange(40):02}": chance.choice(days) for _ in range(8)})
        runs = [threading.Thread(target=landing.by_day, args=(day,)) for day in chance.sample(days, 2)]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
    assert_never_twice(landing)
    landing.by_day(days[0], days[4])
    found = {(document["at"].date(), document["_id"]) for document in landing.database.orders.find()}
    assert places(landing) == found
    assert_never_twice(landing)


def test_files_that_can_hold_none_of_the_new_documents_are_not_opened(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(landing, **{f"2{n:03}": DAY2 for n in range(50)}, **{f"3{n:03}": DAY3 for n in range(50)})
    landing.by_day(DAY1, DAY3)
    opened: dict[dt.date | None, int] = {}
    rows_that_may_be = moves.rows_that_may_be

    def watched(table: Table, keys: key_bounds.KeyLookup) -> dict[Any, Any]:
        found = rows_that_may_be(table, keys)
        opened.update({day: rows.count for day, rows in found.items()})
        return found

    monkeypatch.setattr(moves, "rows_that_may_be", watched)
    put(landing, **{f"9{n:03}": DAY9 for n in range(50)})
    landing.by_day(DAY9)
    assert opened == {}
    put(landing, x=DAY9, **{"2010": DAY9})
    landing.by_day(DAY9)
    assert opened == {DAY2: 50}

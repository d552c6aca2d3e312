"""How changes become few runs, and what the sensor remembers: no MongoDB needed."""

import datetime as dt

import pytest

from fq_platform.automation.mongo_changes.blocks import MOST_SPANS, Unit, blocks, from_ranges, to_ranges
from fq_platform.automation.mongo_changes.memory import Block, Memory, Postponed, Request, everything
from fq_platform.automation.mongo_changes.requests import run_request
from fq_platform.automation.mongo_changes.rolling import roll
from fq_platform.sources import Collection, Sources

MARCH = dt.date(2026, 3, 1)
NOW = dt.datetime(2026, 3, 28, 12, tzinfo=dt.UTC)
TODAY = NOW.date()


def day(number: int) -> dt.date:
    return MARCH.replace(day=number)


def units(**days: list[int]) -> set[Unit]:
    return {(name, day(number)) for name, numbers in days.items() for number in numbers}


def shop(**collections: Collection) -> Sources:
    declared = collections or {"orders": Collection(partition_by="at"), "customers": Collection()}
    return Sources(app="shop", database="shop", start_date=MARCH, collections=declared)


def test_days_in_which_the_same_collections_changed_are_one_run_newest_first() -> None:
    found = blocks(units(orders=[1, 2, 4], payments=[2]), longest=92)

    assert [str(block) for block in found] == [
        "orders 2026-03-04",
        "orders, payments 2026-03-02",
        "orders 2026-03-01",
    ]


def test_collections_without_days_go_with_the_first_run_or_alone() -> None:
    whole: set[Unit] = {("customers", None), ("products", None)}

    assert [str(block) for block in blocks(whole | units(orders=[1, 3]), longest=92)] == [
        "orders 2026-03-03; customers, products",
        "orders 2026-03-01",
    ]
    assert [str(block) for block in blocks(whole, longest=92)] == ["customers, products"]
    assert blocks(set(), longest=92) == []


def test_a_long_range_is_cut_and_covers_every_day_once() -> None:
    wanted = units(orders=list(range(1, 29)), payments=list(range(1, 29)))

    found = blocks(wanted, longest=10)

    assert [(block.first, block.last) for block in found] == [
        (day(21), day(28)),
        (day(11), day(20)),
        (day(1), day(10)),
    ]
    assert set().union(*(block.units() for block in found)) == wanted
    assert [(block.first, block.last) for block in blocks(wanted, longest=0)] == [(day(1), day(28))]


def test_a_burst_over_scattered_days_becomes_few_runs_parted_at_the_widest_gaps() -> None:
    scattered = {
        ("orders", MARCH + dt.timedelta(days=number)) for number in range(0, 400, 2) if number not in (100, 102)
    }
    scattered.add(("payments", MARCH + dt.timedelta(days=2)))

    found = blocks(scattered, longest=0)

    assert len(found) <= MOST_SPANS
    assert scattered <= set().union(*(block.units() for block in found))
    assert not any(
        block.first <= MARCH + dt.timedelta(days=101) <= block.last for block in found if block.first and block.last
    )


def test_runs_over_more_than_a_week_let_others_go_first() -> None:
    def priority(last: int) -> str:
        block = Block(dated=("orders",), first=day(1), last=day(last))
        return run_request(shop(), Request(id="a", block=block, at=NOW)).tags["dagster/priority"]

    assert (priority(7), priority(8)) == ("1", "0")


def test_units_as_text_are_short_and_come_back() -> None:
    many = units(orders=[1, 2, 3, 9, 10, 11, 12], payments=[30]) | {("customers", None)}

    assert to_ranges(many) == {
        "customers": ["whole"],
        "orders": ["2026-03-01/2026-03-03", "2026-03-09/2026-03-12"],
        "payments": ["2026-03-30/2026-03-30"],
    }
    assert from_ranges(to_ranges(many)) == many


def test_cursor_comes_back_as_it_was() -> None:
    block = Block(whole=("customers",), dated=("orders",), first=day(1), last=day(2))
    memory = Memory(
        position="token",
        marks={"orders": NOW},
        pending=units(orders=[5]),
        requests=[Request(id="a", block=block, at=NOW)],
        postponed=[Postponed(block=block, failures=2, until=NOW, reason="its run is failure")],
        failed=2,
    )

    assert Memory.of(memory.to_cursor()) == memory
    assert Memory.of(None) == Memory()


@pytest.mark.parametrize("cursor", ['{"orders": "2026-03-01T12:00:00+00:00"}', "no json", '{"pending": {"a": ["x"]}}'])
def test_a_cursor_that_cannot_be_read_begins_anew(cursor: str) -> None:
    assert Memory.of(cursor) == Memory()


def test_what_is_new_or_cut_otherwise_is_compared_as_a_whole_and_the_rest_goes_on() -> None:
    memory = Memory()
    assert memory.adapt(shop(), TODAY) == ["orders", "customers"]
    memory.pending = units(orders=[5]) | {("customers", None)}
    assert memory.adapt(shop(), TODAY) == []
    memory.requests = [Request(id="a", block=Block(whole=("customers",)), at=NOW)]

    later = shop(orders=Collection(partition_by="paid_at"), payments=Collection(partition_by="at"))

    assert memory.adapt(later, TODAY) == ["orders", "payments"]
    assert memory.pending == everything(later, "orders", TODAY) | everything(later, "payments", TODAY)
    assert memory.requests == []


def test_nothing_is_compared_before_the_first_day_and_all_once_it_has_begun() -> None:
    memory = Memory()
    assert memory.adapt(shop(), MARCH - dt.timedelta(days=1)) == ["customers"]
    assert memory.adapt(shop(), MARCH) == ["orders"]
    assert memory.pending == {("customers", None), ("orders", MARCH)}


def test_rolling_reconciliation_comes_to_every_day_once_within_its_days_and_begins_again() -> None:
    memory = Memory()
    asked: list[Unit] = []
    for hour in range(7 * 24 + 1):
        share = roll(memory, shop(), ["orders", "customers"], days=7, now=NOW + dt.timedelta(hours=hour), today=TODAY)
        assert len(share) <= 1
        asked += share

    assert asked == [("orders", day(number)) for number in range(1, 29)]


def test_rolling_reconciliation_makes_up_for_a_pause_and_can_be_switched_off() -> None:
    memory = Memory()
    roll(memory, shop(), ["orders"], days=7, now=NOW, today=TODAY)

    assert roll(memory, shop(), ["orders"], days=7, now=NOW + dt.timedelta(minutes=59), today=TODAY) == set()
    assert roll(memory, shop(), ["orders"], days=7, now=NOW + dt.timedelta(days=2), today=TODAY) == units(
        orders=list(range(1, 9))
    )
    assert roll(memory, shop(), ["orders"], days=0, now=NOW + dt.timedelta(days=9), today=TODAY) == set()
    assert roll(memory, shop(), ["customers"], days=7, now=NOW + dt.timedelta(days=9), today=TODAY) == set()

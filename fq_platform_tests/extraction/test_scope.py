"""What a person asks for becomes windows, and what there is not is refused in words."""

import datetime as dt

import pytest

from fq_platform.errors import FqError
from fq_platform.extraction.scope import Scope, asked_for, scope
from fq_platform.extraction.windows import Window
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.sources import Collection, Sources

START, TODAY = dt.date(2026, 3, 1), dt.date(2026, 3, 4)


def day(number: int) -> dt.date:
    return START.replace(day=number)


def shop(**changes: object) -> Sources:
    options: dict[str, object] = {
        "app": "shop",
        "database": "db",
        "start_date": START,
        "time_zone": "Asia/Tokyo",
        "collections": {"orders": Collection(partition_by="at"), "products": Collection(), "Refunds": Collection()},
    }
    return Sources.model_validate(options | changes)


def days(found: Scope) -> list[int]:
    return [window.day.day for window in found.windows if window.day]


def test_everything_is_all_days_until_today_and_the_undated_whole() -> None:
    orders, products, refunds = asked_for(shop(), today=TODAY)

    assert orders == Scope(
        "orders",
        TableName(Layer.RAW, "shop_orders", "shop"),
        [Window("at", day(number), START, TODAY, "Asia/Tokyo") for number in (1, 2, 3, 4)],
        "2026-03-01...2026-03-04",
    )
    assert products == Scope("products", TableName(Layer.RAW, "shop_products", "shop"), [Window()], "")
    assert refunds.table.name == "shop_Refunds"


def test_collections_come_in_the_order_asked_for_and_once() -> None:
    found = asked_for(shop(), ["products", "orders", "products"], today=TODAY)

    assert [each.collection for each in found] == ["products", "orders"]


@pytest.mark.parametrize(
    ("first", "last", "numbers", "partition"),
    [
        (day(2), day(2), [2], "2026-03-02"),
        (day(2), day(3), [2, 3], "2026-03-02...2026-03-03"),
        (day(3), None, [3, 4], "2026-03-03...2026-03-04"),
        (None, day(2), [1, 2], "2026-03-01...2026-03-02"),
    ],
)
def test_days_asked_for_are_those_of_dated_collections_only(
    first: dt.date | None, last: dt.date | None, numbers: list[int], partition: str
) -> None:
    (orders,) = asked_for(shop(), (), first, last, today=TODAY)

    assert (days(orders), orders.partition) == (numbers, partition)
    # Which documents the first window owns depends on today, not on what is asked for.
    assert {window.last_day for window in orders.windows} == {TODAY}


def test_today_is_the_day_of_the_time_zone() -> None:
    found = scope(shop(start_date=dt.date(2026, 1, 1)), "orders")

    assert found.windows[-1].day == (dt.datetime.now(dt.UTC) + dt.timedelta(hours=9)).date()


@pytest.mark.parametrize(
    ("collections", "first", "last", "words"),
    [
        (["order"], None, None, r"'order' is not declared.*It declares orders\. Correct"),
        ((), dt.date(2026, 2, 28), None, r"2026-02-28 lies before the first day, 2026-03-01.*belong to 2026-03-01"),
        ((), None, day(5), r"2026-03-05 has not begun: in Asia/Tokyo it is 2026-03-04"),
        ((), day(3), day(2), "2026-03-03 lies after 2026-03-02"),
        (["orders", "products"], day(2), day(2), r"products has no days: no partition_by is declared.*Leave out"),
        (["products", "Refunds"], day(2), None, "products, Refunds have no days"),
    ],
)
def test_what_there_is_not_is_refused_in_words(
    collections: list[str], first: dt.date | None, last: dt.date | None, words: str
) -> None:
    with pytest.raises(FqError, match=words):
        asked_for(shop(), collections, first, last, today=TODAY)


def test_days_are_refused_where_no_collection_has_any() -> None:
    with pytest.raises(FqError, match="products has no days"):
        asked_for(shop(collections={"products": Collection()}), (), day(2), day(2), today=TODAY)


def test_start_date_to_come_is_refused_where_days_matter() -> None:
    early = START - dt.timedelta(days=1)

    with pytest.raises(FqError, match="2026-03-01 has not begun: in Asia/Tokyo it is 2026-02-28"):
        asked_for(shop(), today=early)
    assert [each.collection for each in asked_for(shop(), ["products"], today=early)] == ["products"]

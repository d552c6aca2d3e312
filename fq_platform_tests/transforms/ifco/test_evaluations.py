"""Tests of the analyses over time: which day is today, months without orders, owners who sold nothing, ties."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from fq_platform.contracts import CONTRACTS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.services

JANUARY, FEBRUARY, MARCH, APRIL = (dt.date(2025, month, 1) for month in range(1, 5))


def _orders(spark: "SparkSession", *rows: tuple[str, dt.date | None, str | None, list[str]]) -> "DataFrame":
    """Rows of the fact as far as the evaluations read it: id, day, crate type, owners."""
    contract = CONTRACTS["fct_ifco_orders"]
    types = {column.name: column.type for column in contract.columns}
    names = ("order_id", "order_date", "crate_type", "salesowners")
    return spark.createDataFrame(rows, ", ".join(f"{name} {types[name]}" for name in names))


@pytest.fixture(scope="module")
def orders(spark: "SparkSession") -> "DataFrame":
    """A year's orders: Eve is the last one to have sold, Abe only did a year ago, and Zoe only something undated."""
    return _orders(
        spark,
        ("a year ago", dt.date(2024, 4, 30), "Plastic", ["Abe"]),
        ("a day less", dt.date(2024, 5, 1), "Plastic", ["Bea", "Cid", "Bea"]),
        ("january", dt.date(2025, 1, 31), "Plastic", ["Cid"]),
        ("january, wood", dt.date(2025, 1, 1), "Wood", ["Bea", "Dov"]),
        ("january, nobody", dt.date(2025, 1, 2), "Wood", []),
        ("march", dt.date(2025, 3, 31), "Plastic", ["Cid", "Dov"]),
        ("today", dt.date(2025, 4, 30), "Wood", ["Eve", "Bea"]),
        ("undated", None, "Plastic", ["Zoe"]),
    ).localCheckpoint()


def _rows(frame: "DataFrame", *by: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in frame.orderBy(*by).collect()]


def test_who_sold_least_plastic_in_the_year_that_ends_today_comes_first(orders: "DataFrame") -> None:
    from fq_platform.transforms.ifco.ifco_owner_training import ifco_owner_training

    today = dt.date(2025, 4, 30)
    assert _rows(ifco_owner_training(orders, None), "rank") == [
        (1, "Eve", 0, 1, Decimal("0.0000"), today),
        (2, "Abe", 0, 0, None, today),  # nothing in the year, so no share: after those who sold something else
        (3, "Bea", 1, 3, Decimal("0.3333"), today),
        (4, "Dov", 1, 2, Decimal("0.5000"), today),
        (5, "Cid", 3, 3, Decimal("1.0000"), today),
    ]


def test_a_day_before_nobody_knows_of_the_last_order(orders: "DataFrame") -> None:
    from fq_platform.transforms.ifco.ifco_owner_training import ifco_owner_training

    rows = _rows(ifco_owner_training(orders, dt.date(2025, 4, 29)), "rank")

    assert [row[:4] for row in rows] == [(1, "Bea", 1, 2), (2, "Dov", 1, 2), (3, "Abe", 1, 1), (4, "Cid", 3, 3)]
    assert {row[5] for row in rows} == {dt.date(2025, 4, 29)}


def test_best_of_three_months_with_equals_in_the_order_of_names(orders: "DataFrame") -> None:
    from fq_platform.transforms.ifco.ifco_top_owners_by_month import ifco_top_owners_by_month

    rows = _rows(ifco_top_owners_by_month(orders, None), "month", "rank")

    assert [row for row in rows if row[0] >= JANUARY] == [
        (JANUARY, 1, "Cid", 1),
        (FEBRUARY, 1, "Cid", 1),
        (MARCH, 1, "Cid", 2),
        (MARCH, 2, "Dov", 1),
        (APRIL, 1, "Cid", 1),
        (APRIL, 2, "Dov", 1),
    ]
    assert (dt.date(2024, 5, 1), 2, "Bea", 1) in rows  # named twice, sold once


def test_five_are_best_and_months_do_not_go_beyond_today(spark: "SparkSession") -> None:
    from fq_platform.transforms.ifco.ifco_top_owners_by_month import ifco_top_owners_by_month

    six = _orders(spark, ("o", JANUARY, "Plastic", ["F", "E", "D", "C", "B", "A"]))

    best = [(rank, name, 1) for rank, name in enumerate("ABCDE", 1)]
    assert _rows(ifco_top_owners_by_month(six, FEBRUARY), "month", "rank") == [
        (month, *row) for month in (JANUARY, FEBRUARY) for row in best
    ]


def test_months_without_orders_are_there_and_have_no_share(orders: "DataFrame") -> None:
    from fq_platform.transforms.ifco.ifco_crate_orders_by_month import ifco_crate_orders_by_month

    rows = _rows(ifco_crate_orders_by_month(orders, dt.date(2025, 4, 29)), "month", "crate_type")

    assert len(rows) == 2 * 13  # from April to April
    assert rows[-8:] == [
        (JANUARY, "Plastic", 1, Decimal("0.3333")),
        (JANUARY, "Wood", 2, Decimal("0.6667")),
        (FEBRUARY, "Plastic", 0, None),
        (FEBRUARY, "Wood", 0, None),
        (MARCH, "Plastic", 1, Decimal("1.0000")),
        (MARCH, "Wood", 0, Decimal("0.0000")),
        (APRIL, "Plastic", 0, None),  # nothing yet
        (APRIL, "Wood", 0, None),
    ]


def test_orders_without_a_crate_type_count_as_unknown(spark: "SparkSession") -> None:
    from fq_platform.transforms.ifco.ifco_crate_distribution import ifco_crate_distribution
    from fq_platform.transforms.ifco.ifco_crate_orders_by_month import ifco_crate_orders_by_month

    orders = spark.createDataFrame(
        [("c1", "One", None, JANUARY), ("c1", "One", None, JANUARY), ("c1", "One", "Wood", JANUARY)],
        "company_key string, company_name string, crate_type string, order_date date",
    )

    assert _rows(ifco_crate_distribution(orders), "crate_type") == [
        ("c1", "One", "Unknown", 2),
        ("c1", "One", "Wood", 1),
    ]
    assert _rows(ifco_crate_orders_by_month(orders, None), "crate_type") == [
        (JANUARY, "Unknown", 2, Decimal("0.6667")),
        (JANUARY, "Wood", 1, Decimal("0.3333")),
    ]


def test_commissions_that_are_equal_stand_in_the_order_of_names(spark: "SparkSession") -> None:
    from fq_platform.transforms.ifco.ifco_commissions import ifco_commissions

    earned = spark.createDataFrame(
        [("Bea", Decimal("9.50"), 1), ("Abe", Decimal("9.50"), 2), ("Cid", Decimal("10.00"), 1)],
        "sales_owner string, commission decimal(18,2), order_count bigint",
    )

    assert _rows(ifco_commissions(earned), "rank") == [
        (1, "Cid", Decimal("10.00")),
        (2, "Abe", Decimal("9.50")),
        (3, "Bea", Decimal("9.50")),
    ]


def test_company_without_owners_has_an_empty_list(spark: "SparkSession") -> None:
    from fq_platform.transforms.ifco.ifco_company_salesowners import ifco_company_salesowners

    orders = spark.createDataFrame(
        [("c1", "One", ["Leonard Cohen", "Ana-Maria Paz"]), ("c1", "One", ["Leon Leonov"]), ("c2", "Two", [])],
        "company_key string, company_name string, salesowners array<string>",
    )

    assert _rows(ifco_company_salesowners(orders), "company_id") == [
        ("c1", "One", "Ana-Maria Paz, Leon Leonov, Leonard Cohen"),
        ("c2", "Two", ""),
    ]

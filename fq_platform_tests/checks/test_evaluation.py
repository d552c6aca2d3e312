"""Tests of evaluating contracts: each kind of bad data is counted and named."""

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from fq_platform.checks.evaluation import Result, evaluate_contract, evaluate_violations
from fq_platform.contracts import Column, Contract, Reference
from fq_platform.lakehouse.layout import Layer

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.services

SCHEMA = "day DATE, id STRING, status STRING, customer_id STRING, lines ARRAY<STRUCT<product_id: STRING>>"
DAY = dt.date(2026, 1, 5)
CONTRACT = Contract(
    layer=Layer.ANALYTICS,
    name="things",
    grain="one thing",
    description="Things.",
    owner="team:things",
    source="raw_things",
    columns=tuple(Column(name, "string", "A column") for name in ("day", "id", "status", "customer_id", "lines")),
    primary_key=("day", "id"),
    not_null=("status",),
    accepted={"status": ("open", "paid"), "customer_id": ("c1", "c2", "c3")},
    references=(Reference("customer_id", "customers", "customer_id"), Reference("lines.product_id", "products", "id")),
)


def _table(spark: "SparkSession", *rows: tuple[Any, ...]) -> "DataFrame":
    return spark.createDataFrame(list(rows), SCHEMA)


def test_good_data_passes_and_so_does_an_empty_table(spark: "SparkSession") -> None:
    good = _table(spark, (DAY, "a", "open", "c1", []), (DAY, "b", "paid", None, None))

    results = evaluate_contract(CONTRACT, good)

    assert {rule: (result.rows, result.passed) for rule, result in results.items()} == {
        "primary_key_unique": (2, True),
        "not_null": (2, True),
        "accepted_values": (2, True),
    }
    assert all(result.passed for result in evaluate_contract(CONTRACT, good.limit(0)).values())


def test_each_broken_promise_is_counted_per_column_with_examples(spark: "SparkSession") -> None:
    bad = _table(
        spark,
        (DAY, "twice", "open", "c1", []),
        (DAY, "twice", "open", "c1", []),
        (DAY, "twice", "open", "c1", []),
        (None, "no day", "open", "c1", []),
        (DAY, "no status", None, "c1", []),
        (DAY, "odd status", "OPEN", "c1", []),
        (DAY, "odd both", "lost", "c9", []),
    )

    results = evaluate_contract(CONTRACT, bad)

    key, nulls, accepted = (results[rule] for rule in ("primary_key_unique", "not_null", "accepted_values"))
    assert (key.violations, key.examples) == (2, [{"day": DAY, "id": "twice", "rows": 3}])
    assert (nulls.violations, nulls.by_column) == (2, {"day": 1, "status": 1})
    assert [row["id"] for row in nulls.examples] == ["no day", "no status"]
    assert (accepted.violations, accepted.by_column) == (2, {"status": 2, "customer_id": 1})
    assert list(accepted.examples) == [
        {"day": DAY, "id": "odd both", "status": "lost", "customer_id": "c9"},
        {"day": DAY, "id": "odd status", "status": "OPEN", "customer_id": "c1"},
    ]


def test_keys_that_are_null_are_not_taken_for_equal_to_any_other(spark: "SparkSession") -> None:
    results = evaluate_contract(CONTRACT, _table(spark, (DAY, None, "open", "c1", []), (None, "a", "open", "c1", [])))

    assert results["primary_key_unique"].passed
    assert results["not_null"].by_column == {"day": 1, "id": 1}


def test_at_most_five_examples_are_given(spark: "SparkSession") -> None:
    result = evaluate_contract(CONTRACT, _table(spark, *((DAY, f"{n}", None, "c1", []) for n in range(9))))["not_null"]

    assert (result.violations, [row["id"] for row in result.examples]) == (9, ["0", "1", "2", "3", "4"])


def test_references_to_nothing_are_found_and_nulls_refer_to_nothing(spark: "SparkSession") -> None:
    rows = _table(
        spark,
        (DAY, "a", "open", "c1", []),
        (DAY, "b", "open", None, []),
        (DAY, "c", "open", "c1", []),
        (DAY, "d", "open", "gone", []),
    )
    customers = spark.createDataFrame([("c1",), ("c1",)], "customer_id STRING")

    results = evaluate_contract(CONTRACT, rows, {CONTRACT.references[0]: customers})

    result = results["references_customers"]
    assert (result.rows, result.violations) == (3, 1)
    assert result.examples == [{"day": DAY, "id": "d", "customer_id": "gone"}]
    assert results["primary_key_unique"] == Result(rows=4, violations=0)


def test_references_of_nested_lines_are_followed(spark: "SparkSession") -> None:
    rows = _table(
        spark, (DAY, "a", "open", "c1", [("p1",), ("gone",), ("p1",), (None,)]), (DAY, "b", "open", "c1", None)
    )
    products = spark.createDataFrame([("p1",)], "id STRING")

    result = evaluate_contract(CONTRACT, rows, {CONTRACT.references[1]: products})["references_products"]

    assert (result.rows, result.violations) == (3, 1)
    assert result.examples == [{"day": DAY, "id": "a", "product_id": "gone"}]


def test_violations_are_counted_beside_the_rows_and_the_figures(spark: "SparkSession") -> None:
    table = spark.range(7)

    broken = evaluate_violations(table, table.where("id > 4"), {"greatest": table.selectExpr("max(id)")})
    kept = evaluate_violations(table, table.where("id > 6"))

    assert broken == Result(rows=7, violations=2, examples=[{"id": 5}, {"id": 6}], figures={"greatest": 6})
    assert kept == Result(rows=7, violations=0)

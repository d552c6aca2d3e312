"""Tests of which companies are merged: the pairs that the decision record names, chains, who stands for a company."""

import datetime as dt
import random
from typing import TYPE_CHECKING

import pytest

from fq_platform.contracts import CONTRACTS

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.services

NAMES = {
    "Seafood Supplier": "seafood supplier",
    "Seafood Supplier GmbH": "seafood supplier",
    "Healthy Snacks": "healthy snacks",
    "healthy snacks c.o.": "healthy snacks",
    "Healthy Snacks Co": "healthy snacks",
    "Fresh Fruits c.o": "fresh fruits",
    "Farm Fresh Co": "farm fresh",
    "FARM FRESH, Ltd.": "farm fresh",
    "Fresh Farms Ltd": "fresh farms",
    "Veggies Inc": "veggies",
    "Veggies Unlimited": "veggies unlimited",
    "Seafood Global Inc": "seafood global",
    "Global Seafood Co": "global seafood",
    "Müller Obst GmbH & Co. KG": "müller obst",
    "Frutas Díaz S. L.": "frutas díaz",
    "Fruits & Veggies Co": "fruits veggies",
    "Company": "company",
    "Corner Co-op": "corner co op",
    "Incas": "incas",
    "Nancy's": "nancys",
    "!": None,
    None: None,
}
"""Spelling -> what it is compared by."""

FIRST = dt.date(2022, 1, 1)


def test_names_are_the_same_without_case_punctuation_and_legal_form(spark: "SparkSession") -> None:
    from pyspark.sql import functions as sf

    from fq_platform.transforms.ifco.companies import same_name

    spelled = spark.createDataFrame([(name,) for name in NAMES], "name STRING")
    found = {row["name"]: row["same"] for row in spelled.withColumn("same", same_name(sf.col("name"))).collect()}

    assert found == NAMES


def test_ids_are_one_company_along_chains_of_any_length(spark: "SparkSession") -> None:
    from fq_platform.transforms.ifco.companies import merged

    chain = [(f"id{(link + step) * 37 % 101:03}", f"name{link}") for link in range(60) for step in (0, 1)]
    star = [(f"star{point}", "star") for point in range(5)]
    random.Random(7).shuffle(chain)
    named = spark.createDataFrame([*chain, *star, *star, ("alone", "alone")], "company_id STRING, name STRING")

    ((companies,),) = merged(named).collect()

    assert {frozenset(ids) for ids in companies} == {
        frozenset(one for one, _ in chain),
        frozenset(one for one, _ in star),
    }
    assert len(companies) == 2


def _dimension(spark: "SparkSession", orders: "list[tuple[str | None, str | None, int | None]]") -> "DataFrame":
    """The dimension of orders: company_id, name, and days after the first."""
    from fq_platform.transforms.ifco.dim_company import dim_company

    rows = [
        (company, name, FIRST + dt.timedelta(days=days) if days is not None else None) for company, name, days in orders
    ]
    ordered = spark.createDataFrame(rows, "company_id STRING, company_name STRING, order_date DATE")
    invoiced = spark.createDataFrame([("x1",), ("x1",), ("a2",), (None,)], "company_id STRING")
    return dim_company(ordered, invoiced)


def test_the_earliest_order_says_the_key_and_most_orders_the_name(spark: "SparkSession") -> None:
    dimension = _dimension(
        spark,
        [
            *(("a1", "Apple Co", day) for day in (5, 6)),
            ("a2", "apple c.o.", 3),
            ("a3", "Apple Ltd", 4),
            ("a3", "Apple GmbH", None),
            ("b2", "Berry Ltd", 9),  # on the same day as b1: the smaller id and, of equal names, the first
            ("b1", "Berry Co", 9),
            ("c1", "Cherry", None),
            ("c1", None, 1),
            ("d1", None, 2),
            (None, "Nobody Inc", 0),
        ],
    )

    apples = ["Apple Co", "Apple GmbH", "Apple Ltd", "apple c.o."]
    assert {row["company_id"]: tuple(row)[1:] for row in dimension.collect()} == {
        "a1": ("a2", "Apple Co", "Apple Co", apples),
        "a2": ("a2", "Apple Co", "apple c.o.", apples),
        "a3": ("a2", "Apple Co", "Apple Ltd", apples),
        "b1": ("b1", "Berry Co", "Berry Co", ["Berry Co", "Berry Ltd"]),
        "b2": ("b1", "Berry Co", "Berry Ltd", ["Berry Co", "Berry Ltd"]),
        "c1": ("c1", "Cherry", "Cherry", ["Cherry"]),
        "d1": ("d1", "Unknown", None, []),
        "x1": ("x1", "Unknown", None, []),
        "unknown": ("unknown", "Unknown", None, []),
    }
    assert dimension.columns == [column.name for column in CONTRACTS["dim_company"].columns]
    assert dimension.count() == 9

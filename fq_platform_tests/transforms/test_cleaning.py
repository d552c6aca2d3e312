"""Tests of reading fields whose values are spread over a column and the rescued values."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from fq_platform_tests.transforms.raw import changelog

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.services


def quantities(spark: "SparkSession", kind: str, *documents: dict[str, Any]) -> dict[str, tuple[Any, list[str]]]:
    """`_id` -> what `number(18, 6)` reads from the field `quantity` of that type, and the issues."""
    from pyspark.sql import functions as sf

    from fq_platform.transforms.changelog import current
    from fq_platform.transforms.documents import Document

    document = Document(current(changelog(spark, f"_id STRING, quantity {kind}", *documents)))
    table = document.table(key=sf.col("_id"), quantity=document.number("quantity", 18, 6))
    return {row["key"]: (row["quantity"], row["data_issues"]) for row in table.collect()}


def rescued(key: str, json: str) -> dict[str, Any]:
    return {"_id": key, "_fq_rescued": {"quantity": json}}


def test_a_field_of_integers_and_fractions_is_one_exact_numeric_column(spark: "SparkSession") -> None:
    """The raw column is a long: no integer in it ever becomes a double, and no fraction is lost."""
    read = quantities(
        spark,
        "BIGINT",
        {"_id": "integer", "quantity": 3},
        {"_id": "beyond doubles", "quantity": 900_719_925_475},
        rescued("fraction", '{"$numberDouble": "2.5"}'),
        rescued("tenth", '{"$numberDouble": "0.1"}'),
        rescued("small", '{"$numberDouble": "1e-05"}'),
        rescued("great", '{"$numberDouble": "1e+17"}'),
        rescued("decimal", '{"$numberDecimal": "12.345678"}'),
        rescued("integral decimal", '{"$numberDecimal": "7"}'),
        rescued("finer", '{"$numberDouble": "0.30000049"}'),
        rescued("text", '"12.50"'),
        rescued("word", '"twelve"'),
        rescued("nan", '{"$numberDouble": "NaN"}'),
        {"_id": "null", "_fq_nulls": ["quantity"]},
        {"_id": "missing"},
    )

    assert read == {
        "integer": (Decimal(3), []),
        "beyond doubles": (Decimal(900_719_925_475), []),
        "fraction": (Decimal("2.5"), []),
        "tenth": (Decimal("0.1"), []),
        "small": (Decimal("0.00001"), []),
        "great": (None, ['quantity: cannot be read: {"$numberDouble": "1e+17"}']),
        "decimal": (Decimal("12.345678"), []),
        "integral decimal": (Decimal(7), []),
        "finer": (Decimal("0.3"), ["quantity: rounded from 0.30000049"]),
        "text": (Decimal("12.50"), []),
        "word": (None, ['quantity: cannot be read: "twelve"']),
        "nan": (None, ['quantity: cannot be read: {"$numberDouble": "NaN"}']),
        "null": (None, []),
        "missing": (None, []),
    }


def test_a_field_of_doubles_takes_the_decimals_and_great_integers_beside_it(spark: "SparkSession") -> None:
    read = quantities(
        spark,
        "DOUBLE",
        {"_id": "double", "quantity": 0.1},
        {"_id": "integral", "quantity": 30.0},
        rescued("decimal", '{"$numberDecimal": "0.1"}'),
        rescued("text", '"12.50"'),
    )

    assert read == {
        "double": (Decimal("0.1"), []),
        "integral": (Decimal(30), []),
        "decimal": (Decimal("0.1"), []),
        "text": (Decimal("12.50"), []),
    }


@pytest.mark.parametrize("columns", ["_id STRING", "_id STRING, tags ARRAY<STRING>, lines ARRAY<STRUCT<sku: STRING>>"])
def test_empty_arrays_and_documents_are_empty_also_before_they_have_a_column(
    spark: "SparkSession", columns: str
) -> None:
    from pyspark.sql import functions as sf

    from fq_platform.transforms.changelog import current
    from fq_platform.transforms.documents import Document

    empty = {"tags": "[]", "lines": "[]", "address": "{}", "other": "[]"}
    document = Document(current(changelog(spark, columns, {"_id": "a", "_fq_rescued": empty})))
    table = document.table(
        key=sf.col("_id"),
        tags=document.texts("tags"),
        lines=document.lines("lines", lambda line, _: {"sku": line.text("sku")}),
        street=document.struct("address").text("street"),
    )

    (row,) = table.collect()
    assert (row["tags"], row["lines"], row["street"], row["data_issues"]) == ([], [], None, [])


def test_an_empty_document_where_a_text_belongs_is_not_taken_for_nothing(spark: "SparkSession") -> None:
    from fq_platform.transforms.changelog import current
    from fq_platform.transforms.documents import Document

    raw = changelog(spark, "_id STRING, name STRING", {"_id": "a", "_fq_rescued": {"name": "{}"}})
    document = Document(current(raw))

    (row,) = document.table(name=document.text("name")).collect()
    assert (row["name"], row["data_issues"]) == (None, ["name: cannot be read: {}"])

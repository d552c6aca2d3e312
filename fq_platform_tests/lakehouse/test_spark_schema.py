"""Which changes a table takes for new rows, and which rows it refuses."""

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from fq_platform.errors import FqError
from fq_platform.lakehouse.iceberg_types import iceberg_schema
from fq_platform.lakehouse.spark_schema import evolution

pytestmark = pytest.mark.services

TABLE = "iceberg.analytics.t"


def schema_of(spark: SparkSession, select: str) -> StructType:
    return spark.sql(f"SELECT {select}").schema


@pytest.mark.parametrize(
    ("present", "incoming", "path", "kind", "added"),
    [
        ("1 AS a", "1 AS a, 'x' AS b", "b", "string", True),
        ("named_struct('x', 1) AS a", "named_struct('y', 1) AS a", "a/y", "int", True),
        ("array(named_struct('x', 1)) AS a", "array(named_struct('y', 1)) AS a", "a/element/y", "int", True),
        ("map(1, named_struct('x', 1)) AS a", "map(1, named_struct('y', 1)) AS a", "a/value/y", "int", True),
        ("1 AS a", "1L AS a", "a", "long", False),
        ("array(1F) AS a", "array(1D) AS a", "a/element", "double", False),
        ("1.5BD AS a", "123.5BD AS a", "a", "decimal(4, 1)", False),
        ("1 AS a", "1 AS a, array(named_struct('b c', 1D)) AS d", "d", "list<struct<2: b c: optional double>>", True),
    ],
)
def test_column_is_added_or_widened(
    spark: SparkSession, present: str, incoming: str, path: str, kind: str, added: bool
) -> None:
    (change,) = evolution(TABLE, schema_of(spark, present), schema_of(spark, incoming))
    assert ("/".join(change.path), str(change.kind), change.added) == (path, kind, added)


@pytest.mark.parametrize(
    ("present", "incoming"),
    [
        ("1 AS a, 2 AS b", "2 AS b"),
        ("1L AS a", "1 AS a"),
        ("1L AS a", "CAST(1 AS TINYINT) AS a"),
        ("1D AS a", "1F AS a"),
        ("CAST(1 AS DECIMAL(38,12)) AS a", "CAST(1 AS DECIMAL(10,2)) AS a"),
        ("named_struct('x', 1, 'y', 2) AS a", "named_struct('y', 2) AS a"),
        ("'x' AS a", "NULL AS a"),
        ("1 AS a", "1 AS A"),
    ],
)
def test_rows_that_fit_change_nothing(spark: SparkSession, present: str, incoming: str) -> None:
    assert evolution(TABLE, schema_of(spark, present), schema_of(spark, incoming)) == []


@pytest.mark.parametrize(
    ("present", "incoming", "column", "types"),
    [
        ("1L", "'x'", "n", ("bigint", "string")),
        ("1L", "1.5D", "n", ("bigint", "double")),
        ("1D", "1L", "n", ("double", "bigint")),
        ("DATE '2026-01-01'", "TIMESTAMP '2026-01-01'", "n", ("date", "timestamp")),
        ("CAST(1 AS DECIMAL(10,2))", "CAST(1 AS DECIMAL(12,4))", "n", ("decimal(10,2)", "decimal(12,4)")),
        ("CAST(1 AS DECIMAL(10,4))", "CAST(1 AS DECIMAL(10,2))", "n", ("decimal(10,4)", "decimal(10,2)")),
        ("named_struct('a', 1)", "named_struct('a', 'x')", "n.a", ("int", "string")),
        ("array(named_struct('a', 1))", "array(named_struct('a', true))", "n.element.a", ("int", "boolean")),
        ("named_struct('a', 1)", "1", "n", ("struct<a:int>", "int")),
        ("map('a', 1)", "map(1, 1)", "n", ("map<string,int>", "map<int,int>")),
    ],
)
def test_type_that_would_lose_values_is_refused(
    spark: SparkSession, present: str, incoming: str, column: str, types: tuple[str, str]
) -> None:
    with pytest.raises(FqError) as refused:
        evolution(TABLE, schema_of(spark, f"{present} AS n"), schema_of(spark, f"1 AS new, {incoming} AS n"))
    assert f"The column {column} is {types[0]} in the table and {types[1]} in the new rows" in refused.value.what
    assert refused.value.where == TABLE
    assert f"Cast the column to {types[0]}" in refused.value.fix


def test_untyped_null_cannot_make_a_column(spark: SparkSession) -> None:
    with pytest.raises(FqError, match=r"The column a\.x has no type"):
        iceberg_schema(TABLE, schema_of(spark, "named_struct('x', NULL) AS a"))


def test_type_that_no_table_can_hold_is_named(spark: SparkSession) -> None:
    with pytest.raises(FqError, match=r"The column a\.x is interval day to second, which no table can hold"):
        iceberg_schema(TABLE, schema_of(spark, "named_struct('x', INTERVAL '1 2:3:4' DAY TO SECOND) AS a"))

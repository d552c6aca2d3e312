"""The fingerprint differs where content does, however small the difference, and only there."""

from decimal import Decimal

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf

from fq_platform.lakehouse.fingerprint import row_hash

pytestmark = pytest.mark.services


def of(rows: DataFrame) -> Decimal:
    total: Decimal = rows.agg(sf.sum(row_hash(rows.schema))).collect()[0][0]
    return total


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1 AS a, CAST(NULL AS INT) AS b", "CAST(NULL AS INT) AS a, 1 AS b"),
        ("array(1, NULL) AS a", "array(NULL, 1) AS a"),
        ("array(array(1), array(2)) AS a", "array(array(1, 2)) AS a"),
        ("array(array(0)) AS a", "CAST(array(array(), array(), array()) AS ARRAY<ARRAY<INT>>) AS a"),
        ("CAST(NULL AS ARRAY<INT>) AS a", "CAST(array() AS ARRAY<INT>) AS a"),
        ("CAST(NULL AS STRUCT<x: INT>) AS a", "CAST(named_struct('x', NULL) AS STRUCT<x: INT>) AS a"),
        ("array(named_struct('x', named_struct('y', 1))) AS a", "array(named_struct('x', named_struct('y', 2))) AS a"),
        ("map('k', array(1)) AS a", "map('k', array(2)) AS a"),
        ("map('k', 1) AS a", "map('l', 1) AS a"),
        ("array(map('k', 1)) AS a", "array(map('k', 2)) AS a"),
        ("CAST('NaN' AS DOUBLE) AS a", "CAST(NULL AS DOUBLE) AS a"),
        ("CAST(1 AS DECIMAL(38,12)) AS a", "CAST('1.000000000001' AS DECIMAL(38,12)) AS a"),
        ("CAST('0' AS DECIMAL(38,0)) AS a", f"CAST('{10**37}' AS DECIMAL(38,0)) AS a"),
        ("TIMESTAMP '2026-01-01 00:00:00' AS a", "TIMESTAMP '2026-01-01 00:00:00.000001' AS a"),
        ("'' AS a", "CAST(NULL AS STRING) AS a"),
    ],
)
def test_differs_where_content_does(spark: SparkSession, before: str, after: str) -> None:
    first, second = spark.sql(f"SELECT {before}"), spark.sql(f"SELECT {after}")
    assert [kind for _, kind in first.dtypes] == [kind for _, kind in second.dtypes]
    assert of(first) != of(second)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("VALUES (1, 'a'), (2, 'b')", "VALUES (2, 'b'), (1, 'a')"),
        ("SELECT map('a', 1, 'b', 2) AS a", "SELECT map('b', 2, 'a', 1) AS a"),
        ("SELECT CAST('NaN' AS DOUBLE) AS a", "SELECT sqrt(-1D) AS a"),
        ("SELECT 0D AS a", "SELECT -0D AS a"),
    ],
    ids=["order of rows", "order in a map", "NaN", "minus zero"],
)
def test_equals_where_content_does(spark: SparkSession, before: str, after: str) -> None:
    assert of(spark.sql(before)) == of(spark.sql(after)) is not None


def test_many_rows_do_not_overflow(spark: SparkSession) -> None:
    rows = spark.range(100_000)
    assert of(rows) == of(rows.orderBy(rows.id.desc()))

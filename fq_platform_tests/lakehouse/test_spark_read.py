"""Spark and PyIceberg read the same columns and rows wherever in a table's history."""

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyiceberg.types import StringType

from fq_platform.errors import FqError
from fq_platform.lakehouse.arrow_read import TableRows
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.read_point import ReadOptions, Since, read_point
from fq_platform.lakehouse.spark_read import read
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.spark import NewTable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.services


def test_engines_agree_on_columns_and_rows_of_the_past_of_branches_and_of_increments(
    spark: "SparkSession", spark_settings: Settings, new_table: NewTable
) -> None:
    name = new_table()
    table = open_catalog(spark_settings).create_table(name.identifier, pa.schema([("n", pa.int64())]))
    table.append(pa.table({"n": [1]}))
    first = table.metadata.current_snapshot_id
    assert first is not None
    table.manage_snapshots().create_branch(first, "audit").commit()
    table.append(pa.table({"n": [2]}), branch="audit")
    with table.update_schema() as change:
        change.add_column("added", StringType())
    table.append(pa.table({"n": [3], "added": ["x"]}))
    found = {}
    for options in (
        ReadOptions(),
        ReadOptions(as_of=first),
        ReadOptions(branch="audit"),
        ReadOptions(since=Since(first)),
        ReadOptions(branch="audit", since=Since(first)),
    ):
        point = read_point(table, options)
        by_spark = read(spark, name, point=point)
        assert by_spark is not None
        rows = TableRows(table, point).to_table().sort_by("n")
        assert by_spark.columns == rows.column_names, options
        assert [row.asDict() for row in by_spark.sort("n").collect()] == rows.to_pylist(), options
        found[options] = rows.to_pylist()
    assert found[ReadOptions()] == [{"n": 1, "added": None}, {"n": 3, "added": "x"}]
    assert found[ReadOptions(branch="audit")] == [{"n": 1, "added": None}, {"n": 2, "added": None}]
    assert found[ReadOptions(since=Since(first))] == [{"n": 3, "added": "x"}]


def test_past_of_a_table_that_was_replaced_is_read_unless_a_column_became_another(
    spark: "SparkSession", spark_settings: Settings, new_table: NewTable
) -> None:
    name = new_table()
    catalog = open_catalog(spark_settings)
    table = catalog.create_table(name.identifier, pa.schema([("n", pa.int32()), ("gone", pa.string())]))
    table.append(pa.table({"n": pa.array([1], pa.int32()), "gone": ["x"]}))
    first = table.metadata.current_snapshot_id
    assert first is not None
    spark.sql("SELECT 2L AS n, 'y' AS new").writeTo(name.qualified).using("iceberg").createOrReplace()

    point = read_point(table.refresh(), ReadOptions(as_of=first))
    by_spark = read(spark, name, point=point)
    assert by_spark is not None
    then = [row.asDict() for row in by_spark.collect()]
    assert then == TableRows(table, point).to_table().to_pylist() == [{"n": 1, "new": None}]

    spark.sql("SELECT 'three' AS n").writeTo(name.qualified).using("iceberg").createOrReplace()
    with pytest.raises(FqError, match="n was int at snapshot") as told:
        read_point(table.refresh(), ReadOptions(as_of=first))
    assert "is string" in told.value.what
    assert told.value.where == name.qualified
    remedy = told.value.fix.split("in Spark SQL: ")[1]
    assert [row.asDict() for row in spark.sql(f"SELECT * {remedy}").collect()] == [{"n": 1, "gone": "x"}]

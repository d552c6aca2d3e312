"""SHOW CREATE TABLE tells a table so well that Spark can make it again from what it says."""

from typing import TYPE_CHECKING

import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import SortField, SortOrder
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform, TruncateTransform
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
)

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.query.engine import QueryEngine, open_engine
from fq_platform.query.options import EngineName
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.spark import NewTable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LINE = StructType(
    NestedField(21, "sku", StringType(), required=False, doc="What"),
    NestedField(22, "unit price", DecimalType(18, 2), required=False),
)
SCHEMA = Schema(
    NestedField(1, "id", StringType(), required=True, doc="The buyer's key, with a \\ in it"),
    NestedField(2, "day", DateType(), required=False),
    NestedField(3, "at", TimestamptzType(), required=False),
    NestedField(4, "local", TimestampType(), required=False),
    NestedField(5, "number", LongType(), required=False, doc="On\ntwo lines"),
    NestedField(6, "weight", DoubleType(), required=False),
    NestedField(7, "is_open", BooleanType(), required=False),
    NestedField(8, "hash", BinaryType(), required=False),
    NestedField(9, "lines", ListType(20, LINE, element_required=False), required=False, doc="The order's lines"),
    NestedField(10, "rescued", MapType(23, StringType(), 24, StringType(), value_required=False), required=False),
)
SPEC = PartitionSpec(
    PartitionField(2, 1000, IdentityTransform(), "day"),
    PartitionField(3, 1001, DayTransform(), "at_day"),
    PartitionField(1, 1002, BucketTransform(16), "id_bucket"),
    PartitionField(1, 1003, TruncateTransform(4), "id_trunc"),
)
ORDER = SortOrder(SortField(5, IdentityTransform()))
PROPERTIES = {"comment": "Everything's here", "owner": "team:x", "write.parquet.compression-codec": "zstd"}


def statement(engine: QueryEngine, sql: str) -> str:
    [row] = engine.execute(sql).read_all().to_pylist()
    return str(row["createtab_stmt"])


@pytest.mark.services
def test_spark_makes_the_same_table_from_the_statement(
    spark: "SparkSession", spark_settings: Settings, new_table: NewTable
) -> None:
    catalog, name = open_catalog(spark_settings), new_table()
    made = catalog.create_table(name.identifier, SCHEMA, None, SPEC, ORDER, PROPERTIES)
    told = statement(open_engine(EngineName.DUCKDB, spark_settings), f"SHOW CREATE TABLE {name.dotted}")
    catalog.drop_table(name.identifier)

    for command in told.strip(";").split(";\n"):
        spark.sql(command)

    again = catalog.load_table(name.identifier)
    # Spark numbers fields in its own order: compare what people see of them.
    assert described(again.schema()) == described(made.schema())
    assert [(str(field.transform), field.name) for field in again.spec().fields] == [
        (str(field.transform), field.name) for field in made.spec().fields
    ]
    assert [str(field.direction) for field in again.sort_order().fields] == ["ASC"]
    assert again.location().removeprefix("file:") == made.location().removeprefix("file://")
    assert again.properties["comment"] == "Everything's here"
    assert again.properties["write.parquet.compression-codec"] == "zstd"


def described(schema: Schema) -> list[tuple[str, str, bool, str | None]]:
    """Every field, those of lines included: its path, its type, whether it is required, its comment."""
    fields = {path: schema.find_field(path) for path in sorted(schema.column_names)}
    return [(path, str(field.field_type).split("<")[0], field.required, field.doc) for path, field in fields.items()]


@pytest.mark.parametrize(
    "asked",
    [
        "SHOW CREATE TABLE raw.ecommerce_db_orders",
        "show create  table iceberg.raw.Ecommerce_DB_Orders ;",
        "\nSHOW CREATE TABLE ecommerce_db_orders\n",
        'SHOW CREATE TABLE "raw" . `ecommerce_db_orders`',
    ],
)
def test_table_is_named_as_in_any_query(reader_engine: QueryEngine, asked: str) -> None:
    told = statement(reader_engine, asked)

    assert told.startswith("CREATE TABLE iceberg.raw.ecommerce_db_orders (\n  _id STRING,\n  total DECIMAL(38, 12),\n")
    assert "  lines ARRAY<STRUCT<sku: STRING, price: DECIMAL(38, 12)>>,\n  _fq_rescued MAP<STRING, STRING>\n)" in told


def test_shared_table_has_both_names(analytics_lake: Settings) -> None:
    engine = open_engine(EngineName.DUCKDB, analytics_lake)

    assert statement(engine, "SHOW CREATE TABLE curated.shared.dim_products") == statement(
        engine, "SHOW CREATE TABLE shared.dim_products"
    )


def test_table_that_is_not_there_is_told_with_names_near_to_it(reader_engine: QueryEngine) -> None:
    with pytest.raises(FqError, match=r"no table raw\.ecommerce_db_order\. Near to it: raw\.ecommerce_db_orders"):
        reader_engine.execute("SHOW CREATE TABLE raw.ecommerce_db_order")


def test_past_of_a_definition_is_refused(engine: QueryEngine, lake: Catalog) -> None:
    (snapshot,) = lake.load_table("raw.ecommerce_db_orders").snapshots()

    with pytest.raises(FqError, match="how a table is now"):
        engine.execute("SHOW CREATE TABLE raw.ecommerce_db_orders", snapshot.snapshot_id)

"""Spark and PyIceberg see the same tables on every pair of a catalog and a storage, from one settings object."""

from collections.abc import Callable

import dagster as dg
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.resources.spark import SparkResource, start_session
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.catalogs import BACKENDS, LakeBackends

pytestmark = pytest.mark.services

ROWS = pa.table({"id": pa.array([1, 2], pa.int64()), "name": ["a", "b"]})


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, lake_backends: LakeBackends, spark: SparkSession) -> Settings:
    return lake_backends(request.param)


def test_tables_made_by_one_engine_are_read_and_appended_to_by_the_other(backend: Settings) -> None:
    catalog, session = open_catalog(backend), start_session(backend)
    layout = layout_of(backend)
    by_python = layout.place(TableName(Layer.SHARED, "by_python"))
    by_spark = layout.place(TableName(Layer.ANALYTICS, "by_spark"))

    catalog.create_table(by_python.identifier, ROWS.schema, location=layout.location(by_python)).append(ROWS)
    writer = session.table(by_python.qualified).writeTo(by_spark.qualified)
    if location := layout.location(by_spark):
        writer = writer.tableProperty("location", location)
    writer.create()
    session.sql(f"INSERT INTO {by_python.qualified} VALUES (3, 'c')")
    catalog.load_table(by_spark.identifier).append(ROWS.slice(0, 1))

    found = [catalog.load_table(name.identifier).scan().to_arrow() for name in (by_python, by_spark)]
    assert [sorted(table["id"].to_pylist()) for table in found] == [[1, 2, 3], [1, 1, 2]]
    assert sorted(session.table(by_spark.qualified).toPandas()["id"]) == [1, 1, 2]
    assert session.table(by_python.qualified).count() == 3
    assert catalog.list_tables(by_python.identifier[:-1]) == [by_python.identifier]


def test_assets_are_stored_in_the_lakehouse_of_their_resource(
    backend: Settings, resource_over: Callable[[Settings], SparkResource]
) -> None:
    @dg.asset(key_prefix="analytics", io_manager_key="io_manager")
    def stored(spark: SparkResource) -> DataFrame:
        return spark.spark_session.createDataFrame([(1,), (2,)], "id BIGINT")

    resource = resource_over(backend)
    manager = SparkIcebergIOManager(spark=resource, app="app")
    done = dg.materialize([stored], resources={"spark": resource, "io_manager": manager})

    assert done.success
    assert open_catalog(backend).load_table("analytics.stored").scan().to_arrow()["id"].to_pylist() == [1, 2]

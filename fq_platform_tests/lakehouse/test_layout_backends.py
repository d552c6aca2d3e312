"""On every catalog, tables get the names and folders of the layout, old ones keep theirs, and Spark knows the same."""

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.changelog import open_changelog
from fq_platform.lakehouse.layout import layout_of, table_of
from fq_platform.lakehouse.listing import list_names
from fq_platform.query.engine import open_engine
from fq_platform.query.options import EngineName
from fq_platform.settings import Settings, TableLayout
from fq_platform_tests.fixtures.catalogs import LakeBackends

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.services

ROWS = pa.table({"id": ["a", "b"]})
KEYS = (("raw", "app_orders"), ("curated", "app_orders_silver"), ("shared", "dim_x"), ("analytics", "fct_x"))


def make(settings: Settings) -> Catalog:
    """A table in each layer."""
    catalog, layout = open_catalog(settings), layout_of(settings)
    for key in KEYS:
        table = layout.place(table_of(key, "app"))
        catalog.create_table(table.identifier, ROWS.schema, layout.location(table)).append(ROWS)
    return catalog


@pytest.mark.parametrize(
    ("backend", "shared"), [("postgres-s3", "curated.shared"), ("glue-s3", "shared"), ("rest-s3", "curated.shared")]
)
def test_tables_have_the_names_and_folders_of_the_layout(
    lake_backends: LakeBackends, backend: str, shared: str
) -> None:
    settings = lake_backends(backend)
    catalog, layout = make(settings), layout_of(settings)

    names = list_names(catalog, layout)
    assert [name.dotted for name in names] == [
        "raw.app_orders",
        "curated.app_orders_silver",
        f"{shared}.dim_x",
        "analytics.fct_x",
    ]
    root = settings.warehouse_root
    if root:
        folders = ["raw/app/orders", "curated/app/orders_silver", "shared/dim_x", "analytics/fct_x"]
        locations = [catalog.load_table(name.identifier).location() for name in names]
        assert locations == [f"{root}/{folder}" for folder in folders]
    for name in ("shared.dim_x", "iceberg.curated.shared.dim_x"):
        answer = open_engine(EngineName.DUCKDB, settings).execute(f"SELECT id FROM {name} ORDER BY id")
        assert answer.read_all() == ROWS


def test_shared_tables_change_their_name_with_the_setting_and_keep_their_rows(lake_backends: LakeBackends) -> None:
    nested = lake_backends("postgres-s3")
    flat = nested.model_copy(update={"nested_namespaces": False})
    make(flat)

    for settings, shared in ((nested, "curated.shared"), (flat, "shared")):
        catalog = open_catalog(settings)
        assert [name.dotted for name in list_names(catalog, layout_of(settings))][2] == f"{shared}.dim_x"
        assert catalog.load_table(f"{shared}.dim_x").scan().to_arrow() == ROWS


def test_catalog_whose_server_may_move_files_is_not_asked_to_rename(lake_backends: LakeBackends) -> None:
    nested = lake_backends("rest-s3")
    flat = nested.model_copy(update={"nested_namespaces": False})
    make(flat)

    with pytest.raises(FqError, match=r"under their other name: shared\.dim_x \(FQ_NESTED_NAMESPACES\).*to false"):
        open_catalog(nested)

    assert open_catalog(flat).load_table("shared.dim_x").scan().to_arrow() == ROWS


def test_namespace_of_others_is_let_alone_in_a_catalog_that_serves_many(lake_backends: LakeBackends) -> None:
    nested = lake_backends("rest-s3")
    catalog = open_catalog(nested.model_copy(update={"nested_namespaces": False}))
    catalog.drop_namespace("shared")
    catalog.create_namespace("shared", {"owner": "somebody else"})
    catalog.create_table("shared.theirs", ROWS.schema)

    opened = open_catalog(nested)

    assert opened.list_tables("shared") == [("shared", "theirs")]
    assert list_names(opened, layout_of(nested)) == []


def test_table_that_exists_stays_where_it_is_whatever_the_layout_says_now(settings: Settings) -> None:
    hive = settings.model_copy(update={"table_layout": TableLayout.HIVE})
    name = table_of(("raw", "app_orders"), "app")
    other = table_of(("raw", "app_others"), "app")
    before = open_changelog(open_catalog(settings), name, layout_of(settings).location(name), partitioned=False)

    after = open_changelog(open_catalog(hive), name, layout_of(hive).location(name), partitioned=False)
    new = open_changelog(open_catalog(hive), other, layout_of(hive).location(other), partitioned=False)

    assert after.table.location() == before.table.location() == f"file://{settings.warehouse}/raw/app/orders"
    assert new.table.location() == f"file://{settings.warehouse}/raw.db/app_others"


def test_spark_and_python_mean_the_same_nested_table(spark: "SparkSession", spark_settings: Settings) -> None:
    table = layout_of(spark_settings).place(table_of(("shared", "dim_layout"), ""))
    catalog = open_catalog(spark_settings)
    spark.sql(f"CREATE TABLE {table.qualified} (id STRING) USING iceberg")

    catalog.load_table(table.identifier).append(ROWS)
    spark.sql(f"ALTER TABLE {table.qualified} CREATE BRANCH audit")
    spark.sql(f"INSERT INTO {table.qualified}.branch_audit VALUES ('c')")

    assert table.qualified == "iceberg.curated.shared.dim_layout"
    assert [row.id for row in spark.table(table.qualified).sort("id").collect()] == ["a", "b"]
    assert spark.table(f"{table.qualified}.snapshots").count() == 2
    assert catalog.load_table(table.identifier).scan().use_ref("audit").to_arrow().num_rows == 3
    spark.sql(f"DROP TABLE {table.qualified}")

"""A bad batch from MongoDB on its way through the real assets: seen in raw and on its branch, not by readers."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import dagster as dg
import pytest
from bson import Decimal128
from pymongo.database import Database
from pyspark.sql import SparkSession

from fq_platform.assets.raw import build_raw_assets, raw_key
from fq_platform.assets.tables import TableAsset
from fq_platform.automation.partitions import range_tags
from fq_platform.contracts import CONTRACTS
from fq_platform.demo.load import load
from fq_platform.demo.sample_data import START, generate
from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.lakehouse.audit import audit_branches, branch_name, drop_branch, old_branches
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.query.engine import open_engine
from fq_platform.query.options import EngineName
from fq_platform.resources.mongo import MongoResource
from fq_platform.resources.spark import SparkResource
from fq_platform.settings import get_settings
from fq_platform.sources import Collection, Sources

pytestmark = pytest.mark.services

LAST = START + dt.timedelta(days=1)
Order = tuple[str, Decimal, str | None]


class Orders:
    """The orders of a test's database: landed, made into silver, and read."""

    def __init__(
        self, database: Database[dict[str, Any]], uri: str, spark: SparkSession, resource: SparkResource
    ) -> None:
        self.collection, self.spark, self.resource = database["orders"], spark, resource
        sources = Sources(
            app="batch",
            database=database.name,
            start_date=START,
            collections={"orders": Collection(partition_by="order_date")},
        )
        silver = TableAsset(CONTRACTS["orders_silver"], {"orders": raw_key(sources, "orders")}, incremental=True)
        self.table = CONTRACTS["orders_silver"].table(sources.app)
        self.definitions = dg.Definitions(
            [*build_raw_assets(sources), silver.build(sources)],
            resources={
                "mongo": MongoResource(uri=uri),
                "io_manager": SparkIcebergIOManager(spark=resource, app=sources.app),
            },
            executor=dg.in_process_executor,
        )
        self.instance = dg.DagsterInstance.ephemeral()

    def run(self) -> dg.ExecuteInProcessResult:
        job = self.definitions.resolve_implicit_global_asset_job_def()
        tags = range_tags(START, LAST)
        return job.execute_in_process(instance=self.instance, tags=tags, raise_on_error=False)

    def change(self, order: dict[str, Any], **changes: Any) -> None:
        self.collection.update_one({"_id": order["_id"]}, {"$set": changes})

    def seen(self) -> Sequence[Order]:
        """The orders as Spark, PyIceberg and DuckDB read them, which has to be the same."""
        columns = ("order_id", "total_amount", "notes")
        by_spark = sorted(tuple(row) for row in self.spark.table(self.table.qualified).select(*columns).collect())
        loaded = open_catalog(self.resource.settings).load_table(self.table.identifier)
        by_pyiceberg = loaded.scan(selected_fields=columns).to_arrow().select(columns).to_pylist()
        query = " ".join(("SELECT order_id, total_amount, notes FROM", self.table.dotted))
        by_duckdb = open_engine(EngineName.DUCKDB, self.resource.settings).execute(query).read_all().to_pylist()
        assert by_spark == sorted(tuple(row.values()) for row in by_pyiceberg)
        assert by_spark == sorted(tuple(row.values()) for row in by_duckdb)
        return by_spark


@pytest.fixture
def orders(
    mongo_database: Database[dict[str, Any]],
    mongo_uri: str,
    spark: SparkSession,
    spark_resource: SparkResource,
    environment: pytest.MonkeyPatch,
) -> Orders:
    environment.setenv("FQ_HOME", str(spark_resource.settings.home))
    get_settings.cache_clear()
    load(mongo_uri, mongo_database.name, generate(8, START, 30, 300))
    return Orders(mongo_database, mongo_uri, spark, spark_resource)


def test_totals_that_are_broken_at_the_source_reach_no_reader_until_they_are_corrected(orders: Orders) -> None:
    assert orders.run().success
    before = orders.seen()
    order = orders.collection.find_one(
        {"order_date": {"$gte": dt.datetime.combine(LAST, dt.time())}}, sort=["order_date"]
    )
    assert order is not None
    changed = str(order["_id"])

    orders.change(order, total=Decimal128("0.01"))
    bad = orders.run()

    assert not bad.success
    assert [event.asset_key.path[0] for event in bad.get_asset_materialization_events()] == ["raw", "raw"], "landed"
    broken = {found.check_name: found.passed for found in bad.get_asset_check_evaluations() if found.blocking}
    assert broken == {"primary_key_unique": True, "not_null": True, "order_total_is_sum_of_lines": False}
    assert orders.seen() == before
    branch = branch_name(bad.run_id)
    rejected = orders.spark.table(f"{orders.table.qualified}.branch_{branch}").where(f"order_id = '{changed}'")
    assert [row["total_amount"] for row in rejected.collect()] == [Decimal("0.01")]
    assert rejected.sparkSession.table(f"{orders.table.qualified}.branch_{branch}").count() == len(before)

    orders.change(order, total=order["total"], notes="corrected")
    assert orders.run().success

    after = {order_id: (total, notes) for order_id, total, notes in orders.seen()}
    expected = {order_id: (total, notes) for order_id, total, notes in before}
    assert after == {**expected, changed: (expected[changed][0], "corrected")}
    catalog = open_catalog(orders.resource.settings)
    table = catalog.load_table(orders.table.identifier)
    assert [left.name for left in audit_branches(table)] == [branch]
    assert old_branches(table, dt.datetime.now(dt.UTC) - dt.timedelta(days=7)) == []
    for left in old_branches(table, dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1)):
        drop_branch(catalog, orders.table, left.name)
    assert list(catalog.load_table(orders.table.identifier).refs()) == ["main"]

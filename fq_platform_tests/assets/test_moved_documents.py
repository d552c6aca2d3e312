"""A document that moves between days is in one of them in every table, after every commit, whatever runs come."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
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
from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.resources.mongo import MongoResource
from fq_platform.resources.spark import SparkResource
from fq_platform.settings import Settings, get_settings
from fq_platform.sources import Collection, Sources

pytestmark = pytest.mark.services

D1 = dt.date(2026, 3, 1)
D2, D3, D4, D5, D9 = (D1 + dt.timedelta(days=number) for number in (1, 2, 3, 4, 8))
DATED = ("orders", "orders_silver", "fct_orders", "sales_summary")
Places = set[tuple[str, dt.date]]


class Shop:
    """A database of orders and all that is made of them."""

    def __init__(
        self, database: Database[dict[str, Any]], uri: str, spark: SparkSession, home: str, instance: dg.DagsterInstance
    ) -> None:
        self.database, self.spark, self.instance = database, spark, instance
        self.sources = Sources(
            app=f"moving_{database.name[-6:]}",
            database=database.name,
            start_date=D1,
            collections={
                "orders": Collection(partition_by="order_date"),
                "customers": Collection(),
                "products": Collection(),
            },
        )
        self.resources = {
            "mongo": MongoResource(uri=uri),
            "io_manager": SparkIcebergIOManager(spark=SparkResource(home=home), app=self.sources.app),
        }
        self.assets = [
            *build_raw_assets(self.sources),
            self._table("orders_silver", orders=raw_key(self.sources, "orders")),
            self._table("customers_silver", customers=raw_key(self.sources, "customers")),
            self._table("dim_products", products=raw_key(self.sources, "products")),
            self._table("dim_customers", customers_silver=self.key("customers_silver")),
            self._table(
                "fct_orders", **{name: self.key(name) for name in ("orders_silver", "dim_products", "dim_customers")}
            ),
            self._table("sales_summary", fct_orders=self.key("fct_orders")),
        ]

    def _table(self, name: str, **inputs: dg.AssetKey) -> dg.AssetsDefinition:
        is_of_raw = any(key.path[0] == "raw" for key in inputs.values())
        return TableAsset(CONTRACTS[name], inputs, incremental=is_of_raw).build(self.sources)

    def key(self, name: str) -> dg.AssetKey:
        if name in self.sources.collections:
            return raw_key(self.sources, name)
        return dg.AssetKey(list(CONTRACTS[name].table(self.sources.app).key))

    def table(self, name: str) -> TableName:
        layer, table = self.key(name).path
        return layout_of(get_settings()).place(TableName(Layer(layer), table, self.sources.app))

    def order(self, number: int, day: dt.date | None) -> None:
        """Let the source hold an order on a day."""
        price = Decimal128("2.50")
        line = {
            "line_number": 1,
            "product_id": "p",
            "sku": "S",
            "quantity": 1,
            "unit_price": price,
            "line_total": price,
        }
        document = {
            "order_number": f"O-{number}",
            "order_date": day and dt.datetime(day.year, day.month, day.day, 9),
            "customer_id": "c",
            "status": "placed",
            "currency": "EUR",
            "lines": [line, line | {"line_number": 2}],
            "total": Decimal128("5.00"),
        }
        self.database["orders"].replace_one({"_id": f"order {number}"}, document, upsert=True)

    def run(self, names: Sequence[str], first: dt.date, last: dt.date | None = None) -> dict[str, set[str | None]]:
        """Materialise some tables in one run; returns which partitions of which tables were made."""
        result = dg.materialize(
            self.assets,
            resources=self.resources,
            instance=self.instance,
            selection=[self.key(name) for name in names],
            tags=range_tags(first, last or first),
        )
        made: dict[str, set[str | None]] = {name: set() for name in names}
        for event in result.get_asset_materialization_events():
            made[next(name for name in names if self.key(name) == event.asset_key)].add(event.partition)
        return made

    def orders_in(self, name: str) -> list[tuple[str, dt.date]]:
        """The orders that readers see, each as often as on different days."""
        rows = self.spark.table(self.table(name).qualified).select("order_id", "order_date").distinct().collect()
        return sorted((row["order_id"], row["order_date"]) for row in rows)

    def source(self) -> list[tuple[str, dt.date]]:
        return sorted(
            (order["_id"], order["order_date"].date() if order["order_date"] else D1)
            for order in self.database["orders"].find()
        )

    def seen_after_each_commit(self, name: str) -> Iterator[list[str]]:
        """The keys of the orders that readers of `main` saw, one for each day that had it."""
        table = open_catalog(get_settings()).load_table(self.table(name).identifier)
        for entry in table.history():
            rows = table.scan(snapshot_id=entry.snapshot_id, selected_fields=("order_id", "order_date")).to_arrow()
            yield [row["order_id"] for row in rows.group_by(["order_id", "order_date"]).aggregate([]).to_pylist()]

    def assert_as_in_the_source(self) -> None:
        """All tables agree with the source, and no order was ever seen on two days."""
        source = self.source()
        assert self.orders_in("orders_silver") == source
        assert self.orders_in("fct_orders") == source
        sold = self.spark.table(self.table("sales_summary").qualified).groupBy("order_date").sum("order_count")
        assert {tuple(row) for row in sold.collect()} == {
            (day, sum(day == other for _, other in source)) for _, day in source
        }
        for name in ("orders_silver", "fct_orders"):
            for keys in self.seen_after_each_commit(name):
                assert len(keys) == len(set(keys)), name


@pytest.fixture
def shop(
    mongo_database: Database[dict[str, Any]],
    mongo_uri: str,
    spark: SparkSession,
    spark_settings: Settings,
    environment: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Shop:
    environment.setenv("FQ_HOME", str(spark_settings.home))
    get_settings.cache_clear()
    # On disk, since threads cannot share one in memory.
    instance = dg.DagsterInstance.local_temp(str(tmp_path))
    shop = Shop(mongo_database, mongo_uri, spark, str(spark_settings.home), instance)
    mongo_database["customers"].insert_one({"_id": "c", "customer_number": "C-1", "name": "Ada", "kind": "consumer"})
    mongo_database["products"].insert_one({"_id": "p", "sku": "S", "name": "Soap", "category": "Care"})
    for number in range(10):
        shop.order(number, D1 + dt.timedelta(days=number % 9))
    undated = ("customers", "products", "customers_silver", "dim_products", "dim_customers")
    shop.run((*DATED, *undated), D1, D9)
    return shop


def test_a_moved_order_is_on_one_day_whatever_runs_come(shop: Shop) -> None:
    # To and fro at once, in one run of the new day of one: what is made of the other day follows in the same run.
    shop.order(0, D9)
    shop.order(8, D1)
    both = {str(D1), str(D9)}
    assert shop.run(DATED, D9) == dict.fromkeys(DATED, both)
    shop.assert_as_in_the_source()

    # Only the old day: it is gone there, and comes with the new day.
    shop.order(2, D5)
    assert shop.run(DATED[:2], D3) == {name: {str(D3)} for name in DATED[:2]}
    assert "order 2" not in dict(shop.orders_in("orders_silver"))
    assert shop.run(DATED[:2], D5) == {name: {str(D5)} for name in DATED[:2]}

    # Each table in a run of its own, of the new day alone: the audits find the old one.
    shop.order(1, D4)
    for name in DATED[:3]:
        assert shop.run([name], D4) == {name: {str(D4), str(D2)}}

    # The old and the new day at once, in both directions, and one that loses its day, so that the first one has it.
    shop.order(0, D1)
    shop.order(8, D9)
    shop.order(3, None)
    shop.order(20, D9)
    at_once(lambda: shop.run(DATED[:3], D1), lambda: shop.run(DATED[:3], D9))
    assert shop.orders_in("orders_silver") == shop.source()

    shop.run(DATED[2:], D1, D9)
    shop.assert_as_in_the_source()


def at_once(*runs: Callable[[], object]) -> None:
    with ThreadPoolExecutor(len(runs)) as pool:
        for done in [pool.submit(run) for run in runs]:
            done.result()

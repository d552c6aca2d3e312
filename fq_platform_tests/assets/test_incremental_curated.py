"""Curated tables follow a MongoDB whose documents come late, move and go, reading only what changed."""

import datetime as dt
import random
from dataclasses import dataclass
from typing import Any

import dagster as dg
import pytest
from bson import Decimal128
from pymongo.database import Database
from pyspark.sql import SparkSession

from fq_platform.assets.raw import raw_key
from fq_platform.assets.tables import TableAsset, transform
from fq_platform.automation.partitions import range_tags
from fq_platform.contracts import CONTRACTS
from fq_platform.extraction.sync import sync
from fq_platform.extraction.windows import Window, daily
from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.resources.spark import SparkResource
from fq_platform.sources import Collection, Sources

pytestmark = pytest.mark.services

FIRST = dt.date(2026, 3, 1)
DAYS = [FIRST + dt.timedelta(days=n) for n in range(8)]
CURATED = {"orders_silver": "orders", "customers_silver": "customers"}


@dataclass
class Shop:
    """A database, the raw tables that it is landed in, and the curated tables made of these."""

    database: Database[dict[str, Any]]
    spark: SparkSession
    resource: SparkResource
    instance: dg.DagsterInstance

    def __post_init__(self) -> None:
        self.settings = self.resource.settings
        self.sources = Sources(
            app="following",
            database=self.database.name,
            start_date=FIRST,
            collections={"orders": Collection(partition_by="order_date"), "customers": Collection()},
        )

    def table(self, key: dg.AssetKey) -> TableName:
        layer, name = key.path
        return layout_of(self.settings).place(TableName(Layer(layer), name, self.sources.app))

    def land(self) -> None:
        """Sync both collections."""
        windows = {
            "orders": list(daily("order_date", FIRST, FIRST, DAYS[-1], last_day=DAYS[-1])),
            "customers": [Window()],
        }
        for collection, found in windows.items():
            table = self.table(raw_key(self.sources, collection))
            location = layout_of(self.settings).location(table)
            catalog = open_catalog(self.settings)
            sync(self.database, collection, found, catalog=catalog, table=table, location=location, run_id="sync")

    def make(self, name: str, *days: dt.date) -> str:
        """Materialise a curated table, for a range of days if it has any; returns what it says that it has read."""
        raw = raw_key(self.sources, CURATED[name])
        made = TableAsset(CONTRACTS[name], {CURATED[name]: raw}, incremental=True).build(self.sources)
        result = dg.materialize(
            [self.upstream(raw, by_day=bool(days)), made],
            resources={"io_manager": SparkIcebergIOManager(spark=self.resource, app=self.sources.app)},
            instance=self.instance,
            selection=[made],
            tags=range_tags(days[0], days[-1]) if days else {},
        )
        return str(result.get_asset_materialization_events()[0].materialization.metadata["read"].value)

    def upstream(self, key: dg.AssetKey, *, by_day: bool) -> dg.AssetSpec:
        from fq_platform.automation.partitions import daily_partitions

        partitions = daily_partitions(self.sources) if by_day else None
        return dg.AssetSpec(key, partitions_def=partitions, metadata={"partition_expr": "_fq_window"} if by_day else {})

    def rows(self, name: str) -> list[str]:
        """What the curated table holds."""
        table = self.table(dg.AssetKey(list(CONTRACTS[name].table(self.sources.app).key)))
        return sorted(str(row.asDict(recursive=True)) for row in self.spark.table(table.qualified).collect())

    def rebuilt(self, name: str) -> list[str]:
        """What its transform makes of the whole raw table."""
        raw = self.spark.table(self.table(raw_key(self.sources, CURATED[name])).qualified)
        return sorted(str(row.asDict(recursive=True)) for row in transform(name)(raw).collect())


@pytest.fixture
def shop(mongo_database: Database[dict[str, Any]], spark: SparkSession, spark_resource: SparkResource) -> Shop:
    return Shop(mongo_database, spark, spark_resource, dg.DagsterInstance.ephemeral())


def an_order(number: int, day: dt.date) -> dict[str, Any]:
    line = {"line_number": 1, "sku": f"SKU-{number}", "quantity": 1, "unit_price": Decimal128("2.50")}
    return {
        "_id": f"order {number}",
        "order_date": dt.datetime(day.year, day.month, day.day, 9),
        "customer_id": f"customer {number % 5}",
        "status": "placed",
        "currency": "EUR",
        "lines": [line | {"line_total": Decimal128("2.50")}],
        "total": Decimal128("2.50"),
    }


def disturb(database: Database[dict[str, Any]], chance: random.Random, numbers: int) -> None:
    """Insert late orders, move some to other days, change and delete others; the same with customers."""
    orders, customers = database["orders"], database["customers"]
    days = chance.sample(DAYS, 3)
    orders.insert_many([an_order(1000 * (numbers + 1) + n, chance.choice(days)) for n in range(3)])
    ids = sorted(document["_id"] for document in orders.find({}, {"_id": 1}))
    moved, changed, deleted = chance.sample(ids, 3)
    new_day = chance.choice(days)
    orders.update_one(
        {"_id": moved}, {"$set": {"order_date": dt.datetime(new_day.year, new_day.month, new_day.day, 20)}}
    )
    orders.update_one({"_id": changed}, {"$set": {"status": " Shipped", f"new_field_{numbers}": numbers}})
    orders.delete_one({"_id": deleted})
    customers.insert_one({"_id": f"new customer {numbers}", "name": " New ", "email": "N@EXAMPLE.COM"})
    customers.update_one({"_id": f"customer {numbers}"}, {"$set": {"payment_terms_days": "thirty"}})
    customers.delete_one({"_id": f"customer {numbers + 2}"})


def test_curated_tables_equal_a_rebuild_after_every_round(shop: Shop) -> None:
    chance = random.Random(20260301)
    shop.database["orders"].insert_many([an_order(n, DAYS[n % len(DAYS)]) for n in range(24)])
    shop.database["customers"].insert_many([{"_id": f"customer {n}", "name": f"C{n}"} for n in range(6)])
    shop.land()
    assert shop.make("orders_silver", *DAYS) == "8 of 8 windows had changed"
    assert shop.make("customers_silver") == "everything"
    for number in range(2):
        disturb(shop.database, chance, number)
        shop.land()
        shop.make("orders_silver", *DAYS[:4])
        read, of = shop.make("orders_silver", *DAYS).split(" windows")[0].split(" of ")
        assert 0 <= int(read) < int(of)
        assert shop.rows("orders_silver") == shop.rebuilt("orders_silver")
        assert shop.make("customers_silver") == "what was appended since the last materialisation"
        assert shop.rows("customers_silver") == shop.rebuilt("customers_silver")
    shop.land()
    assert shop.make("orders_silver", *DAYS) == "0 of 8 windows had changed"
    assert shop.make("customers_silver") == "nothing had changed"

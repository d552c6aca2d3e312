"""A MongoDB with dirt is landed, verified, read by every engine and made into a curated table, on every lakehouse."""

import datetime as dt
from typing import Any

import dagster as dg
import pytest
from bson import Decimal128, Int64, ObjectId
from pymongo.database import Database
from pyspark.sql import DataFrame

from fq_platform.extraction.sync import SyncResult, sync
from fq_platform.extraction.verify import verify
from fq_platform.extraction.windows import daily
from fq_platform.io_managers.declarations import iceberg_table
from fq_platform.lakehouse import current
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.transforms.changelog import current as live
from fq_platform_tests.conformance.lakehouse import APP, DAYS, Lakehouse, comparable, metadata

pytestmark = pytest.mark.services

START, LAST = dt.date(2026, 1, 1), dt.date(2026, 1, 4)
CUSTOMER = ObjectId("65f000000000000000000001")
TYPES = {
    "_id": ("string", "string", "VARCHAR"),
    "at": ("timestamp", "timestamptz", "TIMESTAMP WITH TIME ZONE"),
    "customer": ("string", "string", "VARCHAR"),
    "quantity": ("bigint", "long", "BIGINT"),
    "total": ("decimal(38,12)", "decimal(38, 12)", "DECIMAL(38,12)"),
    "note": ("string", "string", "VARCHAR"),
    "paid": ("boolean", "boolean", "BOOLEAN"),
    "ratio": ("double", "double", "DOUBLE"),
    "blob": ("binary", "binary", "BLOB"),
    "_fq_window": ("date", "date", "DATE"),
    "_fq_rescued": ("map<string,string>", "map<string, string>", "MAP(VARCHAR, VARCHAR)"),
}
"""Columns with their types as Spark, Iceberg and DuckDB call them."""
VALUES = ("_id", "_fq_window", "customer", "quantity", "total", "note", "paid", "ratio", "blob", "lines", "_fq_rescued")


def order(number: int, day: int, **changes: Any) -> dict[str, Any]:
    at = dt.datetime(2026, 1, day, 23, 59, 59, 999_000, tzinfo=dt.UTC)
    line = {"sku": "A-1", "price": Decimal128("0.100000000001")}
    return {
        "_id": f"order {number}",
        "at": at,
        "customer": CUSTOMER,
        "quantity": Int64(number),
        "total": Decimal128("12345678901234567890.123456789012"),
        "note": "",
        "paid": True,
        "ratio": 0.1,
        "blob": b"\x00\xff",
        "lines": [line, line | {"price": None}],
    } | changes


class Landing:
    """The collection `orders`, its raw table and what is made of it."""

    def __init__(self, lakehouse: Lakehouse, database: Database[dict[str, Any]]) -> None:
        self.lakehouse, self.database = lakehouse, database
        self.raw = lakehouse.table(Layer.RAW, f"{APP}_orders")
        self.curated = lakehouse.table(Layer.CURATED, f"{APP}_orders_silver")
        self.windows = list(daily("at", START, START, LAST, last_day=LAST))

    def sync(self) -> SyncResult:
        table, location = self.raw, self.lakehouse.location(self.raw)
        catalog = self.lakehouse.catalog
        return sync(
            self.database, "orders", self.windows, catalog=catalog, table=table, location=location, run_id="run"
        )

    def differences(self) -> tuple[int, int]:
        """How many documents were compared, and how many differences were found."""
        found = verify(self.database, "orders", self.windows, catalog=self.lakehouse.catalog, table=self.raw)
        return found.documents, found.differences

    def make(self) -> str:
        """Materialise the curated table for all days; returns what it says that it has read."""
        raw = dg.AssetSpec(list(self.raw.key), partitions_def=DAYS, metadata={"partition_expr": "_fq_window"})

        @dg.asset(
            key=list(self.curated.key),
            ins={"orders": dg.AssetIn(list(self.raw.key), metadata={"fq/incremental": True})},
            partitions_def=DAYS,
            backfill_policy=dg.BackfillPolicy.single_run(),
            metadata=iceberg_table(partition_column="order_date", sort_by=["order_id"]),
        )
        def orders_silver(orders: DataFrame) -> DataFrame:
            return live(orders).selectExpr(
                "_fq_window AS order_date", "_id AS order_id", "CAST(total AS DECIMAL(32,2)) AS total", "lines"
            )

        days = (START.isoformat(), LAST.isoformat())
        return str(metadata(self.lakehouse.run([raw, orders_silver], days, selection=[orders_silver]))["read"])

    def rows_of_day(self, table: TableName, *columns: str) -> list[tuple[Any, ...]]:
        return self.lakehouse.rows(table, *columns)


def test_documents_are_landed_verified_and_followed(lakehouse: Lakehouse, database: Database[dict[str, Any]]) -> None:
    landing = Landing(lakehouse, database)
    orders = database["orders"]
    orders.insert_many([order(n, 1 + n % 3) for n in range(6)])
    first = landing.sync()
    assert (first.documents, first.inserted) == (6, 6)
    assert landing.make() == "4 of 4 windows had changed"

    orders.insert_one(order(6, 1, quantity=7.5, total="12.50", lines="none", new={"deep": [1, {"er": None}]}))
    orders.insert_one({"_id": "bare", "at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "note": None})
    orders.update_one({"_id": "order 3"}, {"$set": {"at": dt.datetime(2026, 1, 2, tzinfo=dt.UTC)}})  # it was the 1st
    orders.delete_one({"_id": "order 1"})  # of the 2nd
    second = landing.sync()
    assert (second.inserted, second.deleted) == (3, 2)
    assert len(lakehouse.snapshots(landing.raw)) == 2
    assert landing.sync().changed is False
    assert landing.differences() == (7, 0)

    types_agree(lakehouse, landing.raw)
    versions = lakehouse.rows(landing.raw, *VALUES)
    assert len(versions) == 6 + 3 + 2
    now = lakehouse.query(f"SELECT {', '.join(VALUES)} FROM current({landing.raw.dotted})")
    rows = comparable(now)
    assert rows == comparable(current.current(lakehouse.session, landing.raw.dotted).select(*VALUES))
    by_id = {row[0]: row for row in rows}
    assert set(by_id) == {"bare", "order 0", "order 2", "order 3", "order 4", "order 5", "order 6"}
    assert by_id["order 3"][1] == dt.date(2026, 1, 2)
    line = {"sku": "A-1", "price": "0.100000000001"}
    assert by_id["order 0"][2:] == (
        str(CUSTOMER),
        0,
        "12345678901234567890.123456789012",
        "",
        True,
        0.1,
        b"\x00\xff",
        [line, line | {"price": None}],
        None,
    )
    assert (by_id["order 6"][3], by_id["order 6"][4], by_id["order 6"][9]) == (None, None, None)
    assert by_id["order 6"][10] == {
        "quantity": '{"$numberDouble": "7.5"}',
        "total": '"12.50"',
        "lines": '"none"',
        "new.deep[1]": '{"er": null}',
    }

    assert landing.make() == "2 of 4 windows had changed"
    total = "12345678901234567890.12"
    assert lakehouse.rows(landing.curated, "order_date", "order_id", "total") == [
        (dt.date(2026, 1, 1), "bare", None),
        (dt.date(2026, 1, 1), "order 0", total),
        (dt.date(2026, 1, 1), "order 6", None),
        (dt.date(2026, 1, 2), "order 3", total),
        (dt.date(2026, 1, 2), "order 4", total),
        (dt.date(2026, 1, 3), "order 2", total),
        (dt.date(2026, 1, 3), "order 5", total),
    ]
    assert landing.make() == "0 of 4 windows had changed"


def types_agree(lakehouse: Lakehouse, table: TableName) -> None:
    """Every engine sees each column in the type that it has."""
    by_spark = dict(lakehouse.session.table(table.qualified).dtypes)
    schema = lakehouse.load(table).schema()
    described = lakehouse.query(f"DESCRIBE {table.dotted}").to_pylist()
    by_duckdb = {column["column_name"]: column["column_type"] for column in described}
    seen = {name: (by_spark[name], str(schema.find_type(name)), by_duckdb[name]) for name in TYPES}
    assert seen == TYPES

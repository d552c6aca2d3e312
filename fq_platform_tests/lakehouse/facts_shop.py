"""A shop's dimensions, orders and facts as small Iceberg tables, for what compares them."""

import datetime as dt
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog

from fq_platform.assets.accounting import order_facts
from fq_platform.lakehouse.facts import Dimension
from fq_platform.lakehouse.stale_facts import newest_snapshot, stale_days

LINE = pa.struct([("line_number", pa.int64()), ("product_id", pa.string()), ("sku", pa.string())])
COLUMNS = {
    "curated.shared.dim_customers": ("customer_id", "customer_name", "customer_kind", "country", "updated_at"),
    "curated.shared.dim_products": ("product_id", "product_name", "product_category", "sku"),
    "analytics.fct_orders": (
        *("order_id", "line_number", "order_date"),
        *("customer_id", "customer_name", "customer_kind", "customer_country"),
        *("product_id", "product_name", "product_category", "sku"),
    ),
    "curated.shop_orders_silver": ("order_id", "order_date", "customer_id", "lines"),
}
TYPES = {"order_date": pa.date32(), "line_number": pa.int64(), "lines": pa.list_(LINE)}
ANNA = {"customer_id": "c1", "customer_name": "Anna", "customer_kind": "consumer", "country": "DE", "updated_at": "1"}
BERT = {"customer_id": "c2", "customer_name": "Bert", "customer_kind": "consumer", "country": "AT", "updated_at": "1"}
NOBODY = {"customer_id": "unknown", "customer_name": "Unknown", "customer_kind": "unknown", "country": "Unknown"}
CUP = {"product_id": "p1", "product_name": "Cup", "product_category": "Kitchen", "sku": "S1"}
NOTHING = {"product_id": "unknown", "product_name": "Unknown", "product_category": "Unknown", "sku": None}


def march(day: int) -> dt.date:
    return dt.date(2026, 3, day)


def days(*numbers: int) -> frozenset[dt.date]:
    return frozenset(map(march, numbers))


class Shop:
    """Two dimensions, orders, and the facts made of them as they are when `make_facts` is called.

    Anna ordered on the 1st and the 2nd, somebody unknown on the 3rd, and the 4th has a product that is unknown, too.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.customers, self.products = {"c1": ANNA, "unknown": NOBODY}, {"p1": CUP, "unknown": NOTHING}
        self.orders: list[dict[str, Any]] = []
        for day, customer, product in ((1, "c1", "p1"), (2, "c1", "p1"), (3, "c2", "p1"), (4, "c9", "p9")):
            self.order(day, customer, product)
        self.facts, (self.of_customers, self.of_products) = order_facts("shop")

    def order(self, day: int, customer: str, product: str, sku: str | None = None) -> None:
        lines = [{"line_number": 1, "product_id": product, "sku": sku}]
        self.orders.append(
            {"order_id": f"o{len(self.orders)}", "order_date": march(day), "customer_id": customer, "lines": lines}
        )

    def publish(self) -> tuple[int | None, int | None]:
        """Write the dimensions; gives their snapshots."""
        self._write("curated.shared.dim_customers", list(self.customers.values()))
        self._write("curated.shared.dim_products", list(self.products.values()))
        return tuple(newest_snapshot(self.catalog, of.table) for of in (self.of_customers, self.of_products))

    def make_facts(self) -> None:
        self._write("curated.shop_orders_silver", self.orders)
        self._write("analytics.fct_orders", [self._fact(order) for order in self.orders])

    def _fact(self, order: dict[str, Any]) -> dict[str, Any]:
        (line,) = order["lines"]
        customer = self.customers.get(order["customer_id"], NOBODY)
        product = self.products.get(line["product_id"], NOTHING)
        return {
            **order,
            **customer,
            **product,
            "customer_country": customer["country"],
            "line_number": 1,
            "sku": line["sku"] or product["sku"],
        }

    def _write(self, name: str, rows: list[dict[str, Any]]) -> None:
        schema = pa.schema([(column, TYPES.get(column, pa.string())) for column in COLUMNS[name]])
        self.catalog.create_namespace_if_not_exists(name.rpartition(".")[0])
        table = self.catalog.create_table_if_not_exists(name, schema)
        write = table.overwrite if table.current_snapshot() else table.append
        write(pa.Table.from_pylist(rows, schema))

    def stale(self, dimension: Dimension, since: int | None) -> frozenset[dt.date]:
        newest = newest_snapshot(self.catalog, dimension.table)
        assert newest is not None
        return stale_days(self.catalog, self.facts, dimension, since, newest)

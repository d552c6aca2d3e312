"""Tiny raw tables of the IFCO application, and all tables made of them. Belongs here: that. Does not: assertions."""

from typing import TYPE_CHECKING, Any

from fq_platform.assets.ifco import OF_TODAY, UPSTREAM
from fq_platform.assets.tables import transform
from fq_platform.extraction.keys import document_key
from fq_platform_tests.transforms.raw import changelog

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ORDERS = (
    "_id STRING, order_id STRING, date STRING, company_id STRING, company_name STRING, crate_type STRING, "
    "contact_data STRING, salesowners STRING"
)
INVOICES = "_id STRING, id STRING, orderId STRING, companyId STRING, grossValue STRING, vat STRING"


def ifco_changelog(spark: "SparkSession", columns: str, *rows: dict[str, Any]) -> "DataFrame":
    """A raw table with these rows, which have no days; `_id` is made of the source's key, or of another `_id` given."""
    key = "order_id" if columns is ORDERS else "id"
    identified = (row | {"_id": document_key(row.get("_id", row[key])), "_fq_window": None} for row in rows)
    return changelog(spark, columns, *identified)


def ifco_order(**changes: Any) -> dict[str, Any]:
    """A row of the orders file without dirt."""
    return {
        "order_id": "o1",
        "date": "29.01.22",
        "company_id": "c1",
        "company_name": "Fresh Fruits Co",
        "crate_type": "Plastic",
        "contact_data": '[{ "contact_name":"Ana", "contact_surname":"Díaz", "city":"Lugo", "cp": "27001"}]',
        "salesowners": "Leonard Cohen, Luke Skywalker",
        **changes,
    }


def ifco_invoice(**changes: Any) -> dict[str, Any]:
    """An invoice over 119.00 euros, 100.00 without VAT."""
    return {"id": "i1", "orderId": "o1", "companyId": "c1", "grossValue": "11900", "vat": "19", **changes}


def ifco_tables(orders: "DataFrame", invoices: "DataFrame") -> "dict[str, DataFrame]":
    """Every table of the application, by the contract's name, each computed once.

    Args:
        orders: The raw changelog of orders.
        invoices: That of invoices.
    """
    made = {
        "ifco_orders_silver": transform("ifco_orders_silver")(orders=orders).localCheckpoint(),
        "ifco_invoices_silver": transform("ifco_invoices_silver")(invoices=invoices).localCheckpoint(),
    }
    for name, upstream in UPSTREAM.items():
        today: dict[str, Any] = {"today": None} if name in OF_TODAY else {}
        made[name] = transform(name)(**{one: made[one] for one in upstream}, **today).localCheckpoint()
    return made

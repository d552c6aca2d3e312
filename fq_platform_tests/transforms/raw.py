"""Tiny raw tables for the tests of transforms. Belongs here: builders. Does not: assertions."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FQ_COLUMNS = (
    "_fq_op STRING, _fq_hash BINARY, _fq_extracted_at TIMESTAMP, _fq_run_id STRING, _fq_window DATE, "
    "_fq_rescued MAP<STRING, STRING>, _fq_nulls ARRAY<STRING>, _fq_document BINARY"
)
DAY = dt.date(2026, 1, 5)
NOON = dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)

CUSTOMERS = (
    "_id STRING, customer_number STRING, name STRING, email STRING, phone STRING, kind STRING, vat_id STRING, "
    "address STRUCT<street: STRING, postal_code: STRING, city: STRING, country: STRING>, "
    "payment_terms_days BIGINT, credit_limit DECIMAL(38,12), created_at TIMESTAMP, updated_at TIMESTAMP"
)
PRODUCTS = (
    "_id STRING, sku STRING, name STRING, category STRING, unit_price DECIMAL(38,12), currency STRING, "
    "vat_rate DECIMAL(38,12), weight_kg BIGINT, tags ARRAY<STRING>, discontinued BOOLEAN, "
    "created_at TIMESTAMP, updated_at TIMESTAMP"
)
ORDERS = (
    "_id STRING, order_number STRING, customer_id STRING, order_date TIMESTAMP, status STRING, currency STRING, "
    "shipping_address STRUCT<street: STRING, postal_code: STRING, city: STRING, country: STRING>, notes STRING, "
    "lines ARRAY<STRUCT<line_number: BIGINT, product_id: STRING, sku: STRING, quantity: BIGINT, "
    "unit_price: DECIMAL(38,12), discount: DECIMAL(38,12), line_total: DECIMAL(38,12)>>, "
    "total DECIMAL(38,12), updated_at TIMESTAMP"
)
INVOICES = (
    "_id STRING, invoice_number STRING, order_id STRING, customer_id STRING, invoice_date TIMESTAMP, "
    "due_date TIMESTAMP, currency STRING, status STRING, "
    "lines ARRAY<STRUCT<line_number: BIGINT, description: STRING, net: DECIMAL(38,12), vat_rate: DECIMAL(38,12), "
    "vat: DECIMAL(38,12), gross: DECIMAL(38,12)>>, "
    "total_net DECIMAL(38,12), total_vat DECIMAL(38,12), total_gross DECIMAL(38,12), updated_at TIMESTAMP"
)
PAYMENTS = (
    "_id STRING, payment_number STRING, invoice_id STRING, customer_id STRING, payment_date TIMESTAMP, "
    "amount DECIMAL(38,12), currency STRING, method STRING, reference STRING, updated_at TIMESTAMP"
)


def changelog(spark: "SparkSession", columns: str, *documents: dict[str, Any]) -> "DataFrame":
    """A raw table with these documents; the changelog's own columns have defaults."""
    defaults = {"_fq_op": "insert", "_fq_hash": b"h", "_fq_extracted_at": NOON, "_fq_run_id": "r", "_fq_window": DAY}
    names = [column.strip().split()[0] for column in _top_level(f"{columns}, {FQ_COLUMNS}")]
    rows = [tuple({**defaults, **document}.get(name) for name in names) for document in documents]
    return spark.createDataFrame(rows, f"{columns}, {FQ_COLUMNS}")


def order(**changes: Any) -> dict[str, Any]:
    """An order of two lines without dirt: 3 x 10.00 - 1.00 + 1 x 5.50 = 34.50 EUR."""
    return {
        "_id": "o1",
        "order_number": "O-0000001",
        "customer_id": "c1",
        "order_date": NOON,
        "status": "placed",
        "currency": "EUR",
        "shipping_address": ("Main Street 1", "01067", "Dresden", "DE"),
        "lines": [
            (1, "p1", "SKU-0001", 3, Decimal("10.00"), Decimal("1.00"), Decimal("29.00")),
            (2, "p2", "SKU-0002", 1, Decimal("5.50"), None, Decimal("5.50")),
        ],
        "total": Decimal("34.50"),
        "updated_at": NOON,
        **changes,
    }


def invoice(**changes: Any) -> dict[str, Any]:
    """An invoice over 100.00 + 19.00 = 119.00 EUR, due on 19 January 2026."""
    return {
        "_id": "i1",
        "invoice_number": "I-1",
        "order_id": "o1",
        "customer_id": "c1",
        "invoice_date": NOON,
        "due_date": dt.datetime(2026, 1, 19, tzinfo=dt.UTC),
        "currency": "EUR",
        "status": "open",
        "lines": [(1, "Chair", Decimal("100.00"), Decimal("19.00"), Decimal("19.00"), Decimal("119.00"))],
        "total_net": Decimal("100.00"),
        "total_vat": Decimal("19.00"),
        "total_gross": Decimal("119.00"),
        "updated_at": NOON,
        **changes,
    }


def payment(**changes: Any) -> dict[str, Any]:
    """A payment of 119.00 EUR for the invoice above."""
    return {
        "_id": "y1",
        "payment_number": "P-1",
        "invoice_id": "i1",
        "customer_id": "c1",
        "payment_date": NOON,
        "amount": Decimal("119.00"),
        "currency": "EUR",
        "method": "card",
        "reference": "I-1",
        "updated_at": NOON,
        **changes,
    }


def customer(**changes: Any) -> dict[str, Any]:
    """A business customer without dirt."""
    return {
        "_id": "c1",
        "customer_number": "C-00001",
        "name": "Acme GmbH",
        "email": "info@acme.example",
        "phone": "+49 351 1234",
        "kind": "business",
        "vat_id": "DE123456789",
        "address": ("Main Street 1", "01067", "Dresden", "DE"),
        "payment_terms_days": 14,
        "credit_limit": Decimal("5000"),
        "created_at": NOON,
        "updated_at": NOON,
        "_fq_window": None,
        **changes,
    }


def product(**changes: Any) -> dict[str, Any]:
    """A product without dirt."""
    return {
        "_id": "p1",
        "sku": "SKU-0001",
        "name": "Chair",
        "category": "Furniture",
        "unit_price": Decimal("10.00"),
        "currency": "EUR",
        "vat_rate": Decimal("19.00"),
        "weight_kg": 4,
        "tags": ["wood"],
        "discontinued": False,
        "created_at": NOON,
        "updated_at": NOON,
        "_fq_window": None,
        **changes,
    }


def _top_level(ddl: str) -> list[str]:
    """The columns of a DDL text, split at the commas outside of angle brackets and parentheses."""
    columns, depth = [""], 0
    for character in ddl:
        depth += (character in "<(") - (character in ">)")
        if character == "," and depth == 0:
            columns.append("")
        else:
            columns[-1] += character
    return columns

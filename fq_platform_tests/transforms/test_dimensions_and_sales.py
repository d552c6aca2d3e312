"""Tests of the dimensions, of the fact of order lines and of the sales summary."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from fq_platform_tests.transforms.raw import (
    CUSTOMERS,
    DAY,
    NOON,
    ORDERS,
    PRODUCTS,
    changelog,
    customer,
    order,
    product,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.services

NEXT_DAY = DAY + dt.timedelta(days=1)


def _dim_products(spark: "SparkSession", *documents: dict[str, Any]) -> "DataFrame":
    from fq_platform.transforms.dim_products import dim_products

    return dim_products(changelog(spark, PRODUCTS, *documents))


def _dim_customers(spark: "SparkSession", *documents: dict[str, Any]) -> "DataFrame":
    from fq_platform.transforms.customers_silver import customers_silver
    from fq_platform.transforms.dim_customers import dim_customers

    return dim_customers(customers_silver(changelog(spark, CUSTOMERS, *documents)))


def _fct_orders(spark: "SparkSession", *orders: dict[str, Any]) -> "DataFrame":
    from fq_platform.transforms.fct_orders import fct_orders
    from fq_platform.transforms.orders_silver import orders_silver

    products = _dim_products(spark, product(), product(_id="p2", sku="SKU-0002", name="Lamp", category="Light"))
    silver = orders_silver(changelog(spark, ORDERS, *orders))
    return fct_orders(silver, products, _dim_customers(spark, customer()))


def test_products_are_cleaned_and_the_unknown_one_is_among_them(spark: "SparkSession") -> None:
    dirty = product(
        _id="p2",
        category=" ",
        unit_price=None,
        weight_kg=None,
        tags=None,
        discontinued=None,
        _fq_rescued={"unit_price": '"12.50"', "weight_kg": '{"$numberDouble":"2.75"}'},
    )

    rows = {row["product_id"]: row.asDict() for row in _dim_products(spark, product(), dirty).collect()}

    assert rows.keys() == {"p1", "p2", "unknown"}
    assert (rows["p1"]["unit_price"], rows["p1"]["vat_rate"]) == (Decimal("10.00"), Decimal("19.00"))
    assert (rows["p1"]["weight_kg"], rows["p1"]["tags"]) == (Decimal("4.000"), ["wood"])
    assert (rows["p2"]["product_category"], rows["p2"]["unit_price"]) == ("Unknown", Decimal("12.50"))
    assert (rows["p2"]["weight_kg"], rows["p2"]["tags"], rows["p2"]["is_discontinued"]) == (Decimal("2.750"), [], False)
    assert rows["p2"]["data_issues"] == []
    assert (rows["unknown"]["product_name"], rows["unknown"]["unit_price"]) == ("Unknown", None)


def test_customers_for_analysis_have_no_contact_details_and_an_unknown_one(spark: "SparkSession") -> None:
    dimension = _dim_customers(spark, customer(), customer(_id="c2", name=None, kind=None, address=None))

    rows = {row["customer_id"]: row.asDict() for row in dimension.collect()}

    assert not {"email", "phone", "street"} & set(dimension.columns)
    assert (rows["c1"]["customer_name"], rows["c1"]["country"]) == ("Acme GmbH", "DE")
    assert [rows[key]["customer_name"] for key in ("c2", "unknown")] == ["Unknown", "Unknown"]
    assert [rows[key]["customer_kind"] for key in ("c2", "unknown")] == ["unknown", "unknown"]


@pytest.fixture(scope="module")
def fact(spark: "SparkSession") -> "DataFrame":
    """The order lines of the orders below, computed once."""
    unknown = (1, "gone", "SKU-9999", 1, Decimal("2.00"), None, Decimal("2.00"))
    half_cent = (1, "p1", "SKU-0001", None, Decimal("0.01"), None, Decimal("0.01"))
    two_chairs = [
        (1, "p1", "SKU-0001", 1, Decimal("10.00"), None, Decimal("10.00")),
        (2, "p1", "SKU-0001", 2, Decimal("10.00"), Decimal("0.50"), Decimal("19.50")),
    ]
    next_day = {"order_date": NOON + dt.timedelta(days=1), "_fq_window": NEXT_DAY}
    return _fct_orders(
        spark,
        order(),
        order(_id="two chairs", lines=two_chairs),
        order(_id="dollars", currency="USD", lines=two_chairs[:1]),
        order(_id="cancelled", status="Cancelled"),
        order(_id="unknown", customer_id="gone", lines=[unknown], **next_day),
        order(
            _id="half a cent",
            lines=[half_cent],
            _fq_rescued={"lines[0].quantity": '{"$numberDouble":"0.5"}'},
            **next_day,
        ),
    ).localCheckpoint()


def _lines(fact: "DataFrame", order_id: str) -> list[dict[str, Any]]:
    rows = [row.asDict() for row in fact.where(f"order_id = '{order_id}'").collect()]
    return sorted(rows, key=lambda row: row["line_number"])


def test_an_order_becomes_one_row_a_line_with_product_and_customer(fact: "DataFrame") -> None:
    rows = _lines(fact, "o1")

    assert rows[0] == {
        "order_id": "o1",
        "line_number": 1,
        "order_number": "O-0000001",
        "order_date": DAY,
        "ordered_at": dt.datetime(2026, 1, 5, 12),
        "order_status": "placed",
        "is_cancelled": False,
        "customer_id": "c1",
        "customer_name": "Acme GmbH",
        "customer_kind": "business",
        "customer_country": "DE",
        "shipping_country": "DE",
        "product_id": "p1",
        "sku": "SKU-0001",
        "product_name": "Chair",
        "product_category": "Furniture",
        "currency": "EUR",
        "unit_price": Decimal("10.00"),
        "quantity": Decimal("3.000"),
        "gross_sales_amount": Decimal("30.00"),
        "discount_amount": Decimal("1.00"),
        "net_sales_amount": Decimal("29.00"),
    }
    assert [row["product_category"] for row in rows] == ["Furniture", "Light"]


def test_lines_of_unknown_products_and_customers_are_kept(fact: "DataFrame") -> None:
    (row,) = _lines(fact, "unknown")

    assert (row["product_id"], row["product_name"], row["product_category"]) == ("unknown", "Unknown", "Unknown")
    assert (row["customer_id"], row["customer_name"], row["customer_kind"]) == ("unknown", "Unknown", "unknown")
    assert (row["sku"], row["net_sales_amount"]) == ("SKU-9999", Decimal("2.00"))


def test_half_cents_are_rounded_up(fact: "DataFrame") -> None:
    assert [row["gross_sales_amount"] for row in _lines(fact, "half a cent")] == [Decimal("0.01")]


def test_cancelled_orders_are_kept_and_flagged(fact: "DataFrame") -> None:
    assert [row["is_cancelled"] for row in _lines(fact, "cancelled")] == [True, True]


def test_sales_are_summed_per_day_category_and_currency_without_cancelled_orders(fact: "DataFrame") -> None:
    from fq_platform.transforms.sales_summary import sales_summary

    summary = {tuple(row)[:3]: tuple(row)[3:] for row in sales_summary(fact).collect()}

    def amounts(*texts: str) -> tuple[Decimal, ...]:
        return tuple(Decimal(text) for text in texts)

    assert summary == {
        (DAY, "Furniture", "EUR"): (2, 3, *amounts("6.000", "60.00", "1.50", "58.50")),
        (DAY, "Light", "EUR"): (1, 1, *amounts("1.000", "5.50", "0.00", "5.50")),
        (DAY, "Furniture", "USD"): (1, 1, *amounts("1.000", "10.00", "0.00", "10.00")),
        (NEXT_DAY, "Unknown", "EUR"): (1, 1, *amounts("1.000", "2.00", "0.00", "2.00")),
        (NEXT_DAY, "Furniture", "EUR"): (1, 1, *amounts("0.500", "0.01", "0.00", "0.01")),
    }

"""Tests of the curated tables: clean documents arrive as they are, dirty ones cleaned, and nothing vanishes."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from fq_platform_tests.transforms.raw import (
    CUSTOMERS,
    DAY,
    INVOICES,
    NOON,
    ORDERS,
    PAYMENTS,
    changelog,
    customer,
    invoice,
    order,
    payment,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.services

TIME = dt.datetime(2026, 1, 5, 12)


def _orders(spark: "SparkSession", *documents: dict[str, Any], columns: str = ORDERS) -> dict[str, dict[str, Any]]:
    from fq_platform.transforms.orders_silver import orders_silver

    rows = orders_silver(changelog(spark, columns, *documents)).collect()
    return {row["order_id"]: row.asDict(recursive=True) for row in rows}


def test_a_clean_order_arrives_as_it_is(spark: "SparkSession") -> None:
    assert _orders(spark, order())["o1"] == {
        "order_id": "o1",
        "order_number": "O-0000001",
        "customer_id": "c1",
        "order_date": DAY,
        "ordered_at": TIME,
        "status": "placed",
        "currency": "EUR",
        "shipping_street": "Main Street 1",
        "shipping_postal_code": "01067",
        "shipping_city": "Dresden",
        "shipping_country": "DE",
        "notes": None,
        "lines": [
            {
                "line_number": 1,
                "product_id": "p1",
                "sku": "SKU-0001",
                "quantity": Decimal("3.000"),
                "unit_price": Decimal("10.00"),
                "discount_amount": Decimal("1.00"),
                "line_amount": Decimal("29.00"),
            },
            {
                "line_number": 2,
                "product_id": "p2",
                "sku": "SKU-0002",
                "quantity": Decimal("1.000"),
                "unit_price": Decimal("5.50"),
                "discount_amount": Decimal("0.00"),
                "line_amount": Decimal("5.50"),
            },
        ],
        "total_amount": Decimal("34.50"),
        "updated_at": TIME,
        "data_issues": [],
    }


def test_dirt_is_cleaned_and_rescued_values_are_recovered(spark: "SparkSession") -> None:
    dirty = order(
        status=" Shipped ",
        currency=" eur",
        notes="  ",
        shipping_address=("Main Street 1", None, "Dresden", "de"),
        lines=[
            (1, "p1", "SKU-0001", 3, Decimal("10.00"), None, Decimal("30.00")),
            (None, "p2", "SKU-0002", None, None, None, Decimal("31.25")),
        ],
        total=None,
        _fq_rescued={
            "shipping_address.postal_code": '{"$numberInt":"10115"}',
            "lines[1].quantity": '{"$numberDouble":"2.5"}',
            "lines[1].unit_price": '"12.50"',
            "total": '{"$numberDouble":"61.25"}',
        },
    )

    made = _orders(spark, dirty)["o1"]

    assert (made["status"], made["currency"], made["notes"]) == ("shipped", "EUR", None)
    assert (made["shipping_postal_code"], made["shipping_country"]) == ("10115", "DE")
    assert made["lines"][1] == {
        "line_number": 2,
        "product_id": "p2",
        "sku": "SKU-0002",
        "quantity": Decimal("2.500"),
        "unit_price": Decimal("12.50"),
        "discount_amount": Decimal("0.00"),
        "line_amount": Decimal("31.25"),
    }
    assert made["total_amount"] == Decimal("61.25")
    assert made["data_issues"] == []


def test_what_cannot_be_kept_is_null_or_rounded_and_always_listed(spark: "SparkSession") -> None:
    lost = order(
        lines=[
            (1, "p1", "SKU-0001", 1, None, None, Decimal("1.005")),
            (2, "p1", "SKU-0001", 1, Decimal("12345678901234567.00"), None, Decimal("-1.005")),
        ],
        total=None,
        _fq_rescued={
            "lines[0].unit_price": '"twelve"',
            "lines[0].discount": '"10%"',
            "lines[1].discount": '{"$numberDecimal":"0.125"}',
            "lines[2]": '"not a line"',
            "total": '{"a":1}',
            "internal.flag": '"x"',
        },
    )

    made = _orders(spark, lost)["o1"]

    first, second = made["lines"]
    assert (first["unit_price"], first["discount_amount"], first["line_amount"]) == (None, None, Decimal("1.01"))
    assert (second["unit_price"], second["discount_amount"]) == (None, Decimal("0.13"))
    assert second["line_amount"] == Decimal("-1.01")
    assert made["total_amount"] is None
    assert sorted(made["data_issues"]) == [
        'internal.flag: not used: "x"',
        'lines[0].discount: cannot be read: "10%"',
        "lines[0].line_total: rounded from 1.005",
        'lines[0].unit_price: cannot be read: "twelve"',
        "lines[1].discount: rounded from 0.125",
        "lines[1].line_total: rounded from -1.005",
        "lines[1].unit_price: cannot be read: 12345678901234567.000000000000",
        'lines[2]: not used: "not a line"',
        'total: cannot be read: {"a":1}',
    ]


def test_a_rounding_is_listed_where_nothing_was_rescued(spark: "SparkSession") -> None:
    assert _orders(spark, order(total=Decimal("1.999")))["o1"]["data_issues"] == ["total: rounded from 1.999"]


def test_the_window_owns_an_order_whose_event_time_is_missing_or_a_text(spark: "SparkSession") -> None:
    start = dt.date(2026, 1, 1)
    made = _orders(
        spark,
        order(_id="missing", order_date=None, _fq_window=start),
        order(_id="text", order_date=None, _fq_window=start, _fq_rescued={"order_date": '"2026-01-09T08:00:00Z"'}),
        order(_id="vague", order_date=None, _fq_window=start, _fq_rescued={"order_date": '"next week"'}),
        order(_id="unwindowed", _fq_window=None),
    )

    assert {key: (row["order_date"], row["ordered_at"]) for key, row in made.items()} == {
        "missing": (start, None),
        "text": (start, dt.datetime(2026, 1, 9, 8)),
        "vague": (start, None),
        "unwindowed": (DAY, TIME),
    }
    assert made["vague"]["data_issues"] == ['order_date: cannot be read: "next week"']


def test_only_the_live_version_of_an_order_is_kept(spark: "SparkSession") -> None:
    later = NOON + dt.timedelta(hours=1)
    made = _orders(
        spark,
        order(),
        order(status="paid", _fq_op="update", _fq_extracted_at=later),
        order(_id="o2"),
        {"_id": "o2", "_fq_op": "delete", "_fq_extracted_at": later},
    )

    assert {key: row["status"] for key, row in made.items()} == {"o1": "paid"}


def test_fields_that_no_document_has_are_null_and_lines_empty(spark: "SparkSession") -> None:
    made = _orders(spark, {"_id": "o1", "total": Decimal(1)}, columns="_id STRING, total DECIMAL(38,12)")["o1"]

    assert made["total_amount"] == Decimal("1.00")
    assert (made["lines"], made["status"], made["shipping_city"], made["data_issues"]) == ([], None, None, [])


def test_columns_of_other_types_are_read_if_they_can_be_and_listed_if_not(spark: "SparkSession") -> None:
    columns = (
        "_id STRING, order_number BIGINT, order_date STRING, total STRING, shipping_address STRING, lines STRING, "
        "status STRUCT<code: STRING>, updated_at BIGINT"
    )
    made = _orders(
        spark,
        {
            "_id": "o1",
            "order_number": 7,
            "order_date": "2026-01-05T08:00:00Z",
            "total": "12.50",
            "shipping_address": "somewhere",
            "lines": "none",
            "status": ("paid",),
            "updated_at": 5,
        },
        {"_id": "o2", "total": "a lot"},
        columns=columns,
    )

    assert made["o1"]["order_number"] == "7"
    assert made["o1"]["ordered_at"] == dt.datetime(2026, 1, 5, 8)
    assert (made["o1"]["total_amount"], made["o1"]["lines"]) == (Decimal("12.50"), [])
    assert sorted(made["o1"]["data_issues"]) == [
        "lines: cannot be read: none",
        "shipping_address: cannot be read: somewhere",
        "status: cannot be read: {paid}",
        "updated_at: cannot be read: 5",
    ]
    assert made["o2"]["data_issues"] == ["total: cannot be read: a lot"]


def test_doubles_become_exact_decimals_and_what_no_decimal_holds_is_listed(spark: "SparkSession") -> None:
    made = _orders(
        spark,
        {"_id": "tenth", "total": 1.1},
        {"_id": "nan", "total": float("nan")},
        {"_id": "huge", "total": 1e300},
        columns="_id STRING, total DOUBLE",
    )

    assert {key: row["total_amount"] for key, row in made.items()} == {
        "tenth": Decimal("1.10"),
        "nan": None,
        "huge": None,
    }
    assert made["tenth"]["data_issues"] == []
    assert made["nan"]["data_issues"] == ["total: cannot be read: NaN"]
    assert made["huge"]["data_issues"] == ["total: cannot be read: 1.0E300"]


def test_an_empty_window_gives_an_empty_table(spark: "SparkSession") -> None:
    assert _orders(spark) == {}


def test_customers_are_cleaned(spark: "SparkSession") -> None:
    from fq_platform.transforms.customers_silver import customers_silver

    raw = changelog(
        spark,
        CUSTOMERS,
        customer(),
        customer(
            _id="c2",
            name=" Jane Doe ",
            email=" Jane@Example.COM",
            phone=None,
            kind="Consumer",
            vat_id=None,
            address=("Side Street 2", None, "London", "gb"),
            payment_terms_days=None,
            credit_limit=None,
            _fq_rescued={
                "payment_terms_days": '{"$numberDouble":"30.5"}',
                "address.postal_code": '{"$numberInt":"1067"}',
            },
        ),
    )

    rows = {row["customer_id"]: row.asDict() for row in customers_silver(raw).collect()}

    assert rows["c1"] == {
        "customer_id": "c1",
        "customer_number": "C-00001",
        "customer_name": "Acme GmbH",
        "email": "info@acme.example",
        "phone": "+49 351 1234",
        "customer_kind": "business",
        "vat_id": "DE123456789",
        "street": "Main Street 1",
        "postal_code": "01067",
        "city": "Dresden",
        "country": "DE",
        "payment_terms_days": 14,
        "credit_limit_amount": Decimal("5000.00"),
        "created_at": TIME,
        "updated_at": TIME,
        "data_issues": [],
    }
    second = rows["c2"]
    assert (second["customer_name"], second["email"]) == ("Jane Doe", "jane@example.com")
    assert (second["customer_kind"], second["country"], second["postal_code"]) == ("consumer", "GB", "1067")
    assert (second["payment_terms_days"], second["data_issues"]) == (31, ["payment_terms_days: rounded from 30.5"])


def test_invoices_are_cleaned(spark: "SparkSession") -> None:
    from fq_platform.transforms.invoices_silver import invoices_silver

    rescued = {"total_gross": '"119.00"', "lines[0].vat_rate": '{"$numberInt":"19"}'}
    line = (1, "Chair", Decimal("100.00"), None, Decimal("19.00"), Decimal("119.00"))
    raw = changelog(spark, INVOICES, invoice(total_gross=None, lines=[line], status="OPEN ", _fq_rescued=rescued))

    (row,) = invoices_silver(raw).collect()

    assert row.asDict(recursive=True) == {
        "invoice_id": "i1",
        "invoice_number": "I-1",
        "order_id": "o1",
        "customer_id": "c1",
        "invoice_date": DAY,
        "invoiced_at": TIME,
        "due_date": dt.date(2026, 1, 19),
        "status": "open",
        "currency": "EUR",
        "lines": [
            {
                "line_number": 1,
                "description": "Chair",
                "net_amount": Decimal("100.00"),
                "vat_rate": Decimal("19.00"),
                "vat_amount": Decimal("19.00"),
                "gross_amount": Decimal("119.00"),
            }
        ],
        "net_amount": Decimal("100.00"),
        "vat_amount": Decimal("19.00"),
        "gross_amount": Decimal("119.00"),
        "updated_at": TIME,
        "data_issues": [],
    }


def test_payments_are_cleaned(spark: "SparkSession") -> None:
    from fq_platform.transforms.payments_silver import payments_silver

    raw = changelog(spark, PAYMENTS, payment(method=" Card", amount=None, _fq_rescued={"amount": '"119.00"'}))

    (row,) = payments_silver(raw).collect()

    assert row.asDict() == {
        "payment_id": "y1",
        "payment_number": "P-1",
        "invoice_id": "i1",
        "customer_id": "c1",
        "payment_date": DAY,
        "paid_at": TIME,
        "payment_amount": Decimal("119.00"),
        "currency": "EUR",
        "payment_method": "card",
        "payment_reference": "I-1",
        "updated_at": TIME,
        "data_issues": [],
    }

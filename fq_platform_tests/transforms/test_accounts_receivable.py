"""Tests of accounts receivable: what is owed at the end of a day, how it ages, and where surplus money goes."""

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.services

INVOICES = (
    "invoice_id STRING, customer_id STRING, invoice_date DATE, due_date DATE, status STRING, currency STRING, "
    "gross_amount DECIMAL(18,2)"
)
PAYMENTS = (
    "payment_id STRING, invoice_id STRING, customer_id STRING, payment_date DATE, payment_amount DECIMAL(18,2), "
    "currency STRING"
)
ISSUED, DUE = dt.date(2026, 1, 5), dt.date(2026, 1, 19)


def _invoice(gross: str = "100", **changes: Any) -> tuple[Any, ...]:
    columns = {
        "invoice_id": "i1",
        "customer_id": "c1",
        "invoice_date": ISSUED,
        "due_date": DUE,
        "status": "open",
        "currency": "EUR",
    }
    return (*{**columns, **changes}.values(), Decimal(gross))


def _payment(amount: str, day: dt.date, **changes: Any) -> tuple[Any, ...]:
    columns = {"payment_id": "y1", "invoice_id": "i1", "customer_id": "c1", "payment_date": day}
    currency = changes.pop("currency", "EUR")
    return (*{**columns, **changes}.values(), Decimal(amount), currency)


def _receivable(
    spark: "SparkSession", invoices: list[Any], payments: list[Any], *days: dt.date
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """(day, customer, currency, bucket) -> (invoices, invoiced, paid, open, credit)."""
    from fq_platform.transforms.accounts_receivable import accounts_receivable

    made = accounts_receivable(
        spark.createDataFrame(invoices, INVOICES), spark.createDataFrame(payments, PAYMENTS), list(days)
    )
    rows = made.collect()
    assert all(row["invoiced_amount"] - row["paid_amount"] == row["open_amount"] - row["credit_amount"] for row in rows)
    return {tuple(row)[:4]: (row["invoice_count"], *(str(amount) for amount in tuple(row)[5:])) for row in rows}


def test_an_unpaid_invoice_ages_from_the_day_after_it_is_due(spark: "SparkSession") -> None:
    lateness = {-1: "not_due", 0: "not_due", 1: "1-30", 30: "1-30", 31: "31-60", 60: "31-60"}
    lateness |= {61: "61-90", 90: "61-90", 91: "90+", 1000: "90+"}
    days = [DUE + dt.timedelta(days=late) for late in lateness]

    made = _receivable(spark, [_invoice()], [], *days, ISSUED - dt.timedelta(days=1))

    assert made == {
        (DUE + dt.timedelta(days=late), "c1", "EUR", bucket): (1, "100.00", "0.00", "100.00", "0.00")
        for late, bucket in lateness.items()
    }


def test_payments_count_from_their_own_day_and_a_paid_invoice_is_settled(spark: "SparkSession") -> None:
    first, second = ISSUED + dt.timedelta(days=2), ISSUED + dt.timedelta(days=4)
    payments = [_payment("40", first), _payment("60", second, payment_id="y2")]

    made = _receivable(spark, [_invoice()], payments, ISSUED, first, second)

    assert made == {
        (ISSUED, "c1", "EUR", "not_due"): (1, "100.00", "0.00", "100.00", "0.00"),
        (first, "c1", "EUR", "not_due"): (1, "100.00", "40.00", "60.00", "0.00"),
        (second, "c1", "EUR", "settled"): (1, "100.00", "100.00", "0.00", "0.00"),
    }


def test_an_overpayment_is_credit_and_not_netted_against_another_invoice(spark: "SparkSession") -> None:
    invoices = [_invoice(), _invoice("30", invoice_id="i2")]

    made = _receivable(spark, invoices, [_payment("110.01", ISSUED)], ISSUED)

    assert made == {
        (ISSUED, "c1", "EUR", "settled"): (1, "100.00", "110.01", "0.00", "10.01"),
        (ISSUED, "c1", "EUR", "not_due"): (1, "30.00", "0.00", "30.00", "0.00"),
    }


def test_money_that_no_invoice_claims_is_credit_of_whoever_paid(spark: "SparkSession") -> None:
    invoices = [_invoice(status="void"), _invoice(invoice_id="i2", currency="USD")]
    payments = [
        _payment("1", ISSUED),
        _payment("2", ISSUED, invoice_id="nowhere"),
        _payment("4", ISSUED, invoice_id=None, customer_id=None),
        _payment("8", ISSUED, invoice_id="i2", currency="GBP"),
    ]

    made = _receivable(spark, invoices, payments, ISSUED)

    assert made == {
        (ISSUED, "c1", "EUR", "unallocated"): (0, "0.00", "3.00", "0.00", "3.00"),
        (ISSUED, "unknown", "EUR", "unallocated"): (0, "0.00", "4.00", "0.00", "4.00"),
        (ISSUED, "c1", "GBP", "unallocated"): (0, "0.00", "8.00", "0.00", "8.00"),
        (ISSUED, "c1", "USD", "not_due"): (1, "100.00", "0.00", "100.00", "0.00"),
    }


def test_a_payment_before_its_invoice_is_credit_until_the_invoice_is_issued(spark: "SparkSession") -> None:
    early = ISSUED - dt.timedelta(days=3)

    payments = [_payment("100", early, customer_id="payer"), _payment("1", early, customer_id="payer", invoice_id="i9")]
    at_the_time = {(early, "payer", "EUR", "unallocated"): (0, "0.00", "101.00", "0.00", "101.00")}
    assert _receivable(spark, [], payments, early) == at_the_time

    assert _receivable(spark, [_invoice()], payments, early, ISSUED) == {
        **at_the_time,
        (ISSUED, "payer", "EUR", "unallocated"): (0, "0.00", "1.00", "0.00", "1.00"),
        (ISSUED, "c1", "EUR", "settled"): (1, "100.00", "100.00", "0.00", "0.00"),
    }


def test_an_invoice_without_due_date_and_a_credit_note_are_shown_as_what_they_are(spark: "SparkSession") -> None:
    made = _receivable(spark, [_invoice(due_date=None), _invoice("-25", invoice_id="i2")], [], ISSUED)

    assert made == {
        (ISSUED, "c1", "EUR", "no_due_date"): (1, "100.00", "0.00", "100.00", "0.00"),
        (ISSUED, "c1", "EUR", "settled"): (1, "-25.00", "0.00", "0.00", "25.00"),
    }


def test_only_the_days_asked_for_are_made(spark: "SparkSession") -> None:
    assert _receivable(spark, [_invoice()], []) == {}
    assert _receivable(spark, [_invoice()], [], ISSUED, ISSUED).keys() == {(ISSUED, "c1", "EUR", "not_due")}

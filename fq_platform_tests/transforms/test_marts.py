"""Tests of the accounting marts: revenue, VAT, debts by age, payments matched; values computed by hand."""

import datetime as dt
import random
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from fq_platform_tests.transforms.raw import DAY, INVOICES, changelog, invoice

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.services

NEXT_DAY = DAY + dt.timedelta(days=1)
MONTH = dt.date(2026, 1, 1)
FACTS = (
    "order_id STRING, order_date DATE, order_status STRING, is_cancelled BOOLEAN, customer_id STRING, "
    "customer_name STRING, customer_country STRING, product_category STRING, currency STRING, quantity DECIMAL(18,3), "
    "gross_sales_amount DECIMAL(18,2), discount_amount DECIMAL(18,2), net_sales_amount DECIMAL(18,2)"
)
BILLS = (
    "invoice_id STRING, customer_id STRING, status STRING, currency STRING, gross_amount DECIMAL(18,2), "
    "invoice_number STRING, invoice_date DATE, due_date DATE"
)
PAYMENTS = (
    "payment_id STRING, invoice_id STRING, customer_id STRING, currency STRING, payment_amount DECIMAL(18,2), "
    "payment_date DATE, payment_number STRING"
)


def money(*texts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(text) for text in texts)


@pytest.fixture(scope="module")
def facts(spark: "SparkSession") -> "DataFrame":
    """Five orders: one of two categories, one returned, one cancelled, one in dollars, one of the next day."""
    ada, bob = ("c1", "Ada", "DE"), ("c2", "Bob", "FR")
    rows = [
        ("o1", DAY, "paid", False, *ada, "Care", "EUR", *money("3", "30.00", "1.00", "29.00")),
        ("o1", DAY, "paid", False, *ada, "Light", "EUR", *money("1", "5.50", "0.00", "5.50")),
        ("o2", DAY, "returned", False, *bob, "Care", "EUR", *money("1", "10.00", "0.00", "10.00")),
        ("o3", DAY, "cancelled", True, *bob, "Care", "EUR", *money("9", "90.00", "0.00", "90.00")),
        ("o4", DAY, "placed", False, *bob, "Care", "USD", *money("1", "7.25", "0.00", "7.25")),
        ("o5", NEXT_DAY, "placed", False, *ada, "Care", "EUR", *money("0.5", "0.01", "0.00", "0.01")),
    ]
    return spark.createDataFrame(rows, FACTS).localCheckpoint()


def by_key(rows: "DataFrame", length: int) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    found = [tuple(row) for row in rows.collect()]
    assert len({row[:length] for row in found}) == len(found)
    return {row[:length]: row[length:] for row in found}


def test_revenue_leaves_cancelled_orders_out_and_tells_returned_ones_apart(facts: "DataFrame") -> None:
    from fq_platform.transforms.revenue_by_day import revenue_by_day

    assert by_key(revenue_by_day(facts), 3) == {
        (DAY, MONTH, "EUR"): (2, 3, *money("5", "45.50", "1.00", "44.50", "10.00")),
        (DAY, MONTH, "USD"): (1, 1, *money("1", "7.25", "0.00", "7.25", "0.00")),
        (NEXT_DAY, MONTH, "EUR"): (1, 1, *money("0.5", "0.01", "0.00", "0.01", "0.00")),
    }


def test_revenue_is_the_same_by_customer_and_by_category(facts: "DataFrame") -> None:
    from fq_platform.transforms.revenue_by_category import revenue_by_category
    from fq_platform.transforms.revenue_by_customer import revenue_by_customer

    assert by_key(revenue_by_customer(facts.where("order_date = '2026-01-05'")), 6) == {
        (DAY, MONTH, "c1", "Ada", "DE", "EUR"): (1, 2, *money("4", "35.50", "1.00", "34.50", "0.00")),
        (DAY, MONTH, "c2", "Bob", "FR", "EUR"): (1, 1, *money("1", "10.00", "0.00", "10.00", "10.00")),
        (DAY, MONTH, "c2", "Bob", "FR", "USD"): (1, 1, *money("1", "7.25", "0.00", "7.25", "0.00")),
    }
    assert by_key(revenue_by_category(facts.where("order_date = '2026-01-05'")), 4) == {
        (DAY, MONTH, "Care", "EUR"): (2, 2, *money("4", "40.00", "1.00", "39.00", "10.00")),
        (DAY, MONTH, "Light", "EUR"): (1, 1, *money("1", "5.50", "0.00", "5.50", "0.00")),
        (DAY, MONTH, "Care", "USD"): (1, 1, *money("1", "7.25", "0.00", "7.25", "0.00")),
    }


def test_vat_is_what_the_lines_state_by_rate_without_void_invoices(spark: "SparkSession") -> None:
    from fq_platform.transforms.invoices_silver import invoices_silver
    from fq_platform.transforms.vat_report import vat_report

    standard = (1, "Chair", *money("100.00", "19.00", "19.00", "119.00"))
    # 19 % of 0.05 is 0.0095: each line is rounded by itself, so two of them have 0.02 of VAT and not 0.01.
    cent = (2, "Nail", *money("0.05", "19.00", "0.01", "0.06"))
    reduced = (3, "Book", *money("10.00", "7.00", "0.70", "10.70"))
    no_rate = (4, "Gift", Decimal("1.00"), None, *money("0.00", "1.00"))
    next_day = {"invoice_date": dt.datetime(2026, 1, 6, 1), "_fq_window": NEXT_DAY}
    silver = invoices_silver(
        changelog(
            spark,
            INVOICES,
            invoice(lines=[standard, cent, cent]),
            invoice(_id="i2", lines=[standard, reduced, no_rate]),
            invoice(_id="void", status="Void", lines=[standard]),
            invoice(_id="pounds", currency="GBP", lines=[standard], **next_day),
        )
    )

    assert by_key(vat_report(silver), 5) == {
        (DAY, MONTH, Decimal("19.00"), True, "EUR"): (2, 4, *money("200.10", "38.02", "238.12")),
        (DAY, MONTH, Decimal("7.00"), True, "EUR"): (1, 1, *money("10.00", "0.70", "10.70")),
        (DAY, MONTH, Decimal("0.00"), False, "EUR"): (1, 1, *money("1.00", "0.00", "1.00")),
        (NEXT_DAY, MONTH, Decimal("19.00"), True, "GBP"): (1, 1, *money("100.00", "19.00", "119.00")),
    }


def test_ageing_has_what_is_owed_and_how_much_of_it_is_overdue(spark: "SparkSession") -> None:
    from fq_platform.transforms.receivables_ageing import receivables_ageing

    buckets = ("not_due", "1-30", "31-60", "61-90", "90+", "no_due_date")
    owed = [(DAY, "c1", "EUR", bucket, 2, Decimal("10.25")) for bucket in buckets]
    nothing = [(DAY, "c1", "EUR", bucket, 1, Decimal("0.00")) for bucket in ("settled", "unallocated")]
    schema = "as_of_date DATE, customer_id STRING, currency STRING, age_bucket STRING, invoice_count BIGINT, "
    receivable = spark.createDataFrame([*owed, *nothing], f"{schema} open_amount DECIMAL(18,2)")

    rows = sorted(tuple(row)[3:] for row in receivables_ageing(receivable).collect())

    amount, none = money("10.25", "0.00")
    assert sorted(rows, key=lambda row: row[1]) == [
        (bucket, number, 2, amount, none if bucket in ("not_due", "no_due_date") else amount)
        for number, bucket in enumerate(buckets, 1)
    ]


def bill(invoice_id: str, gross: str, **changes: Any) -> tuple[Any, ...]:
    row = {"invoice_id": invoice_id, "customer_id": "c1", "status": "open", "currency": "EUR"}
    return (*{**row, **changes}.values(), Decimal(gross), f"I-{invoice_id}", DAY, DAY)


def paid(payment_id: str, invoice_id: str | None, amount: str, **changes: Any) -> tuple[Any, ...]:
    row = {"payment_id": payment_id, "invoice_id": invoice_id, "customer_id": "c9", "currency": "EUR"}
    day = changes.pop("day", DAY)
    return (*{**row, **changes}.values(), Decimal(amount), day, f"P-{payment_id}")


def matching(spark: "SparkSession", bills: Sequence[Any], payments: Sequence[Any]) -> "DataFrame":
    from fq_platform.transforms.payment_matching import payment_matching

    return payment_matching(spark.createDataFrame(bills, BILLS), spark.createDataFrame(payments, PAYMENTS))


def test_payments_meet_their_invoices_and_what_meets_nothing_is_listed(spark: "SparkSession") -> None:
    bills = [
        bill("exact", "100.00"),
        bill("parts", "100.00"),
        bill("less", "100.00"),
        bill("more", "100.00"),
        bill("none", "100.00"),
        bill("nobody", "1.00", customer_id=None),
        bill("void", "100.00", status="void"),
        bill("void and paid", "100.00", status="void"),
        bill("dollars", "100.00"),
        bill("refunded", "100.00"),
    ]
    payments = [
        paid("a", "exact", "100.00"),
        paid("c", "parts", "39.99", day=NEXT_DAY),
        paid("b", "parts", "60.01"),
        paid("d", "less", "99.99"),
        paid("e", "more", "100.01"),
        paid("f", "void and paid", "5.00"),
        paid("g", "dollars", "100.00", currency="USD"),
        paid("h", "gone", "7.00"),
        paid("i", None, "8.00", customer_id=None),
        paid("j", "refunded", "100.00"),
        paid("k", "refunded", "-100.00"),
    ]
    rows = {row["match_id"]: row for row in matching(spark, bills, payments).collect()}

    columns = ("match_status", "invoice_row_number", "payment_amount", "invoiced_amount", "paid_amount")
    found = {key: (*(str(row[name]) for name in columns), str(row["difference_amount"])) for key, row in rows.items()}
    assert found == {
        "payment-a": ("matched", "1", "100.00", "100.00", "100.00", "0.00"),
        "payment-b": ("matched", "1", "60.01", "100.00", "100.00", "0.00"),
        "payment-c": ("matched", "2", "39.99", "100.00", "100.00", "0.00"),
        "payment-d": ("partly_paid", "1", "99.99", "100.00", "99.99", "-0.01"),
        "payment-e": ("overpaid", "1", "100.01", "100.00", "100.01", "0.01"),
        "invoice-none": ("unpaid", "1", "0.00", "100.00", "0.00", "-100.00"),
        "invoice-nobody": ("unpaid", "1", "0.00", "1.00", "0.00", "-1.00"),
        "invoice-void": ("void", "1", "0.00", "0.00", "0.00", "0.00"),
        "payment-f": ("void_invoice_paid", "1", "5.00", "0.00", "5.00", "5.00"),
        "payment-g": ("other_currency", "None", "100.00", "0.00", "100.00", "100.00"),
        "invoice-dollars": ("unpaid", "1", "0.00", "100.00", "0.00", "-100.00"),
        "payment-h": ("payment_without_invoice", "None", "7.00", "0.00", "7.00", "7.00"),
        "payment-i": ("payment_without_invoice", "None", "8.00", "0.00", "8.00", "8.00"),
        "payment-j": ("unpaid", "1", "100.00", "100.00", "0.00", "-100.00"),
        "payment-k": ("unpaid", "2", "-100.00", "100.00", "0.00", "-100.00"),
    }
    assert [rows[f"payment-{key}"]["currency"] for key in "ag"] == ["EUR", "USD"]
    assert [rows[key]["customer_id"] for key in ("payment-a", "payment-h", "payment-i")] == ["c1", "c9", "unknown"]
    assert rows["invoice-nobody"]["customer_id"] == "unknown"
    assert [rows[f"payment-{key}"]["invoice_id"] for key in "ahi"] == ["exact", "gone", None]


def test_matching_is_what_plain_python_finds_in_random_business(spark: "SparkSession") -> None:
    chance = random.Random(7)
    currencies, amounts = ("EUR", "EUR", "USD"), ("10.00", "20.00", "30.00")
    bills = [
        bill(
            f"i{n}", chance.choice(amounts), currency=chance.choice(currencies), status=chance.choice(("open", "void"))
        )
        for n in range(60)
    ]
    payments = [
        paid(f"p{n}", f"i{chance.randrange(70)}", chance.choice(amounts), currency=chance.choice(currencies))
        for n in range(90)
    ]

    rows = matching(spark, bills, payments).collect()

    received: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for _, invoice_id, _, currency, amount, *_ in payments:
        received[invoice_id, currency].append(amount)
    differences = {}
    for invoice_id, _, status, currency, gross, *_ in bills:
        owed = gross if status != "void" else Decimal(0)
        differences[invoice_id, currency] = sum(received.pop((invoice_id, currency), []), Decimal(0)) - owed
    of_invoices = [row for row in rows if row["invoice_row_number"] == 1]
    assert {(row["invoice_id"], row["currency"]): row["difference_amount"] for row in of_invoices} == differences
    loose = [row for row in rows if row["invoice_row_number"] is None]
    assert sorted(row["payment_amount"] for row in loose) == sorted(
        amount for left in received.values() for amount in left
    )
    known = {row[0] for row in bills}
    assert all((row["match_status"] == "other_currency") == (row["invoice_id"] in known) for row in loose)
    assert sorted(row["payment_id"] for row in rows if row["payment_id"]) == sorted(row[0] for row in payments)

"""Tests of the business rules: good data breaks none, and each kind of bad data is found."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from fq_platform.checks import violations
from fq_platform_tests.transforms.raw import INVOICES, ORDERS, PAYMENTS, changelog, invoice, order, payment

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.services


def test_good_data_breaks_no_rule(good_tables: "Mapping[str, DataFrame]") -> None:
    broken = {
        "orders": violations.orders_that_do_not_add_up(good_tables["orders_silver"]),
        "invoices": violations.invoices_that_do_not_add_up(good_tables["invoices_silver"]),
        "credit": violations.unreported_overpayments(
            good_tables["accounts_receivable"], good_tables["invoices_silver"], good_tables["payments_silver"]
        ),
        "sales": violations.sales_that_do_not_add_up(good_tables["sales_summary"], good_tables["fct_orders"]),
        "issues": violations.documents_with_data_issues(good_tables["orders_silver"], "order_id"),
    }

    assert {rule: rows.collect() for rule, rows in broken.items()} == {rule: [] for rule in broken}


def test_an_order_that_is_a_cent_off_or_lacks_an_amount_is_found(spark: "SparkSession") -> None:
    from fq_platform.transforms.orders_silver import orders_silver

    raw = changelog(
        spark,
        ORDERS,
        order(),
        order(_id="cent", total=Decimal("34.51")),
        order(_id="no total", total=None),
        order(_id="no line amount", lines=[(1, "p1", "S", 1, Decimal(1), None, None)]),
        order(_id="no lines", lines=[]),
    )

    found = violations.orders_that_do_not_add_up(orders_silver(raw)).collect()

    assert {row["order_id"]: row["sum_of_lines"] for row in found} == {
        "cent": Decimal("34.50"),
        "no total": Decimal("34.50"),
        "no line amount": None,
        "no lines": Decimal("0.00"),
    }


def test_an_invoice_that_does_not_add_up_anywhere_is_found(spark: "SparkSession") -> None:
    from fq_platform.transforms.invoices_silver import invoices_silver

    amounts = {"total_net": Decimal("100.00"), "total_vat": Decimal("19.00"), "total_gross": Decimal("119.00")}
    line = (1, "Chair", Decimal("100.00"), Decimal("19.00"), Decimal("19.00"), Decimal("119.00"))
    skewed = [
        (*line[:2], Decimal("100.01"), *line[3:]),
        (*line[:2], Decimal("-0.01"), Decimal(0), Decimal(0), Decimal(0)),
    ]
    raw = changelog(
        spark,
        INVOICES,
        invoice(),
        *(invoice(_id=name, **{name: amount + Decimal("0.01")}) for name, amount in amounts.items()),
        invoice(_id="missing", total_gross=None),
        invoice(_id="lines off, sums right", lines=skewed),
    )

    found = violations.invoices_that_do_not_add_up(invoices_silver(raw)).collect()

    assert {row["invoice_id"] for row in found} == {*amounts, "missing", "lines off, sums right"}


def test_an_overpayment_that_is_not_reported_is_found(
    spark: "SparkSession", good_tables: "Mapping[str, DataFrame]"
) -> None:
    from fq_platform.transforms.accounts_receivable import accounts_receivable
    from fq_platform.transforms.invoices_silver import invoices_silver
    from fq_platform.transforms.payments_silver import payments_silver
    from fq_platform_tests.transforms.raw import DAY

    invoices = invoices_silver(changelog(spark, INVOICES, invoice(), invoice(_id="void", status="void")))
    more = payments_silver(
        changelog(
            spark,
            PAYMENTS,
            payment(),
            payment(_id="y2", amount=Decimal("0.01")),
            payment(_id="y3", invoice_id="void", amount=Decimal("5.00")),
            payment(_id="y4", invoice_id="void", customer_id="c2", currency="GBP", amount=Decimal("7.00")),
        )
    )

    (euro, pound) = sorted(
        tuple(row)
        for row in violations.unreported_overpayments(good_tables["accounts_receivable"], invoices, more).collect()
    )
    assert euro == ("c1", "EUR", Decimal("5.01"), Decimal("0.00"))
    assert pound == ("c2", "GBP", Decimal("7.00"), Decimal("0.00"))

    reported = accounts_receivable(invoices, more, [DAY])
    assert violations.unreported_overpayments(reported, invoices, more).collect() == []


def test_a_summary_that_is_not_the_sum_of_the_lines_is_found(good_tables: "Mapping[str, DataFrame]") -> None:
    from pyspark.sql import functions as sf

    summary, fact = good_tables["sales_summary"], good_tables["fct_orders"]
    cent_off = summary.withColumn("net_sales_amount", (sf.col("net_sales_amount") + sf.lit(Decimal("0.01"))))

    assert violations.sales_that_do_not_add_up(cent_off, fact).count() == 1
    assert violations.sales_that_do_not_add_up(summary.limit(0), fact).count() == 1
    assert violations.sales_that_do_not_add_up(summary, fact.limit(0)).count() == 1
    cancelled = fact.withColumn("is_cancelled", sf.lit(True))
    assert violations.sales_that_do_not_add_up(summary.limit(0), cancelled).count() == 0


def test_rescued_values_and_unrecovered_ones_are_counted(spark: "SparkSession") -> None:
    from fq_platform.transforms.orders_silver import orders_silver

    good = {"lines[0].quantity": '"3"', "total": '"34.50"'}
    raw = changelog(
        spark, ORDERS, order(), order(_id="o2", _fq_rescued=good), order(_id="o3", _fq_rescued={"notes": "[1]"})
    )

    assert violations.rescued_values(raw).collect() == [(3,)]
    assert violations.rescued_values(raw.limit(0)).collect() == [(0,)]
    (row,) = violations.documents_with_data_issues(orders_silver(raw), "order_id").collect()
    assert (row["order_id"], row["data_issues"]) == ("o3", ["notes: cannot be read: [1]"])

"""analytics/payment_matching: each payment beside the invoice that it names, and what is left of either.

Belongs here: when a payment settles an invoice, and what came of it. Does not: how debts age (`accounts_receivable`).
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fq_platform.contracts import marts
from fq_platform.contracts.model import MONEY
from fq_platform.contracts.shared import UNKNOWN_ID


def payment_matching(invoices_silver: DataFrame, payments_silver: DataFrame) -> DataFrame:
    """Make `payment_matching` (see its contract).

    Args:
        invoices_silver: All curated invoices.
        payments_silver: All curated payments.

    Returns:
        One row per payment, and one per invoice that no payment names.
    """
    invoices = invoices_silver.select(
        "invoice_id",
        "invoice_number",
        "invoice_date",
        "due_date",
        sf.col("status").alias("invoice_status"),
        sf.col("customer_id").alias("debtor_id"),
        sf.col("currency").alias("invoice_currency"),
        "gross_amount",
    )
    payments = payments_silver.select(
        sf.col("invoice_id").alias("named_invoice_id"),
        sf.col("customer_id").alias("payer_id"),
        sf.col("currency").alias("payment_currency"),
        "payment_id",
        "payment_number",
        "payment_date",
        sf.col("payment_amount").alias("received_amount"),
    )
    settles = (sf.col("invoice_id") == sf.col("named_invoice_id")) & (
        sf.col("invoice_currency") == sf.col("payment_currency")
    )
    return _columns(_with_totals(invoices.join(payments, settles, "full")))


def _with_totals(pairs: DataFrame) -> DataFrame:
    """The pairs with what their invoices ask for, what was paid on them, and their place among the invoice's rows."""
    zero = sf.lit(0).cast(MONEY)
    has_invoice = sf.col("invoice_id").isNotNull()
    is_void = sf.col("invoice_status").eqNullSafe("void")
    amounts = pairs.withColumns(
        {
            "named_id": sf.coalesce("invoice_id", "named_invoice_id"),
            "payment_amount": sf.coalesce("received_amount", zero),
            "invoiced_amount": sf.when(has_invoice & ~is_void, sf.col("gross_amount")).otherwise(zero),
        }
    )
    # All windows lie within one, so that rows are moved once.
    of_name = Window.partitionBy("named_id")
    of_invoice = Window.partitionBy("named_id", "invoice_id")
    in_order = of_invoice.orderBy("payment_date", "payment_id")
    paid = sf.when(has_invoice, sf.sum("payment_amount").over(of_invoice)).otherwise(sf.col("payment_amount"))
    return amounts.withColumns(
        {
            "paid_amount": paid.cast(MONEY),
            "invoice_row_number": sf.when(has_invoice, sf.row_number().over(in_order).cast("bigint")),
            "is_known": sf.count("invoice_id").over(of_name) > 0,
        }
    )


def _columns(pairs: DataFrame) -> DataFrame:
    """The columns of the contract."""
    return pairs.select(
        sf.coalesce(
            sf.concat(sf.lit("payment-"), sf.col("payment_id")), sf.concat(sf.lit("invoice-"), sf.col("invoice_id"))
        ).alias("match_id"),
        _status().alias("match_status"),
        sf.coalesce("debtor_id", "payer_id", sf.lit(UNKNOWN_ID)).alias("customer_id"),
        sf.coalesce("payment_currency", "invoice_currency").alias("currency"),
        sf.coalesce("invoice_id", "named_invoice_id").alias("invoice_id"),
        "invoice_number",
        "invoice_date",
        "due_date",
        "invoice_status",
        "invoice_row_number",
        "payment_id",
        "payment_number",
        "payment_date",
        "payment_amount",
        "invoiced_amount",
        "paid_amount",
        (sf.col("paid_amount") - sf.col("invoiced_amount")).cast(MONEY).alias("difference_amount"),
    )


def _status() -> Column:
    paid, invoiced = sf.col("paid_amount"), sf.col("invoiced_amount")
    is_void = sf.col("invoice_status").eqNullSafe("void")
    return (
        sf.when(sf.col("invoice_id").isNull() & sf.col("is_known"), marts.OTHER_CURRENCY)
        .when(sf.col("invoice_id").isNull(), marts.WITHOUT_INVOICE)
        .when(is_void & sf.col("payment_id").isNotNull(), marts.VOID_INVOICE_PAID)
        .when(is_void, marts.VOID)
        .when(paid == invoiced, marts.MATCHED)
        .when(paid > invoiced, marts.OVERPAID)
        .when(paid > 0, marts.PARTLY_PAID)
        .otherwise(marts.UNPAID)
    )

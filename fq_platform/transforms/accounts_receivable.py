"""analytics/accounts_receivable: what customers owe at the end of each day, by age.

Belongs here: how payments meet invoices and how debts age. Does not: cleaning either.
"""

import datetime as dt
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.analytics import NO_DUE_DATE, NOT_DUE, OVER_90, SETTLED, UNALLOCATED
from fq_platform.contracts.model import MONEY
from fq_platform.contracts.shared import UNKNOWN_ID

_SUM = "decimal(28,2)"


def accounts_receivable(invoices_silver: DataFrame, payments_silver: DataFrame, days: Sequence[dt.date]) -> DataFrame:
    """Make `accounts_receivable` (see its contract).

    Args:
        invoices_silver: The curated invoices of every day up to the last one asked for.
        payments_silver: The curated payments of every day up to the last one asked for.
        days: The days (UTC) asked for; invoices and payments of a day count at its end.

    Returns:
        One row per customer, currency, day asked for and age bucket that has an invoice or a payment.
    """
    accounts = _accounts(invoices_silver.where(~sf.col("status").eqNullSafe("void")), payments_silver)
    first_day = sf.least("invoice_date", "first_payment_date")
    all_days = sf.array(*(sf.lit(day) for day in sorted(set(days)))).cast("array<date>")
    daily = accounts.withColumn("as_of_date", sf.explode(sf.filter(all_days, lambda day: day >= first_day)))

    as_of = sf.col("as_of_date")
    is_invoiced = sf.coalesce(sf.col("invoice_date") <= as_of, sf.lit(False))
    zero = sf.lit(0).cast(_SUM)
    invoiced = sf.when(is_invoiced, sf.col("gross_amount")).otherwise(zero)
    paid = sf.aggregate(
        sf.filter("payments", lambda payment: payment["payment_date"] <= as_of),
        zero,
        lambda total, payment: (total + payment["payment_amount"]).cast(_SUM),
    )
    balance = sf.col("invoiced_amount") - sf.col("paid_amount")
    aged = (
        daily.withColumn("invoiced_amount", invoiced)
        .withColumn("paid_amount", paid)
        .withColumn("open_amount", sf.greatest(balance, zero))
        .withColumn("credit_amount", sf.greatest(-balance, zero))
        .withColumn("invoice_count", sf.when(is_invoiced, sf.col("invoice_count")).otherwise(sf.lit(0)))
        .withColumn("age_bucket", _age_bucket(is_invoiced))
    )
    return aged.groupBy("as_of_date", "customer_id", "currency", "age_bucket").agg(
        sf.sum("invoice_count").alias("invoice_count"),
        *(
            sf.sum(amount).cast(MONEY).alias(amount)
            for amount in ("invoiced_amount", "paid_amount", "open_amount", "credit_amount")
        ),
    )


def _accounts(invoices: DataFrame, payments: DataFrame) -> DataFrame:
    """One row per invoice with its payments, and per customer and currency with the payments that match no invoice.

    A payment matches an invoice of the same number and currency; it then counts for the invoice's customer.
    """
    billed = invoices.select(
        "invoice_id",
        sf.coalesce("customer_id", sf.lit(UNKNOWN_ID)).alias("customer_id"),
        "currency",
        "invoice_date",
        "due_date",
        "gross_amount",
    )
    debtors = billed.select("invoice_id", "currency", sf.col("customer_id").alias("debtor_id"))
    received = payments.join(debtors, ["invoice_id", "currency"], "left").select(
        sf.when(sf.col("debtor_id").isNotNull(), sf.col("invoice_id")).alias("invoice_id"),
        sf.coalesce("debtor_id", "customer_id", sf.lit(UNKNOWN_ID)).alias("customer_id"),
        "currency",
        "payment_date",
        sf.struct("payment_date", "payment_amount").alias("payment"),
    )
    return (
        billed.unionByName(received, allowMissingColumns=True)
        .groupBy("customer_id", "currency", "invoice_id")
        .agg(
            sf.max("invoice_date").alias("invoice_date"),
            sf.max("due_date").alias("due_date"),
            sf.sum("gross_amount").cast(_SUM).alias("gross_amount"),
            sf.count("gross_amount").alias("invoice_count"),
            sf.min("payment_date").alias("first_payment_date"),
            sf.collect_list("payment").alias("payments"),
        )
    )


def _age_bucket(is_invoiced: Column) -> Column:
    """Where an account stands; the due date itself is not late."""
    days_late = sf.datediff("as_of_date", "due_date")
    return (
        sf.when(~is_invoiced, UNALLOCATED)
        .when(sf.col("open_amount") == 0, SETTLED)
        .when(sf.col("due_date").isNull(), NO_DUE_DATE)
        .when(days_late <= 0, NOT_DUE)
        .when(days_late <= 30, "1-30")
        .when(days_late <= 60, "31-60")
        .when(days_late <= 90, "61-90")
        .otherwise(OVER_90)
    )

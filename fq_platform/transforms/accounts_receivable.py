"""analytics/accounts_receivable: what customers owe at the end of each day, by age.

Belongs here: how payments meet invoices and how debts age. Does not: cleaning either.
"""

import datetime as dt
from collections.abc import Callable, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.analytics import NO_DUE_DATE, NOT_DUE, OVER_90, SETTLED, UNALLOCATED
from fq_platform.contracts.model import MONEY
from fq_platform.contracts.shared import UNKNOWN_ID

_SUM = "decimal(28,2)"


def accounts_receivable(invoices_silver: DataFrame, payments_silver: DataFrame, days: Sequence[dt.date]) -> DataFrame:
    """Make `accounts_receivable` (see its contract).

    What a row says depends on its own day and those before it alone: whatever later days are given beside them, and in
    whichever order days are made, it is the same.

    Args:
        invoices_silver: The curated invoices of every day up to the last one asked for.
        payments_silver: The curated payments of every day up to the last one asked for.
        days: The days (UTC) asked for; invoices and payments of a day count at its end.

    Returns:
        One row per customer, currency, day asked for and age bucket that has an invoice or a payment.
    """
    billed = _billed(invoices_silver)
    received = _received(payments_silver, billed)
    balances = _owed(billed, received, days).unionByName(_unallocated(received, days))
    balance = sf.col("invoiced_amount") - sf.col("paid_amount")
    zero = sf.lit(0).cast(_SUM)
    aged = (
        balances.withColumn("open_amount", sf.greatest(balance, zero))
        .withColumn("credit_amount", sf.greatest(-balance, zero))
        .withColumn("age_bucket", _age_bucket())
    )
    return aged.groupBy("as_of_date", "customer_id", "currency", "age_bucket").agg(
        sf.sum("invoice_count").alias("invoice_count"),
        *(
            sf.sum(amount).cast(MONEY).alias(amount)
            for amount in ("invoiced_amount", "paid_amount", "open_amount", "credit_amount")
        ),
    )


def _billed(invoices: DataFrame) -> DataFrame:
    """The invoices that count."""
    return invoices.where(~sf.col("status").eqNullSafe("void")).select(
        "invoice_id",
        sf.coalesce("customer_id", sf.lit(UNKNOWN_ID)).alias("debtor_id"),
        "currency",
        "invoice_date",
        "due_date",
        "gross_amount",
    )


def _received(payments: DataFrame, billed: DataFrame) -> DataFrame:
    """The payments with the date of the invoice that they match, which has the same number and currency."""
    issued = billed.select("invoice_id", "currency", "invoice_date")
    return payments.join(issued, ["invoice_id", "currency"], "left")


def _owed(billed: DataFrame, received: DataFrame, days: Sequence[dt.date]) -> DataFrame:
    """One row per invoice and day from its own on, with what has been paid on it by then, before or since."""
    paid = received.where(sf.col("invoice_date").isNotNull()).groupBy("invoice_id", "currency")
    payments = paid.agg(sf.collect_list(sf.struct("payment_date", "payment_amount")).alias("payments"))
    as_of = sf.col("as_of_date")
    daily = billed.join(payments, ["invoice_id", "currency"], "left").withColumn(
        "as_of_date", _each(days, lambda day: day >= sf.col("invoice_date"))
    )
    return daily.select(
        "as_of_date",
        sf.col("debtor_id").alias("customer_id"),
        "currency",
        "due_date",
        sf.lit(1).alias("invoice_count"),
        sf.col("gross_amount").cast(_SUM).alias("invoiced_amount"),
        sf.aggregate(
            sf.filter(sf.coalesce("payments", sf.array()), lambda payment: payment["payment_date"] <= as_of),
            sf.lit(0).cast(_SUM),
            lambda total, payment: (total + payment["payment_amount"]).cast(_SUM),
        ).alias("paid_amount"),
    )


def _unallocated(received: DataFrame, days: Sequence[dt.date]) -> DataFrame:
    """One row per payer, currency and day with money that no invoice issued so far claims."""
    unclaimed = _each(
        days,
        lambda day: (
            (day >= sf.col("payment_date")) & (sf.col("invoice_date").isNull() | (day < sf.col("invoice_date")))
        ),
    )
    return (
        received.withColumn("as_of_date", unclaimed)
        .groupBy("as_of_date", sf.coalesce("customer_id", sf.lit(UNKNOWN_ID)).alias("customer_id"), "currency")
        .agg(sf.sum("payment_amount").cast(_SUM).alias("paid_amount"))
        .withColumn("due_date", sf.lit(None).cast("date"))
        .withColumn("invoice_count", sf.lit(0))
        .withColumn("invoiced_amount", sf.lit(0).cast(_SUM))
    )


def _each(days: Sequence[dt.date], applies: Callable[[Column], Column]) -> Column:
    """A row for each of the days that apply."""
    every = sf.array(*(sf.lit(day) for day in sorted(set(days)))).cast("array<date>")
    return sf.explode(sf.filter(every, applies))


def _age_bucket() -> Column:
    """Where an account stands; the due date itself is not late."""
    days_late = sf.datediff("as_of_date", "due_date")
    return (
        sf.when(sf.col("invoice_count") == 0, UNALLOCATED)
        .when(sf.col("open_amount") == 0, SETTLED)
        .when(sf.col("due_date").isNull(), NO_DUE_DATE)
        .when(days_late <= 0, NOT_DUE)
        .when(days_late <= 30, "1-30")
        .when(days_late <= 60, "31-60")
        .when(days_late <= 90, "61-90")
        .otherwise(OVER_90)
    )

"""The business rules: for each, the rows that break it. Money is compared exactly.

Belongs here: pure functions over DataFrames. Does not: Dagster (`business_rules.py`), promises of one column.
"""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from fq_platform.contracts.shared import UNKNOWN_ID

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_SUM = "decimal(28,2)"


def orders_that_do_not_add_up(orders_silver: "DataFrame") -> "DataFrame":
    """Orders whose total is not the sum of their lines, or cannot be compared because an amount is missing."""
    from pyspark.sql import functions as sf

    stated = orders_silver.select(
        "order_id", "order_date", "currency", "total_amount", _sum_of_lines("line_amount").alias("sum_of_lines")
    )
    return stated.where(_differ(sf.col("total_amount"), sf.col("sum_of_lines")))


def invoices_that_do_not_add_up(invoices_silver: "DataFrame") -> "DataFrame":
    """Invoices, or lines of them, whose gross is not net + VAT, or whose totals are not the sums of their lines."""
    from pyspark.sql import functions as sf

    amounts = ("net_amount", "vat_amount", "gross_amount")
    wrong_totals = [_differ(sf.col(amount), _sum_of_lines(amount)) for amount in amounts]
    wrong_gross = _differ(sf.col("gross_amount"), sf.col("net_amount") + sf.col("vat_amount"))
    wrong_line = sf.exists("lines", lambda line: _differ(line["gross_amount"], line["net_amount"] + line["vat_amount"]))
    return invoices_silver.where(reduce(or_, [*wrong_totals, wrong_gross, wrong_line])).select(
        "invoice_id",
        "invoice_date",
        "currency",
        *amounts,
        *(_sum_of_lines(amount).alias(f"sum_of_lines_{amount}") for amount in amounts),
    )


def unreported_overpayments(
    accounts_receivable: "DataFrame", invoices_silver: "DataFrame", payments_silver: "DataFrame"
) -> "DataFrame":
    """Customers whose credit on the latest day of accounts receivable is not what payments and invoices say.

    Computed in another way than the table itself: invoice by invoice, the excess of what was paid on it.
    """
    from pyspark.sql import functions as sf

    latest = sf.broadcast(accounts_receivable.agg(sf.max("as_of_date").alias("as_of_date")))
    key = ["customer_id", "currency"]
    unknown = sf.lit(UNKNOWN_ID)
    bills = invoices_silver.where(~sf.col("status").eqNullSafe("void")).withColumn(
        "owner_id", sf.coalesce("customer_id", unknown)
    )
    owed = bills.join(latest, sf.col("invoice_date") <= sf.col("as_of_date")).select(
        sf.col("owner_id").alias("customer_id"), "currency", "invoice_id", (-sf.col("gross_amount")).alias("balance")
    )
    received = (
        payments_silver.join(latest, sf.col("payment_date") <= sf.col("as_of_date"))
        .join(bills.select("invoice_id", "currency", "owner_id"), ["invoice_id", "currency"], "left")
        .select(
            sf.coalesce("owner_id", "customer_id", unknown).alias("customer_id"),
            "currency",
            sf.when(sf.col("owner_id").isNotNull(), sf.col("invoice_id")).alias("invoice_id"),
            sf.col("payment_amount").alias("balance"),
        )
    )
    balances = owed.unionByName(received).groupBy(*key, "invoice_id").agg(sf.sum("balance").alias("balance"))
    expected = balances.where("balance > 0").groupBy(*key).agg(sf.sum("balance").cast(_SUM).alias("expected"))
    reported = (
        accounts_receivable.join(latest, "as_of_date")
        .groupBy(*key)
        .agg(sf.sum("credit_amount").cast(_SUM).alias("reported"))
    )
    zero = sf.lit(0).cast(_SUM)
    compared = expected.join(reported, key, "full").select(
        *key,
        sf.coalesce("expected", zero).alias("expected_credit_amount"),
        sf.coalesce("reported", zero).alias("reported_credit_amount"),
    )
    return compared.where(sf.col("expected_credit_amount") != sf.col("reported_credit_amount"))


def sales_that_do_not_add_up(sales_summary: "DataFrame", fct_orders: "DataFrame") -> "DataFrame":
    """Days and currencies whose sales are not those of their order lines."""
    from pyspark.sql import functions as sf

    measures = ("quantity", "gross_sales_amount", "discount_amount", "net_sales_amount")
    key = ["order_date", "currency"]
    summed = sales_summary.groupBy(*key).agg(*(sf.sum(name).alias(f"summary_{name}") for name in measures))
    lines = (
        fct_orders.where(~sf.col("is_cancelled"))
        .groupBy(*key)
        .agg(*(sf.sum(name).alias(f"lines_{name}") for name in measures))
    )
    joined = summed.join(lines, key, "full")
    return joined.where(reduce(or_, [_differ(sf.col(f"summary_{name}"), sf.col(f"lines_{name}")) for name in measures]))


def unreconciled(reconciliation: "DataFrame") -> "DataFrame":
    """Days on which two tables do not agree though neither has changed since the other was made."""
    from pyspark.sql import functions as sf

    differs = (sf.col("difference_count") != 0) | _differ(sf.col("difference_amount"), sf.lit(0))
    return reconciliation.where(differs & ~sf.col("is_pending"))


def payments_that_do_not_add_up(
    payment_matching: "DataFrame", invoices_silver: "DataFrame", payments_silver: "DataFrame"
) -> "DataFrame":
    """Currencies in which payments or invoices were lost, doubled or changed on the way to their matching."""
    from pyspark.sql import functions as sf

    def summed(rows: "DataFrame", side: str, amount: str) -> "DataFrame":
        total = sf.sum(amount).cast(_SUM)
        return rows.groupBy("currency").agg(sf.count(sf.lit(1)).alias(f"{side}_count"), total.alias(f"{side}_amount"))

    sides = (
        summed(payments_silver, "payments", "payment_amount"),
        summed(payment_matching.where("payment_id IS NOT NULL"), "matched_payments", "payment_amount"),
        summed(invoices_silver.where("NOT status <=> 'void'"), "invoices", "gross_amount"),
        summed(
            payment_matching.where("invoice_row_number = 1 AND NOT invoice_status <=> 'void'"),
            "matched_invoices",
            "invoiced_amount",
        ),
    )
    joined = reduce(lambda left, right: left.join(right, "currency", "full"), sides).na.fill(0)
    return joined.where(
        reduce(
            or_,
            [
                _differ(sf.col(f"{side}_{what}"), sf.col(f"matched_{side}_{what}"))
                for side in ("payments", "invoices")
                for what in ("count", "amount")
            ],
        )
    )


def documents_with_data_issues(table: "DataFrame", key: str) -> "DataFrame":
    """Documents that hold a value which could not be kept as it is."""
    from pyspark.sql import functions as sf

    return table.where(sf.size("data_issues") > 0).select(key, "data_issues")


def rescued_values(raw: "DataFrame") -> "DataFrame":
    """How many values of a raw changelog, all versions counted, did not fit their columns: one number."""
    from pyspark.sql import functions as sf

    rescued = raw.where(sf.col("_fq_rescued").isNotNull())
    return rescued.agg(sf.coalesce(sf.sum(sf.size("_fq_rescued")), sf.lit(0)))


def _sum_of_lines(amount: str) -> "Column":
    from pyspark.sql import functions as sf

    zero = sf.lit(0).cast(_SUM)
    return sf.aggregate("lines", zero, lambda total, line: (total + line[amount]).cast(_SUM))


def _differ(stated: "Column", computed: "Column") -> "Column":
    """True where two amounts differ, and where one is missing: then nobody can say that they agree."""
    from pyspark.sql import functions as sf

    return sf.coalesce(stated != computed, sf.lit(True))

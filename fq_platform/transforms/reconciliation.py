"""analytics/reconciliation: counts and amounts of each day on both sides of every step from raw over curated to mart.

Belongs here: what is compared with what. Does not: refusing what differs (`checks/violations.py`), or finding out why
(`assets/pending.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.marts import CURATED_TO_MART, NO_CURRENCY, RAW_TO_CURATED
from fq_platform.contracts.model import MONEY
from fq_platform.transforms.changelog import current, number_from_text, rescued_number, rescued_text, with_rescued_texts

_SUM = "decimal(28,2)"


@dataclass(frozen=True)
class Side:
    """What one table holds: a row a document, or a row of a mart, with `day`, `currency`, `number` and `amount`.

    Args:
        table: The table's name without its application, such as `curated.orders_silver`.
        rows: Its rows.
    """

    table: str
    rows: DataFrame


def reconciliation(
    raw_orders: DataFrame,
    raw_invoices: DataFrame,
    raw_payments: DataFrame,
    orders_silver: DataFrame,
    invoices_silver: DataFrame,
    payments_silver: DataFrame,
    sales_summary: DataFrame,
    revenue_by_day: DataFrame,
    revenue_by_customer: DataFrame,
    revenue_by_category: DataFrame,
    vat_report: DataFrame,
) -> DataFrame:
    """Make `reconciliation` (see its contract).

    Args:
        raw_orders: Rows of the raw changelog of orders, of the same whole days as all other tables.
        raw_invoices: The same of invoices.
        raw_payments: The same of payments.
        orders_silver: The curated orders.
        invoices_silver: The curated invoices.
        payments_silver: The curated payments.
        sales_summary: The mart of that name.
        revenue_by_day: The mart of that name.
        revenue_by_customer: The mart of that name.
        revenue_by_category: The mart of that name.
        vat_report: The mart of that name.

    Returns:
        One row per day, pair of tables and currency of which either table has something; `is_pending` is false.
    """
    raw_to_curated = [
        (_raw("orders", raw_orders, "total"), _curated("orders_silver", orders_silver, "order_date", "total_amount")),
        (
            _raw("invoices", raw_invoices, "total_gross"),
            _curated("invoices_silver", invoices_silver, "invoice_date", "gross_amount"),
        ),
        (
            _raw("payments", raw_payments, "amount"),
            _curated("payments_silver", payments_silver, "payment_date", "payment_amount"),
        ),
    ]
    sold = orders_silver.where(~sf.col("status").eqNullSafe("cancelled"))
    lines_sold = _lines("orders_silver", sold, "order_date", "total_amount")
    billed = invoices_silver.where(~sf.col("status").eqNullSafe("void"))
    lines_billed = _lines("invoices_silver", billed, "invoice_date", "gross_amount")
    curated_to_mart = [
        (lines_sold, _mart("sales_summary", sales_summary, "order_date", "net_sales_amount")),
        (lines_sold, _mart("revenue_by_day", revenue_by_day, "order_date", "revenue_amount")),
        (lines_sold, _mart("revenue_by_customer", revenue_by_customer, "order_date", "revenue_amount")),
        (lines_sold, _mart("revenue_by_category", revenue_by_category, "order_date", "revenue_amount")),
        (lines_billed, _mart("vat_report", vat_report, "invoice_date", "gross_amount")),
    ]
    return _compared(
        [
            *(part for source, target in raw_to_curated for part in _both(RAW_TO_CURATED, source, target)),
            *(part for source, target in curated_to_mart for part in _both(CURATED_TO_MART, source, target)),
        ]
    )


def _raw(collection: str, changelog: DataFrame, amount: str) -> Side:
    """The live documents of a collection, as the source states them: rescued values count, rounded as curated does."""
    live = with_rescued_texts(current(changelog))
    currency = sf.upper(sf.trim(sf.coalesce(_text(live, "currency"), rescued_text(sf.lit("currency")))))
    stated = sf.coalesce(number_from_text(_text(live, amount)), rescued_number(sf.lit(amount)))
    return Side(f"raw.{collection}", _rows(live, "_fq_window", currency, sf.lit(1), stated))


def _text(rows: DataFrame, name: str) -> Column:
    """What a field holds, whatever the type of its column; null if no document has had it so far."""
    return (sf.col(name) if name in rows.columns else sf.lit(None)).cast("string")


def _curated(name: str, table: DataFrame, day: str, amount: str) -> Side:
    return Side(f"curated.{name}", _rows(table, day, sf.col("currency"), sf.lit(1), sf.col(amount)))


def _lines(name: str, table: DataFrame, day: str, amount: str) -> Side:
    """The same with lines counted, as marts do."""
    return Side(f"curated.{name}", _rows(table, day, sf.col("currency"), sf.size("lines"), sf.col(amount)))


def _mart(name: str, table: DataFrame, day: str, amount: str) -> Side:
    return Side(f"analytics.{name}", _rows(table, day, sf.col("currency"), sf.col("line_count"), sf.col(amount)))


def _rows(table: DataFrame, day: str, currency: Column, number: Column, amount: Column) -> DataFrame:
    return table.select(
        sf.col(day).alias("reconciled_date"),
        sf.coalesce(currency, sf.lit(NO_CURRENCY)).alias("currency"),
        number.cast("bigint").alias("number"),
        sf.coalesce(amount.cast(MONEY), sf.lit(0)).cast(_SUM).alias("amount"),
    )


def _both(step: str, source: Side, target: Side) -> list[DataFrame]:
    """The rows of both sides, each with nothing on the other."""
    none, nothing = sf.lit(0).cast("bigint"), sf.lit(0).cast(_SUM)

    def part(side: Side, counts: tuple[Column, Column], amounts: tuple[Column, Column]) -> DataFrame:
        return side.rows.select(
            "reconciled_date",
            sf.lit(step).alias("step"),
            sf.lit(source.table).alias("source_table"),
            sf.lit(target.table).alias("target_table"),
            "currency",
            counts[0].alias("source_count"),
            counts[1].alias("target_count"),
            amounts[0].alias("source_amount"),
            amounts[1].alias("target_amount"),
        )

    number, amount = sf.col("number"), sf.col("amount")
    return [part(source, (number, none), (amount, nothing)), part(target, (none, number), (nothing, amount))]


def _compared(parts: Sequence[DataFrame]) -> DataFrame:
    summed = (
        reduce(DataFrame.unionAll, parts)
        .groupBy("reconciled_date", "step", "source_table", "target_table", "currency")
        .agg(
            sf.sum("source_count").alias("source_count"),
            sf.sum("target_count").alias("target_count"),
            sf.sum("source_amount").cast(MONEY).alias("source_amount"),
            sf.sum("target_amount").cast(MONEY).alias("target_amount"),
        )
    )
    return summed.select(
        "reconciled_date",
        "step",
        "source_table",
        "target_table",
        "currency",
        "source_count",
        "target_count",
        (sf.col("target_count") - sf.col("source_count")).alias("difference_count"),
        "source_amount",
        "target_amount",
        (sf.col("target_amount") - sf.col("source_amount")).cast(MONEY).alias("difference_amount"),
        sf.lit(False).alias("is_pending"),
    )

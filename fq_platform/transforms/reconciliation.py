"""analytics/reconciliation: counts and amounts of each day on both sides of every step from raw over curated to mart.

Belongs here: what is compared with what. Does not: refusing what differs (`checks/violations.py`), or telling whether
it will be over (`assets/reconciled.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.model import MONEY
from fq_platform.contracts.reconciliation import CURATED_TO_MART, NO_CURRENCY, RAW_TO_CURATED
from fq_platform.transforms.changelog import current, number_from_text, rescued_number, rescued_text, with_rescued_read

_TOO_GREAT = Decimal(10) ** 16


@dataclass(frozen=True)
class Side:
    """What one table holds.

    Args:
        table: Its name, such as `curated.orders_silver`.
        rows: Its `reconciled_date`, `currency`, `number` and `amount`; several rows of one day add up.
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
    raw_to_curated = (
        (_raw("orders", raw_orders, "total"), _documents("orders", orders_silver, "order_date", "total_amount")),
        (
            _raw("invoices", raw_invoices, "total_gross"),
            _documents("invoices", invoices_silver, "invoice_date", "gross_amount"),
        ),
        (
            _raw("payments", raw_payments, "amount"),
            _documents("payments", payments_silver, "payment_date", "payment_amount"),
        ),
    )
    sold = _lines("orders", orders_silver, "order_date", "total_amount", but_not="cancelled")
    billed = _lines("invoices", invoices_silver, "invoice_date", "gross_amount", but_not="void")
    curated_to_mart = (
        (sold, _mart("sales_summary", sales_summary, "order_date", "net_sales_amount")),
        (sold, _mart("revenue_by_day", revenue_by_day, "order_date", "revenue_amount")),
        (sold, _mart("revenue_by_customer", revenue_by_customer, "order_date", "revenue_amount")),
        (sold, _mart("revenue_by_category", revenue_by_category, "order_date", "revenue_amount")),
        (billed, _mart("vat_report", vat_report, "invoice_date", "gross_amount")),
    )
    steps = [(RAW_TO_CURATED, *pair) for pair in raw_to_curated] + [
        (CURATED_TO_MART, *pair) for pair in curated_to_mart
    ]
    return _compared(steps)


def _raw(collection: str, changelog: DataFrame, amount: str) -> Side:
    """The live documents as the source states them: rescued values count, and cents are rounded as in curated."""
    live = with_rescued_read(current(changelog))
    currency = sf.upper(sf.trim(sf.coalesce(_text(live, "currency"), rescued_text(sf.lit("currency")))))
    stated = sf.coalesce(number_from_text(_text(live, amount)), rescued_number(sf.lit(amount)))
    readable = sf.when(sf.abs(stated) < _TOO_GREAT, stated)
    return Side(f"raw.{collection}", _figures(live, "_fq_window", currency, sf.lit(1), readable))


def _text(rows: DataFrame, name: str) -> Column:
    """What a field holds, whatever the type of its column; null if no document has had it so far."""
    return (sf.col(name) if name in rows.columns else sf.lit(None)).cast("string")


def _documents(collection: str, table: DataFrame, day: str, amount: str) -> Side:
    return Side(f"curated.{collection}_silver", _figures(table, day, sf.col("currency"), sf.lit(1), sf.col(amount)))


def _lines(collection: str, table: DataFrame, day: str, amount: str, but_not: str) -> Side:
    """The documents that count in marts, by their lines."""
    counting = table.where(~sf.col("status").eqNullSafe(but_not))
    return Side(
        f"curated.{collection}_silver", _figures(counting, day, sf.col("currency"), sf.size("lines"), sf.col(amount))
    )


def _mart(name: str, table: DataFrame, day: str, amount: str) -> Side:
    return Side(f"analytics.{name}", _figures(table, day, sf.col("currency"), sf.col("line_count"), sf.col(amount)))


def _figures(table: DataFrame, day: str, currency: Column, number: Column, amount: Column) -> DataFrame:
    return table.select(
        sf.col(day).alias("reconciled_date"),
        sf.coalesce(currency, sf.lit(NO_CURRENCY)).alias("currency"),
        number.cast("bigint").alias("number"),
        sf.coalesce(amount.cast(MONEY), sf.lit(0).cast(MONEY)).alias("amount"),
    )


def _compared(steps: Sequence[tuple[str, Side, Side]]) -> DataFrame:
    """Set source beside target.

    The rows of all tables are added up together: an aggregation for each side of each step would be a stage of its own,
    and these cost more than the rows, which are a few columns of a few days.

    Args:
        steps: The step's name, its source and its target.
    """
    rows = (part for step in steps for part in (_of_source(*step), _of_target(*step)))
    summed = (
        reduce(lambda above, below: above.unionAll(below), rows)
        .groupBy("reconciled_date", "step", "source_table", "target_table", "currency")
        .agg(
            *(sf.sum(name).alias(name) for name in ("source_count", "target_count")),
            *(sf.sum(name).cast(MONEY).alias(name) for name in ("source_amount", "target_amount")),
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


def _of_source(step: str, source: Side, target: Side) -> DataFrame:
    """What the source holds, beside nothing of the target."""
    return _placed(step, source, target, source.rows, (sf.col("number"), _none()), (sf.col("amount"), _nothing()))


def _of_target(step: str, source: Side, target: Side) -> DataFrame:
    """What the target holds, beside nothing of the source."""
    return _placed(step, source, target, target.rows, (_none(), sf.col("number")), (_nothing(), sf.col("amount")))


def _placed(
    step: str,
    source: Side,
    target: Side,
    rows: DataFrame,
    counts: tuple[Column, Column],
    amounts: tuple[Column, Column],
) -> DataFrame:
    return rows.select(
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


def _none() -> Column:
    return sf.lit(0).cast("bigint")


def _nothing() -> Column:
    return sf.lit(0).cast(MONEY)

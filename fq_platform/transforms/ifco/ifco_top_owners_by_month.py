"""analytics/ifco_top_owners_by_month: the five who sold most plastic crates in any three months.

Belongs here: the rolling count and the order. Does not: which orders count (`evaluation.py`).
"""

import datetime as dt

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as sf

from fq_platform.transforms.ifco.evaluation import PLASTIC, dated_orders, month_of, owners_of_order

BEST = 5


def ifco_top_owners_by_month(fct_ifco_orders: DataFrame, today: dt.date | None) -> DataFrame:
    """Make `ifco_top_owners_by_month` (see its contract).

    An order counts for each of its owners.

    Args:
        fct_ifco_orders: One row an order.
        today: The last day that counts, and its month the last one evaluated; None is the day of the last order.

    Returns:
        Up to five rows a month: those with the most plastic orders in the three months that end with it, at least one.
        Equals stand in the order of their names.
    """
    orders = dated_orders(fct_ifco_orders, today)
    plastic = orders.where(sf.col("crate_type") == PLASTIC).withColumn("month", sf.explode(_months_it_counts_in()))
    sold = (
        plastic.select("month", owners_of_order().alias("sales_owner"))
        .groupBy("month", "sales_owner")
        .agg(sf.count(sf.lit(1)).alias("plastic_orders"))
    )
    best_first = Window.partitionBy("month").orderBy(sf.desc("plastic_orders"), "sales_owner")
    ranked = sold.withColumn("rank", sf.row_number().over(best_first).cast("bigint"))
    return ranked.where(sf.col("rank") <= BEST).select("month", "rank", "sales_owner", "plastic_orders")


def _months_it_counts_in() -> Column:
    """The month of the order and the two after it, as far as they have begun."""
    month = month_of("order_date")
    return sf.sequence(month, sf.least(sf.add_months(month, 2), month_of("today")), sf.expr("interval 1 month"))

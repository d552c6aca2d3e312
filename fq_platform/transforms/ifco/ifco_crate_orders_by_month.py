"""analytics/ifco_crate_orders_by_month: how the orders of each crate type develop.

Belongs here: the count and the share. Does not: which orders count (`evaluation.py`).
"""

import datetime as dt

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fq_platform.transforms.ifco.evaluation import crate_type, dated_orders, month_of, ratio


def ifco_crate_orders_by_month(fct_ifco_orders: DataFrame, today: dt.date | None) -> DataFrame:
    """Make `ifco_crate_orders_by_month` (see its contract).

    Args:
        fct_ifco_orders: One row an order.
        today: The last day that counts; None is that of the last order.

    Returns:
        One row per crate type and month, from that of the first order to today's, so that a line over time falls to
        zero where nothing was ordered. The share is null in months without any order.
    """
    orders = dated_orders(fct_ifco_orders.withColumn("crate_type", crate_type()), today)
    counted = orders.groupBy(month_of("order_date").alias("month"), "crate_type").agg(
        sf.count(sf.lit(1)).alias("order_count")
    )
    totals = counted.groupBy("month").agg(sf.sum("order_count").alias("month_count"))
    return (
        _months(orders)
        .crossJoin(orders.select("crate_type").distinct())
        .join(counted, ["month", "crate_type"], "left")
        .join(totals, "month", "left")
        .select(
            "month",
            "crate_type",
            sf.coalesce("order_count", sf.lit(0).cast("bigint")).alias("order_count"),
            ratio(sf.coalesce("order_count", sf.lit(0)), sf.col("month_count")).alias("share"),
        )
    )


def _months(orders: DataFrame) -> DataFrame:
    every = sf.sequence(sf.min(month_of("order_date")), sf.max(month_of("today")), sf.expr("interval 1 month"))
    return orders.agg(every.alias("months")).select(sf.explode("months").alias("month"))

"""analytics/ifco_owner_training: which sales owners sold the fewest plastic crates in a year.

Belongs here: the measure and the order. Does not: which orders count (`evaluation.py`).
"""

import datetime as dt

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf

from fq_platform.transforms.ifco.evaluation import PLASTIC, dated_orders, owners_of_order, ratio


def ifco_owner_training(fct_ifco_orders: DataFrame, today: dt.date | None) -> DataFrame:
    """Make `ifco_owner_training` (see its contract).

    An order counts for each of its owners. The twelve months end with today: the same day a year before is not in them.

    Args:
        fct_ifco_orders: One row an order.
        today: The day of the evaluation; None is that of the last order.

    Returns:
        One row per owner of any order up to today. Fewest plastic orders stand first, then the lowest share, then names
        in ascending order; those without any order in the twelve months have no share and follow those who have one.
    """
    owned = dated_orders(fct_ifco_orders, today).select(
        owners_of_order().alias("sales_owner"),
        sf.col("today").alias("as_of_date"),
        (sf.col("order_date") > sf.add_months("today", -12)).alias("is_recent"),
        (sf.col("crate_type") == PLASTIC).alias("is_plastic"),
    )
    counted = owned.groupBy("sales_owner", "as_of_date").agg(
        sf.count_if(sf.col("is_recent") & sf.col("is_plastic")).alias("plastic_orders"),
        sf.count_if("is_recent").alias("orders"),
    )
    shared = counted.withColumn("plastic_share", ratio(sf.col("plastic_orders"), sf.col("orders")))
    neediest_first = Window.orderBy("plastic_orders", sf.asc_nulls_last("plastic_share"), "sales_owner")
    return shared.select(
        sf.row_number().over(neediest_first).cast("bigint").alias("rank"),
        "sales_owner",
        "plastic_orders",
        "orders",
        "plastic_share",
        "as_of_date",
    )

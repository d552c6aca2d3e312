"""shared/dim_sales_owner: the people who sell crates.

Belongs here: the table's columns. Does not: how names are tidied (`texts.py`).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fq_platform.transforms.ifco.orders_once import orders_once


def dim_sales_owner(ifco_orders_silver: DataFrame) -> DataFrame:
    """Make `dim_sales_owner` (see its contract).

    Args:
        ifco_orders_silver: The curated orders.

    Returns:
        One row per owner of any order.
    """
    owned = orders_once(ifco_orders_silver).select("order_date", sf.explode("salesowners").alias("sales_owner"))
    known = owned.groupBy("sales_owner").agg(
        sf.min("order_date").alias("first_order_date"),
        sf.max("order_date").alias("last_order_date"),
        sf.count(sf.lit(1)).alias("order_count"),
    )
    words = sf.split("sales_owner", " ", 2)
    return known.select(
        "sales_owner",
        words[0].alias("first_name"),
        sf.try_element_at(words, sf.lit(2)).alias("last_name"),
        "first_order_date",
        "last_order_date",
        "order_count",
    )

"""analytics/sales_summary: sales per day, product category and currency.

Belongs here: the aggregation. Does not: joins and measures of a line (`fct_orders.py`).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.model import MONEY, QUANTITY


def sales_summary(fct_orders: DataFrame) -> DataFrame:
    """Make `sales_summary` (see its contract).

    Args:
        fct_orders: The order lines of any whole days.

    Returns:
        One row per day, product category and currency with at least one line that is not cancelled.
    """
    sold = fct_orders.where(~sf.col("is_cancelled"))
    return sold.groupBy("order_date", "product_category", "currency").agg(
        sf.count_distinct("order_id").alias("order_count"),
        sf.count(sf.lit(1)).alias("line_count"),
        sf.sum("quantity").cast(QUANTITY).alias("quantity"),
        sf.sum("gross_sales_amount").cast(MONEY).alias("gross_sales_amount"),
        sf.sum("discount_amount").cast(MONEY).alias("discount_amount"),
        sf.sum("net_sales_amount").cast(MONEY).alias("net_sales_amount"),
    )

"""What all marts of revenue have in common: which order lines count, and what is summed of them.

Belongs here: the one definition of revenue. Does not: what it is grouped by (`revenue_by_*.py`).
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.model import MONEY, QUANTITY


def revenue_by(fct_orders: DataFrame, *groups: str, labels: tuple[str, ...] = ()) -> DataFrame:
    """Sum the order lines that count, per day, group and currency.

    Args:
        fct_orders: The order lines of any whole days.
        groups: Columns to group by besides day and currency.
        labels: Columns that belong to a group, such as its name.

    Returns:
        The columns `order_date`, `month`, groups, labels, `currency`, and the measures; cancelled orders left out.
    """
    sold = fct_orders.where(~sf.col("is_cancelled"))
    summed = sold.groupBy("order_date", *groups, "currency").agg(
        *(sf.max(label).alias(label) for label in labels), *_measures()
    )
    by_month = summed.withColumn("month", sf.trunc("order_date", "month"))
    measures = [name for name in summed.columns if name not in {"order_date", *groups, *labels, "currency"}]
    return by_month.select("order_date", "month", *groups, *labels, "currency", *measures)


def _measures() -> list[Column]:
    returned = sf.when(sf.col("order_status") == "returned", sf.col("net_sales_amount")).otherwise(
        sf.lit(0).cast(MONEY)
    )
    return [
        sf.count_distinct("order_id").alias("order_count"),
        sf.count(sf.lit(1)).alias("line_count"),
        sf.sum("quantity").cast(QUANTITY).alias("quantity"),
        sf.sum("gross_sales_amount").cast(MONEY).alias("gross_sales_amount"),
        sf.sum("discount_amount").cast(MONEY).alias("discount_amount"),
        sf.sum("net_sales_amount").cast(MONEY).alias("revenue_amount"),
        sf.sum(returned).cast(MONEY).alias("returned_amount"),
    ]

"""Each order once: of rows of the source that share an order_id the first one counts.

Belongs here: that rule. Does not: telling anybody about the others (`checks/`).
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf


def orders_once(ifco_orders_silver: DataFrame) -> DataFrame:
    """The row of each order that counts.

    Args:
        ifco_orders_silver: The curated orders. The `row_id` of the first row with an order_id is made of that alone; a
            number follows in those of the others.

    Returns:
        One row per `order_id`; columns unchanged.
    """
    first = Window.partitionBy("order_id").orderBy(sf.length("row_id"), "row_id")
    return ifco_orders_silver.withColumn("number", sf.row_number().over(first)).where("number = 1").drop("number")

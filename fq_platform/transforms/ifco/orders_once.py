"""Each order and invoice once: of rows of the source that share an id the first one counts.

Belongs here: that rule. Does not: telling anybody about the others (`checks/`).
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf


def orders_once(ifco_orders_silver: DataFrame) -> DataFrame:
    """The row of each order that counts.

    Args:
        ifco_orders_silver: The curated orders.

    Returns:
        One row per `order_id`; columns unchanged.
    """
    return first_rows(ifco_orders_silver, "order_id")


def first_rows(rows: DataFrame, key: str) -> DataFrame:
    """The first row of each key.

    Args:
        rows: Curated rows. The `row_id` of the first one with a key is made of that alone, possibly in quotes; a number
            follows in those of the others.
        key: The column.

    Returns:
        One row per key; columns unchanged.
    """
    bare = sf.regexp_replace("row_id", '^"|"$', "")
    in_the_order_of_the_source = Window.partitionBy(key).orderBy(sf.length(bare), bare)
    return (
        rows.withColumn("number", sf.row_number().over(in_the_order_of_the_source)).where("number = 1").drop("number")
    )

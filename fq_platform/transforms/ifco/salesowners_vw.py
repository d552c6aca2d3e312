"""analytics/salesowners_vw: one row per owner of an order, with their position.

Belongs here: the positions. Does not: how names are tidied (`texts.py`).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf


def salesowners_vw(fct_ifco_orders: DataFrame) -> DataFrame:
    """Make `salesowners_vw` (see its contract).

    Args:
        fct_ifco_orders: One row an order.

    Returns:
        One row per order and position, from 1; an order without owners has none.
    """
    owned = fct_ifco_orders.select("order_id", sf.posexplode("salesowners").alias("position", "sales_owner"))
    return owned.select("order_id", (sf.col("position") + 1).cast("bigint").alias("position"), "sales_owner")

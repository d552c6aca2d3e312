"""analytics/order_sales_owner_vw: the orders by who sold them.

Belongs here: the join. Does not: positions (`salesowners_vw.py`).
"""

from pyspark.sql import DataFrame


def order_sales_owner_vw(fct_ifco_orders: DataFrame, salesowners_vw: DataFrame) -> DataFrame:
    """Make `order_sales_owner_vw` (see its contract).

    Args:
        fct_ifco_orders: One row an order.
        salesowners_vw: One row per owner of an order.

    Returns:
        One row per order and owner.
    """
    return fct_ifco_orders.join(salesowners_vw, "order_id").select(
        "order_id", "sales_owner", "position", "order_date", "company_key", "company_name", "crate_type"
    )

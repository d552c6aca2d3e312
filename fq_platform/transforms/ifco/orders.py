"""analytics/orders: the orders as published, few columns.

Belongs here: the choice of columns. Does not: making them (`fct_ifco_orders.py`).
"""

from pyspark.sql import DataFrame


def orders(fct_ifco_orders: DataFrame) -> DataFrame:
    """Make `orders` (see its contract).

    Args:
        fct_ifco_orders: One row an order.

    Returns:
        One row per order.
    """
    return fct_ifco_orders.select(
        "order_id",
        "order_date",
        "company_id",
        "company_name",
        "crate_type",
        "contact_full_name",
        "contact_address",
        "salesowners",
    )

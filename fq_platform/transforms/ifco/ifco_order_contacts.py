"""analytics/ifco_order_contacts: whom to ask about an order.

Belongs here: the choice of columns. Does not: names, or what stands where there is none (`fct_ifco_orders.py`).
"""

from pyspark.sql import DataFrame


def ifco_order_contacts(fct_ifco_orders: DataFrame) -> DataFrame:
    """Make `ifco_order_contacts` (see its contract).

    Args:
        fct_ifco_orders: One row an order.

    Returns:
        One row per order.
    """
    return fct_ifco_orders.select("order_id", "contact_full_name")

"""analytics/ifco_order_addresses: where the contact of an order is.

Belongs here: the choice of columns. Does not: addresses, or what stands where there is none (`fct_ifco_orders.py`).
"""

from pyspark.sql import DataFrame


def ifco_order_addresses(fct_ifco_orders: DataFrame) -> DataFrame:
    """Make `ifco_order_addresses` (see its contract).

    Args:
        fct_ifco_orders: One row an order.

    Returns:
        One row per order.
    """
    return fct_ifco_orders.select("order_id", "contact_address")

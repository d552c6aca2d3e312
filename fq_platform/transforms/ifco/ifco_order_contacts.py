"""analytics/ifco_order_contacts: whom to ask about an order.

Belongs here: what stands where the name is missing. Does not: parsing of contacts (the curated layer).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

NO_NAME = "John Doe"


def ifco_order_contacts(fct_ifco_orders: DataFrame) -> DataFrame:
    """Make `ifco_order_contacts` (see its contract).

    Args:
        fct_ifco_orders: One row an order.

    Returns:
        One row per order.
    """
    return fct_ifco_orders.select(
        "order_id",
        sf.coalesce("contact_full_name", sf.lit(NO_NAME)).alias("contact_full_name"),
    )

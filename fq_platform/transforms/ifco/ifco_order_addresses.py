"""analytics/ifco_order_addresses: where the contact of an order sits, as "city, postal code".

Belongs here: the choice of columns. Does not: parsing of contacts (the curated layer).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

NO_ADDRESS = "Unknown, UNK00"


def ifco_order_addresses(fct_ifco_orders: DataFrame) -> DataFrame:
    """Make `ifco_order_addresses` (see its contract).

    Args:
        fct_ifco_orders: One row an order.

    Returns:
        One row per order; a city without a postal code keeps its name.
    """
    return fct_ifco_orders.select(
        "order_id",
        sf.coalesce("contact_address", sf.lit(NO_ADDRESS)).alias("contact_address"),
    )

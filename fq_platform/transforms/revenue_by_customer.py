"""analytics/revenue_by_customer: revenue per day, customer and currency.

Belongs here: the grouping. Does not: what revenue is (`revenue.py`).
"""

from pyspark.sql import DataFrame

from fq_platform.transforms.revenue import revenue_by


def revenue_by_customer(fct_orders: DataFrame) -> DataFrame:
    """Make `revenue_by_customer` (see its contract).

    Args:
        fct_orders: The order lines of any whole days.

    Returns:
        One row per day, customer and currency with at least one line that is not cancelled.
    """
    return revenue_by(fct_orders, "customer_id", labels=("customer_name", "customer_country"))

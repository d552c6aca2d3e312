"""analytics/revenue_by_category: revenue per day, product category and currency.

Belongs here: the grouping. Does not: what revenue is (`revenue.py`).
"""

from pyspark.sql import DataFrame

from fq_platform.transforms.revenue import revenue_by


def revenue_by_category(fct_orders: DataFrame) -> DataFrame:
    """Make `revenue_by_category` (see its contract).

    Args:
        fct_orders: The order lines of any whole days.

    Returns:
        One row per day, product category and currency with at least one line that is not cancelled.
    """
    return revenue_by(fct_orders, "product_category")

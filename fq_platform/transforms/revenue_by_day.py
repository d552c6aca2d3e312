"""analytics/revenue_by_day: revenue per day and currency.

Belongs here: the grouping. Does not: what revenue is (`revenue.py`).
"""

from pyspark.sql import DataFrame

from fq_platform.transforms.revenue import revenue_by


def revenue_by_day(fct_orders: DataFrame) -> DataFrame:
    """Make `revenue_by_day` (see its contract).

    Args:
        fct_orders: The order lines of any whole days.

    Returns:
        One row per day and currency with at least one line that is not cancelled.
    """
    return revenue_by(fct_orders)

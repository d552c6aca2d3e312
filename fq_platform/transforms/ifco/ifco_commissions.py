"""analytics/ifco_commissions: the sales owners by what they earn, highest first.

Belongs here: the order. Does not: what a commission is (`sales_owner_commission_vw.py`).
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf


def ifco_commissions(sales_owner_commission_vw: DataFrame) -> DataFrame:
    """Make `ifco_commissions` (see its contract).

    Args:
        sales_owner_commission_vw: One row an owner, euros rounded to cents.

    Returns:
        One row per owner; those who earn the same stand in the order of their names.
    """
    highest_first = Window.orderBy(sf.desc("commission"), "sales_owner")
    return sales_owner_commission_vw.select(
        sf.row_number().over(highest_first).cast("bigint").alias("rank"),
        "sales_owner",
        "commission",
    )

"""analytics/ifco_crate_distribution: how many orders of each crate type each company placed.

Belongs here: the count. Does not: which companies are the same (`dim_company`).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fq_platform.transforms.ifco.evaluation import crate_type


def ifco_crate_distribution(fct_ifco_orders: DataFrame) -> DataFrame:
    """Make `ifco_crate_distribution` (see its contract).

    Args:
        fct_ifco_orders: One row an order.

    Returns:
        One row per merged company and crate type that it ordered.
    """
    return fct_ifco_orders.groupBy(
        sf.col("company_key").alias("company_id"),
        "company_name",
        crate_type(),
    ).agg(sf.count(sf.lit(1)).alias("order_count"))

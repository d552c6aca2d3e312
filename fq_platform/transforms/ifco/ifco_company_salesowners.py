"""analytics/ifco_company_salesowners: who looks after each company.

Belongs here: the list. Does not: which companies are the same (`dim_company`).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf


def ifco_company_salesowners(fct_ifco_orders: DataFrame) -> DataFrame:
    """Make `ifco_company_salesowners` (see its contract).

    Args:
        fct_ifco_orders: One row an order.

    Returns:
        One row per merged company. Full names begin with the first name and a blank sorts before any letter, so names
        in ascending order are in the order of first names.
    """
    everybody = sf.flatten(sf.collect_list("salesowners"))
    return fct_ifco_orders.groupBy(sf.col("company_key").alias("company_id"), "company_name").agg(
        sf.array_join(sf.sort_array(sf.array_distinct(everybody)), ", ").alias("list_salesowners")
    )

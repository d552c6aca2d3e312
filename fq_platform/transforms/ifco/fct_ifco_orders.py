"""analytics/fct_ifco_orders: one row per order of crates, with its company and contact.

Belongs here: the join and the columns. Does not: merging companies (`dim_company.py`), reading contacts.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fq_platform.transforms.ifco.company_of import with_company
from fq_platform.transforms.ifco.orders_once import orders_once
from fq_platform.transforms.ifco.people import address, contact_key, full_name


def fct_ifco_orders(ifco_orders_silver: DataFrame, dim_company: DataFrame) -> DataFrame:
    """Make `fct_ifco_orders` (see its contract).

    Args:
        ifco_orders_silver: The curated orders.
        dim_company: What company each company_id means.

    Returns:
        One row per order, also where its company is not known.
    """
    orders = orders_once(ifco_orders_silver).drop("company_name")
    return with_company(orders, dim_company).select(
        "order_id",
        "order_date",
        "company_id",
        "company_key",
        "company_name",
        "crate_type",
        contact_key().alias("contact_key"),
        full_name().alias("contact_full_name"),
        address().alias("contact_address"),
        "salesowners",
        sf.try_element_at("salesowners", sf.lit(1)).alias("main_sales_owner"),
    )

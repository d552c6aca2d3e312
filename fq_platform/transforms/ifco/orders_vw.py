"""analytics/orders_vw: the orders that keep the rules of the business, with what was invoiced for them.

Belongs here: the rules. Does not: reporting the orders that break them (`checks/`).
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.ifco.curated import CRATE_TYPES
from fq_platform.contracts.model import MONEY
from fq_platform.contracts.shared import UNKNOWN_ID


def orders_vw(fct_ifco_orders: DataFrame, fct_ifco_invoices: DataFrame) -> DataFrame:
    """Make `orders_vw` (see its contract).

    Args:
        fct_ifco_orders: One row an order.
        fct_ifco_invoices: One row an invoice.

    Returns:
        One row per valid order, whether it was invoiced or not.
    """
    invoiced = fct_ifco_invoices.groupBy("order_id").agg(
        sf.count("invoice_id").alias("invoice_count"),
        sf.sum("gross_value").alias("gross_value"),
        sf.sum("net_value").alias("net_value"),
    )
    nothing = sf.lit(0)
    return (
        fct_ifco_orders.where(is_valid())
        .join(invoiced, "order_id", "left")
        .select(
            "order_id",
            "order_date",
            "company_key",
            "company_name",
            "crate_type",
            "contact_full_name",
            "contact_address",
            "main_sales_owner",
            sf.size("salesowners").cast("bigint").alias("owner_count"),
            sf.coalesce("invoice_count", nothing.cast("bigint")).alias("invoice_count"),
            sf.coalesce(sf.round("gross_value", 2), nothing).cast(MONEY).alias("gross_value"),
            sf.coalesce(sf.round("net_value", 2), nothing).cast(MONEY).alias("net_value"),
        )
    )


def is_valid() -> Column:
    """Whether an order can be analysed: it has a day, a company, a known crate type and a sales owner."""
    return sf.coalesce(
        sf.col("order_date").isNotNull()
        & (sf.col("company_key") != UNKNOWN_ID)
        & sf.col("crate_type").isin(*CRATE_TYPES)
        & (sf.size("salesowners") > 0),
        sf.lit(False),
    )

"""analytics/sales_owner_commission_vw: what each sales owner earns.

Belongs here: the rates and the formula. Does not: the value without VAT (`fct_ifco_invoices.py`), ranks.
"""

from decimal import Decimal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.model import MONEY

RATES = (Decimal("0.0600"), Decimal("0.0250"), Decimal("0.0095"))
"""Of the net value invoiced, for the first, second and third owner of an order; further ones earn nothing."""


def sales_owner_commission_vw(order_sales_owner_vw: DataFrame, fct_ifco_invoices: DataFrame) -> DataFrame:
    """Make `sales_owner_commission_vw` (see its contract).

    Args:
        order_sales_owner_vw: One row per order and owner.
        fct_ifco_invoices: One row an invoice; every invoice of an order counts.

    Returns:
        One row per owner of any order.
    """
    invoiced = fct_ifco_invoices.select(sf.col("order_id").alias("invoiced_order_id"), "net_value")
    owned = order_sales_owner_vw.join(invoiced, sf.col("order_id") == sf.col("invoiced_order_id"), "left")
    rate = _rate()
    return owned.groupBy("sales_owner").agg(
        sf.coalesce(sf.round(sf.sum(sf.col("net_value") * rate), 2), sf.lit(0)).cast(MONEY).alias("commission"),
        sf.count_distinct(sf.when(rate > 0, sf.col("invoiced_order_id"))).alias("order_count"),
    )


def _rate() -> Column:
    rate = sf.lit(Decimal(0)).cast("decimal(5,4)")
    for position, share in enumerate(RATES, 1):
        rate = sf.when(sf.col("position") == position, sf.lit(share).cast("decimal(5,4)")).otherwise(rate)
    return rate

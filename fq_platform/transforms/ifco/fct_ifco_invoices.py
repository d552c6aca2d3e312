"""analytics/fct_ifco_invoices: one row per invoice, with its order's day and its company, and the value without VAT.

Belongs here: the join and the formula. Does not: commissions (`sales_owner_commission_vw.py`).
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.ifco.facts import EXACT_MONEY
from fq_platform.transforms.ifco.company_of import with_company
from fq_platform.transforms.ifco.orders_once import first_rows


def fct_ifco_invoices(ifco_invoices_silver: DataFrame, fct_ifco_orders: DataFrame, dim_company: DataFrame) -> DataFrame:
    """Make `fct_ifco_invoices` (see its contract).

    Args:
        ifco_invoices_silver: The curated invoices.
        fct_ifco_orders: One row an order.
        dim_company: What company each company_id means.

    Returns:
        One row per invoice, also where its order or company is not known. Of rows that share an invoice_id the first
        one counts.
    """
    once = first_rows(ifco_invoices_silver, "invoice_id")
    dated = once.join(fct_ifco_orders.select("order_id", "order_date"), "order_id", "left")
    return with_company(dated, dim_company).select(
        "invoice_id",
        "order_id",
        "order_date",
        "company_key",
        "company_name",
        "gross_value",
        "vat_rate",
        _net().alias("net_value"),
    )


def _net() -> Column:
    """The gross value without VAT; null where no rate makes sense of it."""
    hundred = sf.lit(100).cast("decimal(3,0)")
    whole = sf.when(sf.col("vat_rate") >= 0, hundred + sf.col("vat_rate"))
    # So many decimal places in the dividend that the quotient has more than are kept.
    return (sf.col("gross_value").cast("decimal(30,12)") * hundred / whole).cast(EXACT_MONEY)

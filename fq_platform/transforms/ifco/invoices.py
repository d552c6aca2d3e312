"""analytics/invoices: the invoices as published, rounded to cents.

Belongs here: the choice of columns. Does not: making them (`fct_ifco_invoices.py`).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.model import MONEY


def invoices(fct_ifco_invoices: DataFrame) -> DataFrame:
    """Make `invoices` (see its contract).

    Args:
        fct_ifco_invoices: One row an invoice.

    Returns:
        One row per invoice.
    """
    return fct_ifco_invoices.select(
        "invoice_id",
        "order_id",
        "order_date",
        "company_name",
        "gross_value",
        "vat_rate",
        sf.round("net_value", 2).cast(MONEY).alias("net_value"),
    )

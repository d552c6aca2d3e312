"""curated/ifco_invoices_silver: one row per object of the invoices file, cleaned and typed, in euros.

Belongs here: the table's columns. Does not: how a field is cleaned (`transforms/cleaning.py`).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.model import MONEY
from fq_platform.transforms.changelog import current
from fq_platform.transforms.documents import Document


def ifco_invoices_silver(invoices: DataFrame) -> DataFrame:
    """Make `ifco_invoices_silver` (see its contract).

    Args:
        invoices: The raw changelog of invoices.

    Returns:
        One row per live object of the source.
    """
    invoice = Document(current(invoices))
    cents = invoice.number("grossValue", 16, 0)
    return invoice.table(
        row_id=sf.col("_id"),
        invoice_id=sf.coalesce(invoice.text("id"), sf.col("_id")),
        order_id=invoice.text("orderId"),
        company_id=invoice.text("companyId"),
        gross_value=(cents / sf.lit(100).cast("decimal(3,0)")).cast(MONEY),
        vat_rate=invoice.rate("vat"),
    )

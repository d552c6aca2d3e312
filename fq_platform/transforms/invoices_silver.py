"""curated/<app>_invoices_silver: one row per live invoice, cleaned and typed, with its lines.

Belongs here: the table's columns. Does not: how a field is cleaned (`cleaning.py`).
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fq_platform.transforms.changelog import current
from fq_platform.transforms.cleaning import Fields
from fq_platform.transforms.documents import Document


def invoices_silver(invoices: DataFrame) -> DataFrame:
    """Make `invoices_silver` (see its contract).

    Args:
        invoices: Rows of the raw changelog of invoices, each window complete.

    Returns:
        One row per live invoice; `invoice_date` lies in the windows given.
    """
    invoice = Document(current(invoices))
    invoiced_at = invoice.timestamp("invoice_date")
    return invoice.table(
        invoice_id=sf.col("_id"),
        invoice_number=invoice.text("invoice_number"),
        order_id=invoice.text("order_id"),
        customer_id=invoice.text("customer_id"),
        invoice_date=invoice.window_date(invoiced_at),
        invoiced_at=invoiced_at,
        due_date=sf.to_date(invoice.timestamp("due_date")),
        status=sf.lower(invoice.text("status")),
        currency=sf.upper(invoice.text("currency")),
        lines=invoice.lines("lines", _line),
        net_amount=invoice.money("total_net"),
        vat_amount=invoice.money("total_vat"),
        gross_amount=invoice.money("total_gross"),
        updated_at=invoice.timestamp("updated_at"),
    )


def _line(line: Fields, position: Column) -> dict[str, Column]:
    return {
        "line_number": sf.coalesce(line.integer("line_number"), position),
        "description": line.text("description"),
        "net_amount": line.money("net"),
        "vat_rate": line.rate("vat_rate"),
        "vat_amount": line.money("vat"),
        "gross_amount": line.money("gross"),
    }

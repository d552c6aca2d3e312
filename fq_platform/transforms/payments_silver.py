"""curated/<app>_payments_silver: one row per live payment, cleaned and typed.

Belongs here: the table's columns. Does not: how a field is cleaned (`cleaning.py`).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fq_platform.transforms.changelog import current
from fq_platform.transforms.documents import Document


def payments_silver(payments: DataFrame) -> DataFrame:
    """Make `payments_silver` (see its contract).

    Args:
        payments: Rows of the raw changelog of payments, each window complete.

    Returns:
        One row per live payment; `payment_date` lies in the windows given.
    """
    payment = Document(current(payments))
    paid_at = payment.timestamp("payment_date")
    return payment.table(
        payment_id=sf.col("_id"),
        payment_number=payment.text("payment_number"),
        invoice_id=payment.text("invoice_id"),
        customer_id=payment.text("customer_id"),
        payment_date=payment.window_date(paid_at),
        paid_at=paid_at,
        payment_amount=payment.money("amount"),
        currency=sf.upper(payment.text("currency")),
        payment_method=sf.lower(payment.text("method")),
        payment_reference=payment.text("reference"),
        updated_at=payment.timestamp("updated_at"),
    )

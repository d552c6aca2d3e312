"""analytics/vat_report: VAT invoiced per day, rate and currency.

Belongs here: the aggregation. Does not: computing VAT, which the invoices state.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.model import MONEY, RATE


def vat_report(invoices_silver: DataFrame) -> DataFrame:
    """Make `vat_report` (see its contract).

    Args:
        invoices_silver: The curated invoices of any whole days.

    Returns:
        One row per day, rate and currency with at least one line of an invoice that is not void.
    """
    counting = invoices_silver.where(~sf.col("status").eqNullSafe("void"))
    lines = counting.select("invoice_id", "invoice_date", "currency", sf.explode("lines").alias("line")).select(
        "invoice_id",
        "invoice_date",
        sf.trunc("invoice_date", "month").alias("month"),
        sf.coalesce("line.vat_rate", sf.lit(0)).cast(RATE).alias("vat_rate"),
        sf.col("line.vat_rate").isNotNull().alias("is_rate_stated"),
        "currency",
        "line.net_amount",
        "line.vat_amount",
        "line.gross_amount",
    )
    return lines.groupBy("invoice_date", "month", "vat_rate", "is_rate_stated", "currency").agg(
        sf.count_distinct("invoice_id").alias("invoice_count"),
        sf.count(sf.lit(1)).alias("line_count"),
        *(sf.sum(amount).cast(MONEY).alias(amount) for amount in ("net_amount", "vat_amount", "gross_amount")),
    )

"""analytics/receivables_ageing: what customers owe at the end of each day, by how long it is overdue.

Belongs here: what of the receivables is a debt. Does not: their history (`accounts_receivable.py`).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.analytics import NO_DUE_DATE, NOT_DUE
from fq_platform.contracts.marts import OPEN_BUCKETS
from fq_platform.contracts.model import MONEY


def receivables_ageing(accounts_receivable: DataFrame) -> DataFrame:
    """Make `receivables_ageing` (see its contract).

    Args:
        accounts_receivable: The receivables of any days; each day says by itself how things stood.

    Returns:
        The rows in which something is owed.
    """
    numbers = sf.create_map(*(sf.lit(each) for pair in enumerate(OPEN_BUCKETS, 1) for each in reversed(pair)))
    is_overdue = ~sf.col("age_bucket").isin(NOT_DUE, NO_DUE_DATE)
    return accounts_receivable.where(sf.col("open_amount") > 0).select(
        "as_of_date",
        "customer_id",
        "currency",
        "age_bucket",
        sf.element_at(numbers, sf.col("age_bucket")).cast("bigint").alias("bucket_number"),
        "invoice_count",
        "open_amount",
        sf.when(is_overdue, sf.col("open_amount")).otherwise(sf.lit(0)).cast(MONEY).alias("overdue_amount"),
    )

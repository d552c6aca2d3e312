"""shared/dim_customers: one row per customer for analysis, and the member that stands for unknown ones.

Belongs here: the table's columns; contact details stay in the curated layer. Does not: cleaning.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.shared import UNKNOWN_ID, UNKNOWN_LABEL
from fq_platform.transforms.unknown import with_unknown_member


def dim_customers(customers_silver: DataFrame) -> DataFrame:
    """Make `dim_customers` (see its contract).

    Args:
        customers_silver: The curated customers.

    Returns:
        One row per customer, and the unknown member.
    """
    dimension = customers_silver.select(
        "customer_id",
        "customer_number",
        sf.coalesce("customer_name", sf.lit(UNKNOWN_LABEL)).alias("customer_name"),
        sf.coalesce("customer_kind", sf.lit(UNKNOWN_ID)).alias("customer_kind"),
        "city",
        sf.coalesce("country", sf.lit(UNKNOWN_LABEL)).alias("country"),
        "payment_terms_days",
        "credit_limit_amount",
        "created_at",
        "updated_at",
    )
    return with_unknown_member(
        dimension,
        key="customer_id",
        labels=("customer_name", "country"),
        others={"customer_kind": sf.lit(UNKNOWN_ID)},
    )

"""shared/dim_contact: the people to ask about orders, each once.

Belongs here: what is kept of a contact that many orders name. Does not: who is the same contact (`people.py`).
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf

from fq_platform.contracts.ifco.shared import NO_CONTACT_NAME
from fq_platform.contracts.shared import UNKNOWN_ID
from fq_platform.transforms.ifco.orders_once import orders_once
from fq_platform.transforms.ifco.people import contact_key, full_name
from fq_platform.transforms.unknown import with_unknown_member


def dim_contact(ifco_orders_silver: DataFrame) -> DataFrame:
    """Make `dim_contact` (see its contract).

    Args:
        ifco_orders_silver: The curated orders.

    Returns:
        One row per contact, and the unknown member.
    """
    named = orders_once(ifco_orders_silver).withColumn("contact_key", contact_key())
    everywhere = Window.partitionBy("contact_key")
    # The latest order that has a postal code stands first; the spelling is that of the same order.
    latest_first = everywhere.orderBy(
        sf.col("contact_postal_code").isNull(), sf.desc_nulls_last("order_date"), sf.desc("order_id")
    )
    known = named.where(sf.col("contact_key") != UNKNOWN_ID).select(
        "contact_key",
        full_name().alias("contact_full_name"),
        sf.col("contact_first_name").alias("first_name"),
        sf.col("contact_surname").alias("surname"),
        sf.col("contact_city").alias("city"),
        sf.col("contact_postal_code").alias("postal_code"),
        sf.count(sf.lit(1)).over(everywhere).alias("order_count"),
        sf.row_number().over(latest_first).alias("number"),
    )
    return with_unknown_member(
        known.where("number = 1").drop("number"),
        key="contact_key",
        labels=(),
        others={"contact_full_name": sf.lit(NO_CONTACT_NAME), "order_count": sf.lit(0)},
    )

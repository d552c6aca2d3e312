"""shared/dim_company: every company_id, and which company it means.

Belongs here: which id and which spelling stand for a merged company. Does not: which ids are merged (`companies.py`).
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as sf

from fq_platform.contracts.shared import UNKNOWN_ID, UNKNOWN_LABEL
from fq_platform.transforms.ifco.companies import merged, same_name
from fq_platform.transforms.unknown import with_unknown_member


def dim_company(ifco_orders_silver: DataFrame, ifco_invoices_silver: DataFrame) -> DataFrame:
    """Make `dim_company` (see its contract).

    Args:
        ifco_orders_silver: The orders, which name companies.
        ifco_invoices_silver: The invoices, which have ids only.

    Returns:
        One row per company_id of either, and the unknown member.
    """
    ordered = ifco_orders_silver.where("company_id IS NOT NULL").select("company_id", "company_name", "order_date")
    named = ordered.where("company_name IS NOT NULL")
    known = ordered.select("company_id", "order_date").unionByName(
        ifco_invoices_silver.where("company_id IS NOT NULL").select("company_id"), allowMissingColumns=True
    )
    keys = _keys(known, named)
    of_company = _usual(named.join(keys, "company_id"), "company_key", "company_name")
    of_id = _usual(named, "company_id", "source_name")
    spellings = (
        named.join(keys, "company_id")
        .groupBy("company_key")
        .agg(sf.sort_array(sf.collect_set("company_name")).alias("spellings"))
    )
    nothing = sf.array().cast("array<string>")
    dimension = (
        keys.join(of_company, "company_key", "left")
        .join(of_id, "company_id", "left")
        .join(spellings, "company_key", "left")
        .select(
            "company_id",
            "company_key",
            sf.coalesce("company_name", sf.lit(UNKNOWN_LABEL)).alias("company_name"),
            "source_name",
            sf.coalesce("spellings", nothing).alias("spellings"),
        )
    )
    return with_unknown_member(
        dimension,
        key="company_id",
        labels=("company_name",),
        others={"company_key": sf.lit(UNKNOWN_ID), "spellings": nothing},
    )


def _keys(known: DataFrame, named: DataFrame) -> DataFrame:
    """The `company_key` of each `company_id`: of all merged ids that of the earliest order, then the smallest."""
    several = merged(
        named.select("company_id", same_name(sf.col("company_name")).alias("name")).where("name IS NOT NULL")
    )
    members = several.select(sf.explode("company_ids").alias("ids")).select(
        sf.explode("ids").alias("company_id"), sf.array_min("ids").alias("together")
    )
    first = known.groupBy("company_id").agg(sf.min("order_date").alias("first_date"))
    earliest = Window.partitionBy("together").orderBy(sf.asc_nulls_last("first_date"), "company_id")
    return (
        first.join(members, "company_id", "left")
        .withColumn("together", sf.coalesce("together", "company_id"))
        .select("company_id", sf.first("company_id").over(earliest).alias("company_key"))
    )


def _usual(named: DataFrame, key: str, spelling: str) -> DataFrame:
    """Of each key the spelling of most orders; of equals that of the earliest order, then the first in the alphabet."""
    counted = named.groupBy(key, sf.col("company_name").alias(spelling)).agg(
        sf.count(sf.lit(1)).alias("orders"), sf.min("order_date").alias("first_date")
    )
    usual_first = Window.partitionBy(key).orderBy(sf.desc("orders"), sf.asc_nulls_last("first_date"), spelling)
    numbered = counted.withColumn("number", sf.row_number().over(usual_first))
    return numbered.where("number = 1").select(key, spelling)

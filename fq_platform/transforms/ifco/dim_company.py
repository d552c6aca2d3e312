"""shared/dim_company: every company_id, and which company it means.

Belongs here: which id and which spelling stand for a merged company. Does not: which ids are merged (`companies.py`).
"""

from pyspark.sql import Column, DataFrame, Window, WindowSpec
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
    ordered = ifco_orders_silver.select("company_id", "company_name", "order_date").unionByName(
        ifco_invoices_silver.select("company_id"), allowMissingColumns=True
    )
    # How often each id is spelled in each way, and since when; without a name where nothing names it.
    spelled = (
        ordered.where("company_id IS NOT NULL")
        .groupBy("company_id", "company_name")
        .agg(sf.count(sf.lit(1)).alias("orders"), sf.min("order_date").alias("first_date"))
    )
    nothing = sf.array().cast("array<string>")
    return with_unknown_member(
        _described(_keyed(spelled)),
        key="company_id",
        labels=("company_name",),
        others={"company_key": sf.lit(UNKNOWN_ID), "spellings": nothing},
    )


def _keyed(spelled: DataFrame) -> DataFrame:
    """With `company_key`: of all ids that are merged that of the earliest order, then the smallest."""
    names = spelled.select("company_id", same_name(sf.col("company_name")).alias("name")).where("name IS NOT NULL")
    members = merged(names).select(sf.explode("company_ids").alias("ids"))
    together = members.select(sf.explode("ids").alias("company_id"), sf.array_min("ids").alias("together"))
    earliest = Window.partitionBy("together").orderBy(sf.asc_nulls_last("first_date"), "company_id")
    return (
        spelled.join(sf.broadcast(together), "company_id", "left")
        .withColumn("together", sf.coalesce("together", "company_id"))
        .withColumn("company_key", sf.first("company_id").over(earliest))
    )


def _described(keyed: DataFrame) -> DataFrame:
    """One row an id. The usual spelling is that of most orders, then of the earliest order, then of the alphabet."""

    def within(*columns: str) -> WindowSpec:
        return Window.partitionBy("together", *columns)  # the rows of a company lie together already

    def usual(*by: str) -> list[Column]:
        return [sf.col("company_name").isNull(), sf.desc(by[0]), sf.asc_nulls_last(by[1]), sf.col("company_name")]

    counted = keyed.withColumns(
        {
            "orders_of_company": sf.sum("orders").over(within("company_name")),
            "first_of_company": sf.min("first_date").over(within("company_name")),
        }
    )
    named = counted.select(
        "company_id",
        "company_key",
        sf.coalesce(
            sf.first("company_name").over(within().orderBy(*usual("orders_of_company", "first_of_company"))),
            sf.lit(UNKNOWN_LABEL),
        ).alias("company_name"),
        sf.first("company_name")
        .over(within("company_id").orderBy(*usual("orders", "first_date")))
        .alias("source_name"),
        sf.sort_array(sf.collect_set("company_name").over(within())).alias("spellings"),
    )
    return named.distinct()

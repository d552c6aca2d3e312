"""The business rules of the IFCO application: for each, the rows that break it.

Belongs here: pure functions over DataFrames. Does not: Dagster (`ifco.py`), promises of one column.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def repeated_order_ids(ifco_orders_silver: "DataFrame") -> "DataFrame":
    """The order_ids of several rows."""
    from pyspark.sql import functions as sf

    counted = ifco_orders_silver.groupBy("order_id").agg(sf.count(sf.lit(1)).alias("rows"))
    return counted.where("rows > 1")


def orders_without_contact(ifco_orders_silver: "DataFrame") -> "DataFrame":
    """Rows of orders that name nobody and no place."""
    from pyspark.sql import functions as sf

    parts = ("contact_first_name", "contact_surname", "contact_city", "contact_postal_code")
    return ifco_orders_silver.where(sf.coalesce(*parts).isNull()).select("order_id", "order_date")


def contacts_not_read(ifco_orders_silver: "DataFrame") -> "DataFrame":
    """Rows of orders whose contact could not be read, or only in part, and why."""
    from pyspark.sql import functions as sf

    problems = sf.filter("data_issues", lambda issue: issue.startswith("contact_data: "))
    return ifco_orders_silver.select("order_id", problems.alias("problems")).where(sf.size("problems") > 0)


def orders_invoiced_again(fct_ifco_invoices: "DataFrame") -> "DataFrame":
    """Orders with several invoices."""
    from pyspark.sql import functions as sf

    invoiced = fct_ifco_invoices.groupBy("order_id").agg(
        sf.count(sf.lit(1)).alias("invoices"),
        sf.sort_array(sf.collect_list("invoice_id")).alias("invoice_ids"),
        sf.sum("gross_value").alias("gross_value"),
    )
    return invoiced.where("order_id IS NOT NULL AND invoices > 1")


def invoices_for_others(fct_ifco_invoices: "DataFrame", fct_ifco_orders: "DataFrame") -> "DataFrame":
    """Invoices for another company than the one that ordered, merged companies counting as one."""
    from pyspark.sql import functions as sf

    ordered = fct_ifco_orders.select("order_id", sf.col("company_name").alias("ordered_by"), "company_key")
    invoiced = fct_ifco_invoices.select(
        "invoice_id", "order_id", sf.col("company_name").alias("invoiced_to"), sf.col("company_key").alias("owes")
    )
    differing = invoiced.join(ordered, "order_id").where("owes <> company_key")
    return differing.select("invoice_id", "order_id", "ordered_by", "invoiced_to")


def orders_left_out(orders_vw: "DataFrame", fct_ifco_orders: "DataFrame") -> "DataFrame":
    """Orders that are not valid."""
    missing = fct_ifco_orders.join(orders_vw.select("order_id"), "order_id", "left_anti")
    return missing.select("order_id", "order_date", "company_name", "crate_type", "main_sales_owner")

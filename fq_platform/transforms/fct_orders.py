"""analytics/fct_orders: one row per order line with the attributes of its product and customer.

Belongs here: the join and its measures. Does not: aggregation (`sales_summary.py`).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.model import MONEY
from fq_platform.contracts.shared import UNKNOWN_ID, UNKNOWN_LABEL


def fct_orders(orders_silver: DataFrame, dim_products: DataFrame, dim_customers: DataFrame) -> DataFrame:
    """Make `fct_orders` (see its contract).

    Args:
        orders_silver: The curated orders of any windows.
        dim_products: All products.
        dim_customers: All customers.

    Returns:
        One row per line of every order, cancelled ones too; what a dimension does not have becomes its unknown member.
    """
    products = dim_products.select(
        sf.col("product_id").alias("known_product_id"),
        "product_name",
        "product_category",
        sf.col("sku").alias("own_sku"),
    )
    customers = dim_customers.select(
        sf.col("customer_id").alias("known_customer_id"),
        "customer_name",
        "customer_kind",
        sf.col("country").alias("customer_country"),
    )
    lines = orders_silver.withColumn("line", sf.explode("lines"))
    joined = lines.join(products, sf.col("line.product_id") == sf.col("known_product_id"), "left").join(
        customers, sf.col("customer_id") == sf.col("known_customer_id"), "left"
    )
    unknown = sf.lit(UNKNOWN_LABEL)
    return joined.select(
        "order_id",
        sf.col("line.line_number").alias("line_number"),
        "order_number",
        "order_date",
        "ordered_at",
        sf.col("status").alias("order_status"),
        sf.col("status").eqNullSafe("cancelled").alias("is_cancelled"),
        sf.coalesce("known_customer_id", sf.lit(UNKNOWN_ID)).alias("customer_id"),
        sf.coalesce("customer_name", unknown).alias("customer_name"),
        sf.coalesce("customer_kind", sf.lit(UNKNOWN_ID)).alias("customer_kind"),
        sf.coalesce("customer_country", unknown).alias("customer_country"),
        "shipping_country",
        sf.coalesce("known_product_id", sf.lit(UNKNOWN_ID)).alias("product_id"),
        sf.coalesce("line.sku", "own_sku").alias("sku"),
        sf.coalesce("product_name", unknown).alias("product_name"),
        sf.coalesce("product_category", unknown).alias("product_category"),
        "currency",
        sf.col("line.unit_price").alias("unit_price"),
        sf.col("line.quantity").alias("quantity"),
        (sf.col("line.quantity") * sf.col("line.unit_price")).cast(MONEY).alias("gross_sales_amount"),
        sf.col("line.discount_amount").alias("discount_amount"),
        sf.col("line.line_amount").alias("net_sales_amount"),
    )

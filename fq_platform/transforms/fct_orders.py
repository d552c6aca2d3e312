"""analytics/fct_orders: one row per order line with the attributes of its product and customer.

Belongs here: the join and its measures. Does not: aggregation (`sales_summary.py`).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

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
        F.col("product_id").alias("known_product_id"), "product_name", "product_category", F.col("sku").alias("own_sku")
    )
    customers = dim_customers.select(
        F.col("customer_id").alias("known_customer_id"),
        "customer_name",
        "customer_kind",
        F.col("country").alias("customer_country"),
    )
    lines = orders_silver.withColumn("line", F.explode("lines"))
    joined = lines.join(products, F.col("line.product_id") == F.col("known_product_id"), "left").join(
        customers, F.col("customer_id") == F.col("known_customer_id"), "left"
    )
    unknown = F.lit(UNKNOWN_LABEL)
    return joined.select(
        "order_id",
        F.col("line.line_number").alias("line_number"),
        "order_number",
        "order_date",
        "ordered_at",
        F.col("status").alias("order_status"),
        F.col("status").eqNullSafe("cancelled").alias("is_cancelled"),
        F.coalesce("known_customer_id", F.lit(UNKNOWN_ID)).alias("customer_id"),
        F.coalesce("customer_name", unknown).alias("customer_name"),
        F.coalesce("customer_kind", F.lit(UNKNOWN_ID)).alias("customer_kind"),
        F.coalesce("customer_country", unknown).alias("customer_country"),
        "shipping_country",
        F.coalesce("known_product_id", F.lit(UNKNOWN_ID)).alias("product_id"),
        F.coalesce("line.sku", "own_sku").alias("sku"),
        F.coalesce("product_name", unknown).alias("product_name"),
        F.coalesce("product_category", unknown).alias("product_category"),
        "currency",
        F.col("line.unit_price").alias("unit_price"),
        F.col("line.quantity").alias("quantity"),
        (F.col("line.quantity") * F.col("line.unit_price")).cast(MONEY).alias("gross_sales_amount"),
        F.col("line.discount_amount").alias("discount_amount"),
        F.col("line.line_amount").alias("net_sales_amount"),
    )

"""shared/dim_products: one row per live product, and the member that stands for unknown ones.

Belongs here: the table's columns. Does not: how a field is cleaned (`cleaning.py`).
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from fq_platform.contracts.shared import UNKNOWN_LABEL
from fq_platform.transforms.changelog import current
from fq_platform.transforms.documents import Document
from fq_platform.transforms.unknown import with_unknown_member


def dim_products(products: DataFrame) -> DataFrame:
    """Make `dim_products` (see its contract).

    Args:
        products: The raw changelog of products.

    Returns:
        One row per live product, and the unknown member.
    """
    product = Document(current(products))
    dimension = product.table(
        product_id=sf.col("_id"),
        sku=product.text("sku"),
        product_name=sf.coalesce(product.text("name"), sf.lit(UNKNOWN_LABEL)),
        product_category=sf.coalesce(product.text("category"), sf.lit(UNKNOWN_LABEL)),
        unit_price=product.money("unit_price"),
        currency=sf.upper(product.text("currency")),
        vat_rate=product.rate("vat_rate"),
        weight_kg=product.quantity("weight_kg"),
        tags=product.texts("tags"),
        is_discontinued=product.flag("discontinued"),
        created_at=product.timestamp("created_at"),
        updated_at=product.timestamp("updated_at"),
    )
    nothing = sf.array().cast("array<string>")
    return with_unknown_member(
        dimension,
        key="product_id",
        labels=("product_name", "product_category"),
        others={"tags": nothing, "is_discontinued": sf.lit(False), "data_issues": nothing},
    )

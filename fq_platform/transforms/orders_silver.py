"""curated/<app>_orders_silver: one row per live order, cleaned and typed, with its lines.

Belongs here: the table's columns. Does not: how a field is cleaned (`cleaning.py`).
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as sf

from fq_platform.transforms.changelog import current
from fq_platform.transforms.cleaning import Fields
from fq_platform.transforms.documents import Document


def orders_silver(orders: DataFrame) -> DataFrame:
    """Make `orders_silver` (see its contract).

    Args:
        orders: Rows of the raw changelog of orders, each window complete.

    Returns:
        One row per live order; `order_date` lies in the windows given.
    """
    order = Document(current(orders))
    shipping = order.struct("shipping_address")
    ordered_at = order.timestamp("order_date")
    return order.table(
        order_id=sf.col("_id"),
        order_number=order.text("order_number"),
        customer_id=order.text("customer_id"),
        order_date=order.window_date(ordered_at),
        ordered_at=ordered_at,
        status=sf.lower(order.text("status")),
        currency=sf.upper(order.text("currency")),
        shipping_street=shipping.text("street"),
        shipping_postal_code=shipping.text("postal_code"),
        shipping_city=shipping.text("city"),
        shipping_country=sf.upper(shipping.text("country")),
        notes=order.text("notes"),
        lines=order.lines("lines", _line),
        total_amount=order.money("total"),
        updated_at=order.timestamp("updated_at"),
    )


def _line(line: Fields, position: Column) -> dict[str, Column]:
    return {
        "line_number": sf.coalesce(line.integer("line_number"), position),
        "product_id": line.text("product_id"),
        "sku": line.text("sku"),
        "quantity": line.quantity("quantity"),
        "unit_price": line.money("unit_price"),
        "discount_amount": line.money_or_zero("discount"),
        "line_amount": line.money("line_total"),
    }

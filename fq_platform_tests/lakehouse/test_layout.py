"""Where tables live."""

import pytest

from fq_platform.lakehouse.layout import Layer, TableName, table_of


@pytest.mark.parametrize(
    ("key", "qualified", "location"),
    [
        (("raw", "shop_orders"), "iceberg.raw.shop_orders", "/wh/raw/shop/orders"),
        (("curated", "shop_orders_silver"), "iceberg.curated.shop_orders_silver", "/wh/curated/shop/orders_silver"),
        (("shared", "dim_products"), "iceberg.shared.dim_products", "/wh/shared/dim_products"),
        (("analytics", "shop_report"), "iceberg.analytics.shop_report", "/wh/analytics/shop_report"),
    ],
)
def test_asset_key_names_table_and_folder(key: tuple[str, str], qualified: str, location: str) -> None:
    table = table_of(key, "shop")

    assert table.identifier == key
    assert table.qualified == qualified
    assert table.location("/wh") == table.location("/wh/") == location


def test_app_is_taken_off_the_folders_name_once_only() -> None:
    assert TableName(Layer.RAW, "shop_shop_orders", "shop").location("file:///wh") == "file:///wh/raw/shop/shop_orders"


@pytest.mark.parametrize("key", [("orders",), ("raw", "app", "orders"), ("bronze", "orders")])
def test_key_that_names_no_table_is_refused(key: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        table_of(key, "shop")

"""Where tables live."""

import pytest

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import Layer, Layout, TableName, layout_of, table_of
from fq_platform.settings import Profile, Settings, TableLayout

TABLES = {
    "raw": table_of(("raw", "shop_orders"), "shop"),
    "curated": table_of(("curated", "shop_orders_silver"), "shop"),
    "shared": table_of(("shared", "dim_products"), "shop"),
    "analytics": table_of(("analytics", "shop_report"), "shop"),
}


@pytest.mark.parametrize(
    ("layer", "name", "layered", "hive"),
    [
        ("raw", "raw.shop_orders", "raw/shop/orders", "raw.db/shop_orders"),
        ("curated", "curated.shop_orders_silver", "curated/shop/orders_silver", "curated.db/shop_orders_silver"),
        ("shared", "shared.dim_products", "shared/dim_products", "shared.db/dim_products"),
        ("analytics", "analytics.shop_report", "analytics/shop_report", "analytics.db/shop_report"),
    ],
)
@pytest.mark.parametrize("root", ["s3://bucket/warehouse", "s3://bucket/warehouse/"])
def test_asset_key_names_table_and_folder(layer: str, name: str, layered: str, hive: str, root: str) -> None:
    table = Layout(root).place(TABLES[layer])

    assert (table.dotted, table.qualified) == (name, f"iceberg.{name}")
    assert table.identifier == table.key == tuple(name.split("."))
    assert Layout(root).location(table) == f"s3://bucket/warehouse/{layered}"
    assert Layout(root, TableLayout.HIVE).location(table) == f"s3://bucket/warehouse/{hive}"


def test_app_is_taken_off_the_folders_name_once_only() -> None:
    table = TableName(Layer.RAW, "shop_shop_orders", "shop")

    assert Layout("file:///wh").location(table) == "file:///wh/raw/shop/shop_orders"


def test_shared_tables_lie_below_curated_where_namespaces_nest_and_keep_key_and_folder() -> None:
    nested = Layout("/wh", nested=True)
    table = nested.place(TABLES["shared"])

    assert table.qualified == "iceberg.curated.shared.dim_products"
    assert table.key == ("shared", "dim_products")
    assert nested.location(table) == "/wh/shared/dim_products"
    assert nested.place(TABLES["raw"]).qualified == "iceberg.raw.shop_orders"
    assert Layout("/wh").place(table).qualified == "iceberg.shared.dim_products"


def test_namespaces_are_named_before_those_that_they_hold() -> None:
    assert Layout(None).namespaces() == (("raw",), ("curated",), ("shared",), ("analytics",))
    assert Layout(None, nested=True).namespaces() == (("raw",), ("curated",), ("curated", "shared"), ("analytics",))


def test_catalog_decides_where_tables_lie_if_there_is_no_warehouse() -> None:
    assert Layout(None).location(TABLES["raw"]) is None


@pytest.mark.parametrize("text", ["shared.x", "curated.shared.x", "iceberg.shared.x", "iceberg.curated.shared.x"])
def test_both_names_of_a_shared_table_are_understood(text: str) -> None:
    assert Layout(None).named(text).dotted == "shared.x"
    assert Layout(None, nested=True).named(text).dotted == "curated.shared.x"


@pytest.mark.parametrize("text", ["orders", "bronze.orders", "raw.shared.orders", "", "curated.shared.x.y"])
def test_name_of_no_layer_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Layout(None).named(text)


@pytest.mark.parametrize("key", [("orders",), ("raw", "app", "orders"), ("bronze", "orders")])
def test_key_that_names_no_table_is_refused(key: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        table_of(key, "shop")


@pytest.mark.parametrize(
    ("profile", "shared"),
    [
        (Profile.LOCAL, "curated.shared.x"),
        (Profile.S3LOCAL, "curated.shared.x"),
        (Profile.SQL, "curated.shared.x"),
        (Profile.REST, "curated.shared.x"),
        (Profile.GLUE, "shared.x"),
        (Profile.UNITY, "shared.x"),
    ],
)
def test_shared_tables_are_named_by_what_the_profiles_catalog_can(profile: Profile, shared: str) -> None:
    assert layout_of(Settings(profile=profile)).named("shared.x").dotted == shared
    assert layout_of(Settings(profile=profile, nested_namespaces=False)).named("shared.x").dotted == "shared.x"


@pytest.mark.parametrize("profile", [Profile.GLUE, Profile.UNITY])
def test_namespaces_that_cannot_nest_are_refused(profile: Profile) -> None:
    with pytest.raises(FqError, match=r"cannot nest in the catalog of the profile.*FQ_NESTED_NAMESPACES"):
        layout_of(Settings(profile=profile, nested_namespaces=True))


def test_warehouse_and_style_come_from_the_settings() -> None:
    settings = Settings(warehouse_override="s3://lake/house", table_layout=TableLayout.HIVE)

    assert layout_of(settings).location(TABLES["raw"]) == "s3://lake/house/raw.db/shop_orders"
    assert layout_of(Settings(profile=Profile.REST)).location(TABLES["raw"]) is None

"""Which table is meant by a name that several could have."""

import pytest

from fq_platform.lakehouse.layout import Layer, Layout, TableName
from fq_platform.query.athena_names import as_athena_names
from fq_platform.query.table_names import tables_meant

LAYOUT = Layout("s3://bucket/warehouse", nests=False)
RAW, ANALYTICS = (TableName(layer, "app_orders", "app") for layer in (Layer.RAW, Layer.ANALYTICS))


def test_a_name_without_a_layer_is_the_table_of_the_first_layer_that_has_it() -> None:
    both = [RAW, ANALYTICS]
    assert tables_meant([("", "APP_Orders")], both, LAYOUT) == {RAW}
    assert tables_meant([("analytics", "app_orders")], both, LAYOUT) == {ANALYTICS}
    assert as_athena_names("SELECT 1 FROM APP_Orders", lambda: both).endswith('"awsdatacatalog"."raw"."app_orders"')


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("awsdatacatalog.raw.x", '"awsdatacatalog"."raw"."x"'),
        ("ICEBERG.Analytics.X", '"awsdatacatalog"."analytics"."x"'),
        ("curated.shared.dim_x", '"awsdatacatalog"."shared"."dim_x"'),
        ('raw."a""b"', '"awsdatacatalog"."raw"."a""b"'),
        ("information_schema.tables", "information_schema.tables"),
        ("other.raw.x", "other.raw.x"),
        ("nowhere", "nowhere"),
    ],
)
def test_athena_finds_the_lakehouses_tables_in_glue_and_others_where_they_are(written: str, read: str) -> None:
    assert as_athena_names(f"SELECT 1 FROM {written}", lambda: [RAW]) == f"SELECT 1 FROM {read}"

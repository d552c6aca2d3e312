"""Tables have the names and the folders of the layout, whoever makes them."""

import dagster as dg
import pyarrow as pa
import pytest

from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, layout_of
from fq_platform_tests.conformance.lakehouse import APP, Lakehouse

pytestmark = pytest.mark.services

KEYS = {
    (Layer.CURATED, f"{APP}_placed"): f"curated/{APP}/placed",
    (Layer.SHARED, "dim_placed"): "shared/dim_placed",
    (Layer.ANALYTICS, "fct_placed"): "analytics/fct_placed",
}


def test_assets_are_placed_as_the_layout_says(lakehouse: Lakehouse) -> None:
    def asset_of(layer: Layer, name: str) -> dg.AssetsDefinition:
        @dg.asset(key=[layer.value, name])
        def placed() -> pa.Table:
            return pa.table({"n": [1]})

        return placed

    lakehouse.run([asset_of(*key) for key in KEYS])

    flat = lakehouse.backend == "glue-s3"
    assert lakehouse.table(Layer.SHARED, "dim_placed").dotted == ("" if flat else "curated.") + "shared.dim_placed"
    for key, folder in KEYS.items():
        table = lakehouse.table(*key)
        assert lakehouse.rows(table) == [(1,)]
        location = lakehouse.load(table).location()
        if lakehouse.decides_places:  # a documented difference: the REST catalog places tables by itself
            assert lakehouse.location(table) is None
            assert location.startswith("s3://")
        else:
            assert location == f"{layout_of(lakehouse.settings).warehouse}/{folder}"
    for written in ("shared.dim_placed", "iceberg.curated.shared.dim_placed"):
        assert lakehouse.query(f"SELECT n FROM {written}").to_pylist() == [{"n": 1}]
    names = open_catalog(lakehouse.settings).list_tables(lakehouse.table(Layer.SHARED, "dim_placed").identifier[:-1])
    assert lakehouse.table(Layer.SHARED, "dim_placed").identifier in names

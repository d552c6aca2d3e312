"""Shared tables are named below curated or not, and everything else of a query stays as it was written."""

import pytest

from fq_platform.query.duckdb_names import flattened

SHARED = {"dim_products"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("from curated.shared.dim_products", "from         shared.dim_products"),
        ("from iceberg.curated.shared.dim_products", "from                 shared.dim_products"),
        ('from "Curated" . shared."DIM_products"', 'from             shared."DIM_products"'),
        ("from curated/* é */.shared -- x\n.dim_products", f"from {16 * ' '}shared -- x\n.dim_products"),
        ("from iceberg.\ncurated.shared.x", "from         \n        shared.x"),
        ("select 'é', curated.shared.dim_products.sku from a", "select 'é',         shared.dim_products.sku from a"),
    ],
)
def test_schema_of_shared_tables_is_left_alone_and_what_stands_before_it_blanked(written: str, read: str) -> None:
    assert flattened(written, SHARED) == read


@pytest.mark.parametrize(
    "written",
    [
        "",
        "from shared.dim_products, iceberg.shared.dim_products, curated.orders",
        "select 'curated.shared.dim_products' -- curated.shared.dim_products",
        "select curated.shared.field from curated",
        "select a.curated.shared.dim_products from a",
        "show tables from curated.shared",
    ],
)
def test_what_names_no_shared_table_stays(written: str) -> None:
    assert flattened(written, SHARED) == written

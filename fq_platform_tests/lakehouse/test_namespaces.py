"""Namespaces come into being, and tables of a former layout come into them with all that they hold."""

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import layout_of
from fq_platform.lakehouse.listing import list_names
from fq_platform.query.engine import QueryEngine, open_engine
from fq_platform.query.options import EngineName
from fq_platform.settings import Settings

if TYPE_CHECKING:
    pass

ROWS = pa.table({"id": ["a", "b"]})
NAMES = ("shared.dim_x", "iceberg.shared.dim_x", "curated.shared.dim_x", "iceberg.curated.shared.dim_x", "dim_x")


def homes(settings: Settings) -> tuple[Settings, Settings]:
    """The settings of one home, nested and flat."""
    return (settings, settings.model_copy(update={"nested_namespaces": False}))


def make_shared(settings: Settings) -> Catalog:
    """A lakehouse with one shared table."""
    catalog, layout = open_catalog(settings), layout_of(settings)
    table = layout.named("shared.dim_x")
    catalog.create_table(table.identifier, ROWS.schema, layout.location(table)).append(ROWS)
    return catalog


def names(settings: Settings) -> list[str]:
    return [name.dotted for name in list_names(open_catalog(settings), layout_of(settings))]


def engine(settings: Settings) -> QueryEngine:
    return open_engine(EngineName.DUCKDB, settings)


@pytest.mark.parametrize("nested", [True, False])
def test_tables_of_the_former_layout_are_renamed_with_rows_history_and_folder(settings: Settings, nested: bool) -> None:
    now, before = homes(settings) if nested else homes(settings)[::-1]
    old = make_shared(before).load_table(layout_of(before).named("shared.dim_x").identifier)

    catalog = open_catalog(now)

    placed = layout_of(now).named("shared.dim_x")
    new = catalog.load_table(placed.identifier)
    assert names(now) == [placed.dotted]
    assert (new.location(), new.metadata.table_uuid) == (old.location(), old.metadata.table_uuid)
    assert new.snapshots() == old.snapshots()
    assert new.scan().to_arrow() == ROWS
    assert layout_of(before).namespaces()[2] not in catalog.list_namespaces() + catalog.list_namespaces("curated")


def test_table_that_is_there_under_both_names_is_refused_and_neither_is_touched(settings: Settings) -> None:
    nested, flat = homes(settings)
    catalog = make_shared(nested)
    catalog.create_namespace("shared")
    catalog.create_table("shared.dim_x", ROWS.schema)
    catalog.create_table("shared.dim_a", ROWS.schema)

    with pytest.raises(FqError, match=r"curated\.shared\.dim_x is there twice: as shared\.dim_x too .*NESTED"):
        open_catalog(nested)
    with pytest.raises(FqError, match=r"shared\.dim_x is there twice: as curated\.shared\.dim_x too"):
        open_catalog(flat)

    assert sorted(catalog.list_tables("shared")) == [("shared", "dim_a"), ("shared", "dim_x")]
    assert catalog.list_tables(("curated", "shared")) == [("curated", "shared", "dim_x")]


@pytest.mark.parametrize("nested", [True, False])
def test_both_names_are_understood_by_queries_and_the_placed_one_is_shown(settings: Settings, nested: bool) -> None:
    chosen = homes(settings)[0 if nested else 1]
    make_shared(chosen)
    shown = "curated.shared" if nested else "shared"

    for name in NAMES:
        assert engine(chosen).execute(f"SELECT id FROM {name} ORDER BY id").read_all() == ROWS
        assert engine(chosen).execute(f"SELECT t.id FROM {name} AS t WHERE id = 'b'").read_all().num_rows == 1
    assert engine(chosen).execute("SELECT curated.shared.dim_x.id FROM curated.shared.dim_x").read_all() == ROWS
    assert engine(chosen).tables() == [f"{shown}.dim_x"]
    for name in ("shared.dim_y", "curated.shared.dim_y", "iceberg.curated.shared.dim_y"):
        with pytest.raises(FqError, match=rf"no table {shown}.dim_y\. Near to it: {shown}.dim_x\."):
            engine(chosen).execute(f"FROM {name}")

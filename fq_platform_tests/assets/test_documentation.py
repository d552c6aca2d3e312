"""What a contract says reaches Dagster's and Iceberg's documentation of its table."""

import dagster as dg
import pyarrow as pa
import pytest
from pyiceberg.schema import Schema
from pyiceberg.types import DecimalType, ListType, LongType, MapType, NestedField, StringType, StructType

from fq_platform.assets.documentation import (
    column_lineage,
    column_schema,
    description,
    docs,
    facts_of_raw_table,
    owners,
    schema_of_table,
    table_metadata,
    type_name,
)
from fq_platform.contracts import CONTRACTS, Contract
from fq_platform.io_managers.scope import RunScope
from fq_platform.io_managers.storing import target_of
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.settings import Settings

contracts = pytest.mark.parametrize("contract", CONTRACTS.values(), ids=CONTRACTS)


def inputs(contract: Contract) -> dict[str, dg.AssetKey]:
    """An asset for every input that a contract's columns are made of."""
    named = {path.split(".")[0] for column in contract.columns for path in contract.sources(column)}
    return {name: dg.AssetKey(["layer", name]) for name in named}


def test_columns_are_shown_with_meaning_and_promises() -> None:
    columns = {column.name: column for column in column_schema(CONTRACTS["orders_silver"]).columns}

    key, status, notes = columns["order_id"], columns["status"], columns["notes"]
    assert (key.type, key.description) == ("string", "Identifier of the source document")
    assert (key.constraints.nullable, key.constraints.unique) == (False, True)
    assert (status.constraints.nullable, status.constraints.unique) == (False, False)
    assert status.constraints.other == ["one of placed, paid, shipped, delivered, cancelled, returned"]
    assert (notes.constraints.nullable, notes.constraints.other) == (True, [])


def test_no_column_of_a_key_of_many_is_said_to_be_unique() -> None:
    columns = column_schema(CONTRACTS["fct_orders"]).columns

    assert not any(column.constraints.unique for column in columns)
    assert [c.name for c in columns if not c.constraints.nullable][:2] == ["order_id", "line_number"]


def test_lineage_names_assets_and_columns_each_once() -> None:
    contract = CONTRACTS["fct_orders"]

    deps = column_lineage(contract, inputs(contract)).deps_by_column

    lines = dg.TableColumnDep(dg.AssetKey(["layer", "orders_silver"]), "lines")
    assert deps["gross_sales_amount"] == [lines]
    assert set(deps["sku"]) == {lines, dg.TableColumnDep(dg.AssetKey(["layer", "dim_products"]), "sku")}
    assert deps["order_id"] == [dg.TableColumnDep(dg.AssetKey(["layer", "orders_silver"]), "order_id")]


@contracts
def test_lineage_tells_of_columns_only_that_the_table_upstream_has(contract: Contract) -> None:
    for column, deps in column_lineage(contract, inputs(contract)).deps_by_column.items():
        assert column in [own.name for own in contract.columns]
        for dep in deps:
            # A collection may be called as a table is that is made of it.
            upstream = CONTRACTS.get(dep.asset_key.path[-1]) if contract.layer is not Layer.CURATED else None
            assert upstream is None or dep.column_name in [own.name for own in upstream.columns]


def test_table_in_the_lake_says_the_same_down_to_the_fields_of_lines() -> None:
    told = docs(CONTRACTS["orders_silver"])

    assert told.description.endswith("with their lines. Grain: one live order.")
    assert told.owner == "team:data-platform"
    assert told.columns["notes"] == "Free text"
    assert told.columns["lines.element.sku"] == "Stock keeping unit as ordered"
    assert len(told.columns) == 16 + 7


@contracts
def test_every_owner_is_one_that_dagster_takes(contract: Contract) -> None:
    assert dg.AssetSpec("table", owners=owners(contract)).owners == [contract.owner]


def test_columns_of_a_raw_table_are_those_that_it_has(settings: Settings) -> None:
    schema = Schema(NestedField(1, "_id", StringType(), required=True, doc="The key"), NestedField(2, "n", LongType()))

    shown = schema_of_table(open_catalog(settings).create_table("raw.app_things", schema))

    assert [(c.name, c.type, c.description) for c in shown.columns] == [
        ("_id", "string", "The key"),
        ("n", "long", None),
    ]
    assert [column.constraints.nullable for column in shown.columns] == [False, True]


def test_nested_types_are_shown_without_numbers() -> None:
    line = StructType(
        NestedField(1, "sku", StringType(), required=True),
        NestedField(2, "price", DecimalType(38, 12)),
        NestedField(3, "tags", ListType(4, StringType())),
        NestedField(5, "names", MapType(6, StringType(), 7, LongType())),
    )

    assert type_name(ListType(8, line)) == (
        "array<struct<sku:string,price:decimal(38,12),tags:array<string>,names:map<string,long>>>"
    )


def test_column_lineage_can_be_read_down_to_nested_fields() -> None:
    contract = CONTRACTS["fct_orders"]

    shown = table_metadata(contract, contract.table("app"), inputs(contract))["made_of"].value.splitlines()

    assert "| `gross_sales_amount` | `orders_silver.lines.quantity`, `orders_silver.lines.unit_price` |" in shown
    assert "| `order_id` | `orders_silver.order_id` |" in shown
    assert len(shown) == 2 + len(contract.columns)


def test_raw_table_says_its_size_and_how_its_snapshot_is_read(settings: Settings) -> None:
    catalog = open_catalog(settings)
    table = catalog.create_table("raw.app_things", Schema(NestedField(1, "n", LongType())))
    name = layout_of(settings).place(TableName(Layer.RAW, "app_things", "app"))
    empty = facts_of_raw_table(table, name, None)
    table.append(pa.table({"n": [1, 2, 3]}))
    snapshot = table.current_snapshot()
    assert snapshot is not None

    found = facts_of_raw_table(table, name, snapshot.snapshot_id)

    assert set(empty) == {"dagster/column_schema"}
    assert found["changelog_rows"] == 3
    assert found["table_bytes"] == sum(task.file.file_size_in_bytes for task in table.scan().plan_files())
    assert found["snapshot_id"].value == str(snapshot.snapshot_id)
    assert found["query"].value == f'fq query --as-of {snapshot.snapshot_id} "SELECT * FROM raw.app_things"'


@contracts
def test_io_manager_writes_what_the_contract_says_into_the_table(contract: Contract, settings: Settings) -> None:
    app = contract.app or "app"
    table = layout_of(settings).place(contract.table(app))
    asset = dg.AssetSpec(
        list(table.key),
        description=description(contract),
        owners=owners(contract),
        metadata=table_metadata(contract, table, inputs(contract)),
    )
    scope = RunScope(
        asset.key, "run", metadata=asset.metadata, description=asset.description or "", owners=asset.owners
    )

    assert target_of(settings, app, scope).docs == docs(contract)
    assert target_of(settings, app, scope).table == table

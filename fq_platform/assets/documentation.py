"""What the contracts say of tables, as Dagster shows it and as Iceberg keeps it.

Belongs here: descriptions, owners, column schemas, column lineage. Does not: the words themselves (`contracts/`).
"""

import functools
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from fq_platform.assets.code_references import code_references, in_package
from fq_platform.contracts import Contract
from fq_platform.io_managers.snapshot_metadata import snapshot_metadata
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.lakehouse.table_options import COLUMN_COMMENTS, TableDocs
from fq_platform.settings import PACKAGE, get_settings

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.types import IcebergType


_CONTRACT = re.compile(r"^([A-Z][A-Z0-9_]*) = \w+\(", re.MULTILINE)
_MOST_CHARACTERS = 63
"""Of a tag's value, in Dagster."""


def tags(layer: Layer, app: str) -> dict[str, str]:
    """What tables can be filtered by in the UI.

    Args:
        layer: The table's.
        app: The application of the sources file.
    """
    return {"app": app[:_MOST_CHARACTERS], "layer": layer.value}


def location_metadata(location: str | None) -> dict[str, Any]:
    """Where the files of a new table lie, if it is us who says so."""
    return {"dagster/uri": location} if location else {}


def owners(contract: Contract) -> list[str]:
    """Who answers for a table, as Dagster takes it."""
    return [contract.owner]


def description(contract: Contract) -> str:
    """What a table is for and what one row is, in one paragraph."""
    return f"{contract.description} Grain: {contract.grain}."


def table_metadata(contract: Contract, table: TableName, inputs: Mapping[str, dg.AssetKey]) -> dict[str, Any]:
    """What the definition of a table's asset says of it.

    Args:
        contract: The table.
        table: Its name, placed.
        inputs: The asset behind each input of its transform.

    Returns:
        Metadata: the table's name, columns and lineage; the comments of nested fields, which the columns do not show.
    """
    layout = layout_of(get_settings())
    made_by = in_package(contract.module, contract.name)
    constant = contract.name.upper()
    promised_by = in_package(_contracts_written_in().get(constant, "contracts"), constant)
    nested = {path: comment for path, comment in docs(contract).columns.items() if "." in path}
    return {
        "dagster/table_name": table.qualified,
        "dagster/storage_kind": "iceberg",
        "dagster/column_schema": column_schema(contract),
        "dagster/column_lineage": column_lineage(contract, inputs),
        "made_of": dg.MetadataValue.md(_made_of(contract, inputs)),
        **location_metadata(layout.location(table)),
        **code_references(made_by, promised_by),
    } | ({COLUMN_COMMENTS: dg.MetadataValue.json(nested)} if nested else {})


def column_schema(contract: Contract) -> dg.TableSchema:
    """The columns of a table, with their meaning and what is promised of each.

    Args:
        contract: The table.

    Returns:
        The columns in order. A column is unique if it alone is the primary key, and not nullable if it is promised
        never to be null.
    """
    never_null = {*contract.primary_key, *contract.not_null}
    return dg.TableSchema(
        [
            dg.TableColumn(
                name=column.name,
                type=column.type,
                description=column.description,
                constraints=dg.TableColumnConstraints(
                    nullable=column.name not in never_null,
                    unique=contract.primary_key == (column.name,),
                    other=_accepted(contract, column.name),
                ),
            )
            for column in contract.columns
        ]
    )


def column_lineage(contract: Contract, inputs: Mapping[str, dg.AssetKey]) -> dg.TableColumnLineage:
    """Which columns of other tables each column's values are made of.

    Args:
        contract: The table.
        inputs: The asset behind each input of its transform.

    Returns:
        The lineage of the columns that are made of any; a nested column counts as one.
    """
    return dg.TableColumnLineage(
        {
            column.name: [
                dg.TableColumnDep(asset_key=inputs[table], column_name=name)
                for table, name in dict.fromkeys(_column_of(path) for path in contract.sources(column))
            ]
            for column in contract.columns
            if contract.sources(column)
        }
    )


def _made_of(contract: Contract, inputs: Mapping[str, dg.AssetKey]) -> str:
    """The lineage of the columns to read, down to nested fields: the open-source UI does not show Dagster's own."""
    lines = ["| Column | Made of |", "|---|---|"]
    for column in contract.columns:
        paths = (path.split(".", 1) for path in contract.sources(column))
        made_of = (f"`{inputs[table].path[-1]}.{path}`" for table, path in paths)
        lines.append(f"| `{column.name}` | {', '.join(made_of) or 'nothing upstream'} |")
    return "\n".join(lines)


def docs(contract: Contract) -> TableDocs:
    """What the table in the lake says of itself.

    Args:
        contract: The table.

    Returns:
        Description, owner and a comment for each column and each field of nested lines.
    """
    comments: dict[str, str] = {}
    for column in contract.columns:
        comments[column.name] = column.description
        comments |= {f"{column.name}.element.{field.name}": field.description for field in column.fields}
    return TableDocs(description=description(contract), owner=contract.owner, columns=comments)


def facts_of_raw_table(table: "Table", name: TableName, snapshot_id: int | None) -> dict[str, Any]:
    """What the materialisation of a raw table says of it as a whole.

    Args:
        table: The Iceberg table, loaded after the materialisation.
        name: Its name, placed.
        snapshot_id: The snapshot that holds the result; None if the table has none yet.

    Returns:
        Metadata: its columns, its size as numbers that the UI plots, and how to read the snapshot.
    """
    snapshot = table.current_snapshot()
    summary = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
    figures = {"changelog_rows": "total-records", "table_bytes": "total-files-size"}
    return {
        "dagster/column_schema": schema_of_table(table),
        **{name: int(summary[figure]) for name, figure in figures.items() if figure in summary},
        **snapshot_metadata(name, snapshot_id),
    }


def schema_of_table(table: "Table") -> dg.TableSchema:
    """The columns that a table in the lake has now.

    Args:
        table: An Iceberg table.

    Returns:
        Its top-level columns, with their comments, and types as `type_name` writes them.
    """
    return dg.TableSchema(
        [
            dg.TableColumn(
                name=field.name,
                type=type_name(field.field_type),
                description=field.doc,
                constraints=dg.TableColumnConstraints(nullable=field.optional),
            )
            for field in table.schema().fields
        ]
    )


def type_name(kind: "IcebergType") -> str:
    """A type as Spark writes it, nested ones too: Iceberg's own text is full of field numbers.

    Args:
        kind: Of a column of an Iceberg table.
    """
    from pyiceberg.types import ListType, MapType, StructType

    if isinstance(kind, StructType):
        return f"struct<{','.join(f'{field.name}:{type_name(field.field_type)}' for field in kind.fields)}>"
    if isinstance(kind, ListType):
        return f"array<{type_name(kind.element_type)}>"
    if isinstance(kind, MapType):
        return f"map<{type_name(kind.key_type)},{type_name(kind.value_type)}>"
    return str(kind).replace(", ", ",")


@functools.cache
def _contracts_written_in() -> Mapping[str, str]:
    """The module of the package that holds each constant of the contracts, such as `FCT_ORDERS`."""
    found: dict[str, str] = {}
    for file in sorted((PACKAGE / "contracts").rglob("*.py")):
        module = ".".join(file.relative_to(PACKAGE).with_suffix("").parts)
        found |= dict.fromkeys(_CONTRACT.findall(file.read_text(encoding="utf-8")), module)
    return found


def _accepted(contract: Contract, column: str) -> list[str]:
    values = contract.accepted.get(column)
    return [f"one of {', '.join(values)}"] if values else []


def _column_of(path: str) -> tuple[str, str]:
    """The input and the top-level column of a source path."""
    table, column, *_ = path.split(".")
    return table, column

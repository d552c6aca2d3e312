"""What the contracts say of tables, as Dagster shows it and as Iceberg keeps it.

Belongs here: descriptions, owners, column schemas, column lineage. Does not: the words themselves (`contracts/`).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import dagster as dg

from fq_platform.contracts import Contract
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.table_options import COLUMN_COMMENTS, TableDocs

if TYPE_CHECKING:
    from pyiceberg.table import Table


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
    nested = {path: comment for path, comment in docs(contract).columns.items() if "." in path}
    return {
        "dagster/table_name": table.qualified,
        "dagster/storage_kind": "iceberg",
        "dagster/column_schema": column_schema(contract),
        "dagster/column_lineage": column_lineage(contract, inputs),
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


def schema_of_table(table: "Table") -> dg.TableSchema:
    """The columns that a table in the lake has now.

    Args:
        table: An Iceberg table.

    Returns:
        Its top-level columns, with Iceberg's types and comments.
    """
    return dg.TableSchema(
        [
            dg.TableColumn(
                name=field.name,
                type=str(field.field_type),
                description=field.doc,
                constraints=dg.TableColumnConstraints(nullable=field.optional),
            )
            for field in table.schema().fields
        ]
    )


def _accepted(contract: Contract, column: str) -> list[str]:
    values = contract.accepted.get(column)
    return [f"one of {', '.join(values)}"] if values else []


def _column_of(path: str) -> tuple[str, str]:
    """The input and the top-level column of a source path."""
    table, column, *_ = path.split(".")
    return table, column

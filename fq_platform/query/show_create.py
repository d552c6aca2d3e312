"""`SHOW CREATE TABLE`: a table as the Spark SQL that would make it, from its Iceberg metadata; no Spark runs for it.

Belongs here: recognising the statement, and writing the answer. Does not: finding the table (`duckdb_engine.py`).
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from fq_platform.lakehouse.layout import CATALOG
from fq_platform.query.table_names import Reference

if TYPE_CHECKING:
    from pyiceberg.partitioning import PartitionField
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table
    from pyiceberg.table.sorting import SortField
    from pyiceberg.types import IcebergType, NestedField

_NAME = r'(?:"[^"]+"|`[^`]+`|\w+)'
_STATEMENT = re.compile(rf"\s*show\s+create\s+table\s+({_NAME}(?:\s*\.\s*{_NAME})*)\s*;?\s*", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE)
_RESERVED = ("comment", "owner", "location", "provider")
"""Properties that Spark does not take as such: it has clauses for them, or sets them itself."""
_TYPES = {"long": "BIGINT", "timestamptz": "TIMESTAMP", "timestamp": "TIMESTAMP_NTZ", "uuid": "STRING"}
"""Types that Spark calls otherwise than Iceberg does."""


def table_shown(sql: str) -> Reference | None:
    """The table that a `SHOW CREATE TABLE` asks about.

    Args:
        sql: Any statement.

    Returns:
        Its namespace (the last part, empty if none is written) and name; None if this is another statement.
    """
    asked = _STATEMENT.fullmatch(sql)
    if not asked:
        return None
    *namespaces, name = (part.strip('"`') for part in re.findall(_NAME, asked[1]))
    return (namespaces[-1] if namespaces else "", name)


def shown(table: "Table") -> pa.RecordBatchReader:
    """The answer as Spark gives it: one row with one column.

    Args:
        table: The table.

    Returns:
        `createtab_stmt`, the text of `create_statement`.
    """
    return pa.table({"createtab_stmt": [create_statement(table)]}).to_reader()


def create_statement(table: "Table") -> str:
    """The statement that would make an empty table like this one.

    Args:
        table: The table.

    Returns:
        Spark SQL: a `CREATE TABLE`, and behind it the sort order if there is one.
    """
    name = ".".join(map(_quoted, (CATALOG, *table.name())))
    return "\n".join([f"CREATE TABLE {name} (", *_clauses(table)]) + ";" + _ordering(table, name)


def _clauses(table: "Table") -> Iterator[str]:
    schema = table.schema()
    yield ",\n".join(f"  {_column(field)}" for field in schema.fields)
    yield ")\nUSING iceberg"
    if partitioned := [_partition(field, schema) for field in table.spec().fields if str(field.transform) != "void"]:
        yield f"PARTITIONED BY ({', '.join(partitioned)})"
    yield f"LOCATION {_literal(table.location())}"
    if comment := table.properties.get("comment"):
        yield f"COMMENT {_literal(comment)}"
    properties = {"format-version": str(table.format_version), **table.properties}
    said = (f"  {_literal(key)} = {_literal(properties[key])}" for key in sorted(properties) if key not in _RESERVED)
    yield "TBLPROPERTIES (\n" + ",\n".join(said) + "\n)"


def _column(field: "NestedField") -> str:
    comment = f" COMMENT {_literal(field.doc)}" if field.doc else ""
    return f"{_quoted(field.name)} {_type(field.field_type)}{' NOT NULL' if field.required else ''}{comment}"


def _type(kind: "IcebergType") -> str:
    from pyiceberg.types import DecimalType, FixedType, ListType, MapType, StructType

    match kind:
        case StructType():
            inner = (f"{_quoted(field.name)}: {_type(field.field_type)}{_nested(field)}" for field in kind.fields)
            return f"STRUCT<{', '.join(inner)}>"
        case ListType():
            return f"ARRAY<{_type(kind.element_type)}>"
        case MapType():
            return f"MAP<{_type(kind.key_type)}, {_type(kind.value_type)}>"
        case DecimalType():
            return f"DECIMAL({kind.precision}, {kind.scale})"
        case FixedType():
            return "BINARY"
        case _:
            return _TYPES.get(str(kind), str(kind).upper())


def _nested(field: "NestedField") -> str:
    return (" NOT NULL" if field.required else "") + (f" COMMENT {_literal(field.doc)}" if field.doc else "")


def _partition(field: "PartitionField", schema: "Schema") -> str:
    """A partition field as Spark writes it: `order_date`, `days(at)`, `bucket(16, id)`."""
    column = _path(schema, field.source_id)
    name, _, number = str(field.transform).removesuffix("]").partition("[")
    if name == "identity":
        return column
    if number:
        return f"{name}({number}, {column})"
    return f"{name}s({column})"


def _ordering(table: "Table", name: str) -> str:
    fields = [_sorted(field, table.schema()) for field in table.sort_order().fields]
    return f"\nALTER TABLE {name} WRITE ORDERED BY {', '.join(fields)};" if fields else ""


def _sorted(field: "SortField", schema: "Schema") -> str:
    nulls = str(field.null_order.value).replace("-", " ").upper()
    return f"{_path(schema, field.source_id)} {field.direction.value.upper()} {nulls}"


def _path(schema: "Schema", field_id: int) -> str:
    return ".".join(map(_quoted, (schema.find_column_name(field_id) or "").split(".")))


def _quoted(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else f"`{name.replace('`', '``')}`"


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"

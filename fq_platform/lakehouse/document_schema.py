"""The document columns of a raw table: read from it with their kinds, and merged with what new documents bring.

Belongs here: Arrow schemas of documents, and how Iceberg keeps what its types do not tell. Does not: decoding values,
or committing.
"""

from collections.abc import Iterator, Mapping

import pyarrow as pa
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from fq_platform.naming import RESERVED_PREFIX

KIND = b"fq.kind"
"""Metadata of an Arrow field: which BSON type the column stands for where its own type does not tell."""
KIND_PROPERTY = "fq.kind."
"""Prefix of the table properties that keep the kinds; what follows is Iceberg's dotted path of the column."""


def document_schema(table: Table) -> pa.Schema:
    """The document columns of a raw table, `_id` and the platform's own left out.

    Args:
        table: A raw table.

    Returns:
        Plain Arrow types (no large variants; list elements are named `element`, the entries of maps `key` and
        `value`), with the kind in the metadata of the fields that have one.
    """
    return stored_schema(table.schema(), table.properties)


def stored_schema(schema: Schema, properties: Mapping[str, str]) -> pa.Schema:
    """`document_schema` of a table that is not committed yet.

    Args:
        schema: The table's Iceberg schema.
        properties: The table's properties.

    Returns:
        The document columns with their kinds.
    """
    kinds = {
        name.removeprefix(KIND_PROPERTY): value for name, value in properties.items() if name.startswith(KIND_PROPERTY)
    }
    arrow = schema_to_pyarrow(schema, include_field_ids=False)
    return pa.schema([_plain(column, column.name, kinds) for column in arrow if is_document_column(column.name)])


def is_document_column(name: str) -> bool:
    """Whether a column of a raw table holds a field of the documents (`_id` is the platform's text of it)."""
    return name != "_id" and not name.startswith(RESERVED_PREFIX)


def _plain(field: pa.Field, path: str, kinds: Mapping[str, str]) -> pa.Field:
    metadata = {KIND: kinds[path].encode()} if path in kinds else None
    return pa.field(field.name, _plain_type(field.type, path, kinds), field.nullable, metadata)


def _plain_type(type_: pa.DataType, path: str, kinds: Mapping[str, str]) -> pa.DataType:
    """The type as the decoder writes it: PyIceberg gives the large variants of strings, binaries and lists."""
    if pa.types.is_large_string(type_):
        return pa.string()
    if pa.types.is_large_binary(type_):
        return pa.binary()
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return pa.list_(_plain(type_.value_field.with_name("element"), f"{path}.element", kinds))
    if pa.types.is_map(type_):
        key = pa.field("key", pa.string(), nullable=False)
        return pa.map_(key, _plain(type_.item_field.with_name("value"), f"{path}.value", kinds))
    if pa.types.is_struct(type_):
        return pa.struct([_plain(child, f"{path}.{child.name}", kinds) for child in type_])
    return type_


def merge(existing: pa.Schema, wanted: pa.Schema) -> pa.Schema:
    """Add what is new and change nothing that is there.

    Args:
        existing: The columns of the table.
        wanted: The columns that a batch asks for.

    Returns:
        `existing` in its order and with its types, then at each depth the fields that only `wanted` has. A field that
        differs from an existing one, or from `_id`, by case only is left out.
    """
    return pa.schema(_merge_fields(list(existing), [field for field in wanted if field.name.lower() != "_id"]))


def _merge_fields(existing: list[pa.Field], wanted: list[pa.Field]) -> list[pa.Field]:
    merged = {field.name.lower(): field for field in existing}
    for field in wanted:
        here = merged.setdefault(field.name.lower(), field)
        if here.name == field.name:
            merged[field.name.lower()] = _merge_field(here, field)
    return list(merged.values())


def _merge_field(existing: pa.Field, wanted: pa.Field) -> pa.Field:
    have, want = existing.type, wanted.type
    if pa.types.is_struct(have) and pa.types.is_struct(want):
        return existing.with_type(pa.struct(_merge_fields(list(have), list(want))))
    if pa.types.is_list(have) and pa.types.is_list(want):
        return existing.with_type(pa.list_(_merge_field(have.value_field, want.value_field)))
    if pa.types.is_map(have) and pa.types.is_map(want):
        return existing.with_type(pa.map_(have.key_field, _merge_field(have.item_field, want.item_field)))
    return existing


def kind_properties(schema: pa.Schema) -> dict[str, str]:
    """The table properties that keep the kinds of document columns.

    Args:
        schema: Document columns, with kinds as metadata of their fields.

    Returns:
        Property names and values.
    """
    return {
        KIND_PROPERTY + path: (field.metadata[KIND]).decode()
        for path, field in _walk(list(schema))
        if field.metadata and KIND in field.metadata
    }


def additions(before: pa.Schema, after: pa.Schema) -> list[str]:
    """What a schema has gained, in sentences.

    Args:
        before: The document columns as they were.
        after: The same, merged with others.

    Returns:
        Such as `added lines.sku: string`, in the order of the columns; of a new struct or list only the outermost
        field, and no step for the elements of lists.
    """
    known = {path for path, _ in _walk(list(before))}
    new = [(path, field) for path, field in _walk(list(after)) if path not in known]
    outermost = [(path, field) for path, field in new if path.rpartition(".")[0] in known | {""}]
    return [f"added {path.replace('.element', '')}: {_describe(field)}" for path, field in outermost]


def _walk(fields: list[pa.Field], prefix: str = "") -> Iterator[tuple[str, pa.Field]]:
    """Every field with its dotted path, as Iceberg names it."""
    for field in fields:
        path = prefix + field.name
        yield path, field
        yield from _walk(_children(field.type), f"{path}.")


def _children(type_: pa.DataType) -> list[pa.Field]:
    if pa.types.is_struct(type_):
        return list(type_)
    if pa.types.is_list(type_):
        return [type_.value_field]
    if pa.types.is_map(type_):
        return [type_.item_field]
    return []


_WORDS = {"int64": "long", "bool": "boolean"}


def _describe(field: pa.Field) -> str:
    type_ = field.type
    if pa.types.is_list(type_):
        return f"list of {_describe(type_.value_field)}"
    if pa.types.is_map(type_):
        return f"map of {_describe(type_.item_field)}"
    if pa.types.is_struct(type_):
        return "struct"
    if pa.types.is_decimal(type_):
        return f"decimal({type_.precision}, {type_.scale})"
    if pa.types.is_timestamp(type_):
        return "timestamp"
    kind = field.metadata.get(KIND) if field.metadata else None
    return _WORDS.get(str(type_), str(type_)) + (f" ({kind.decode()})" if kind else "")

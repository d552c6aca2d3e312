"""What a table says of itself, and the properties that its asset declares.

Belongs here: comparing them with a declaration. Does not: committing them (`evolving.py`).
"""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from pyiceberg.schema import Schema
from pyiceberg.types import IcebergType, ListType, MapType, NestedField, StructType

from fq_platform.lakehouse.table_options import TableDocs, Target

if TYPE_CHECKING:
    from pyiceberg.table import Table

DECLARED = "fq.declared"
"""Property that lists what is in the table because its asset declared it, so that it goes when the declaration goes."""


def declared_properties(target: Target) -> dict[str, str]:
    """The properties that the table shall have because they are declared."""
    declared = {"properties": sorted(target.options.properties), "sort_by": list(target.options.sort_by)}
    said = {"comment": target.docs.description, "owner": target.docs.owner}
    return {
        **target.options.properties,
        **{name: text for name, text in said.items() if text},
        **({DECLARED: json.dumps(declared, sort_keys=True)} if any(declared.values()) else {}),
    }


def formerly_declared(table: "Table") -> tuple[set[str], bool]:
    """The properties that an earlier declaration gave to the table, and whether it gave a sort order."""
    try:
        declared = json.loads(table.properties.get(DECLARED, "{}"))
        return set(declared.get("properties", ())), bool(declared.get("sort_by"))
    except (ValueError, AttributeError, TypeError):  # somebody else wrote it: then nothing of it is ours
        return set(), False


def documented(schema: Schema, docs: TableDocs) -> Schema:
    """The schema with the declared comments."""
    comments = _comments(docs.columns)
    return Schema(*(_with_comment(field, (), comments) for field in schema.fields))


def comment_changes(schema: Schema, docs: TableDocs) -> dict[tuple[str, ...], str]:
    """The columns whose comment differs from the declared one, with the latter."""
    comments = _comments(docs.columns)
    return {
        path: comments[_short(path)]
        for path, field in _fields((), StructType(*schema.fields))
        if _short(path) in comments and (field.doc or "") != comments[_short(path)]
    }


def _comments(columns: Mapping[str, str]) -> dict[str, str]:
    return {_short(tuple(name.split("."))): text for name, text in columns.items()}


def _short(path: tuple[str, ...]) -> str:
    """A path as people write it: what lists and maps hold needs no mention."""
    return ".".join(step.lower() for step in path if step not in ("element", "value"))


def _fields(path: tuple[str, ...], kind: IcebergType) -> Iterator[tuple[tuple[str, ...], NestedField]]:
    match kind:
        case StructType():
            for field in kind.fields:
                yield (*path, field.name), field
                yield from _fields((*path, field.name), field.field_type)
        case ListType():
            yield from _fields((*path, "element"), kind.element_type)
        case MapType():
            yield from _fields((*path, "value"), kind.value_type)


def _with_comment(field: NestedField, path: tuple[str, ...], comments: Mapping[str, str]) -> NestedField:
    here = (*path, field.name)
    kind = _type_with_comments(field.field_type, here, comments)
    return field.model_copy(update={"field_type": kind, "doc": comments.get(_short(here)) or field.doc})


def _type_with_comments(kind: IcebergType, path: tuple[str, ...], comments: Mapping[str, str]) -> IcebergType:
    match kind:
        case StructType():
            return StructType(*(_with_comment(field, path, comments) for field in kind.fields))
        case ListType():
            element = _type_with_comments(kind.element_type, (*path, "element"), comments)
            return ListType(kind.element_id, element, kind.element_required)
        case MapType():
            value = _type_with_comments(kind.value_type, (*path, "value"), comments)
            return MapType(kind.key_id, kind.key_type, kind.value_id, value, kind.value_required)
        case _:
            return kind

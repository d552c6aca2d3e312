"""A plain way to decide columns, so that the oracle can be tried without the compiled decoder.

Belongs here: types by majority, for tests. Does not: the product's rule, which may decide otherwise.
"""

from collections import Counter
from typing import Any

import pyarrow as pa
from bson import Binary, DatetimeMS, Decimal128, ObjectId, Timestamp

from fq_platform.extraction.bson_values import Document, JavaScript, Symbol
from fq_platform.naming import normalise
from fq_platform_tests.extraction.oracle.fitting import is_uuid

DEEPEST = 32
_TYPES = {
    "bool": pa.bool_(),
    "long": pa.int64(),
    "double": pa.float64(),
    "decimal": pa.decimal128(38, 12),
    "string": pa.string(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "bsontimestamp": pa.int64(),
    "objectid": pa.string(),
    "uuid": pa.string(),
    "symbol": pa.string(),
    "code": pa.string(),
}
_PLAIN = {"bool", "long", "double", "decimal", "string", "timestamp", "binary/0"}


def kind_of(value: Any) -> str | None:
    """What column a value asks for; None where no column holds it."""
    match value:
        case bool():
            return "bool"
        case DatetimeMS():
            return "timestamp"
        case int():
            return "long"
        case float():
            return "double"
        case Decimal128():
            return "decimal"
        case str():
            return "string"
        case ObjectId():
            return "objectid"
        case Timestamp():
            return "bsontimestamp"
        case Symbol():
            return "symbol"
        case JavaScript(scope=None):
            return "code"
        case Binary():
            return "uuid" if is_uuid(value) else f"binary/{value.subtype}"
        case Document():
            return "struct"
        case list():
            return "list"
    return None


def field_of(name: str, values: list[Any], depth: int = 1, maps: bool = False) -> pa.Field | None:
    """The column of some values; None if none of them asks for one, or it would be too deep."""
    kinds = Counter(kind for kind in map(kind_of, values) if kind is not None)
    if not kinds or depth > DEEPEST:
        return None
    kind = max(kinds, key=lambda kind: (kinds[kind], kind))
    if kind == "struct":
        documents = [value for value in values if isinstance(value, Document)]
        if maps and depth > 1:
            value = field_of("value", [item for document in documents for _, item in document.fields], depth + 1, maps)
            return pa.field(name, pa.map_(pa.field("key", pa.string(), nullable=False), value)) if value else None
        inner = fields_of(documents, depth + 1, maps)
        return pa.field(name, pa.struct(inner)) if inner else None
    if kind == "list":
        items = [item for value in values if isinstance(value, list) for item in value]
        element = field_of("element", items, depth + 1, maps)
        return pa.field(name, pa.list_(element)) if element else None
    metadata = None if kind in _PLAIN else {b"fq.kind": kind.encode()}
    return pa.field(name, _TYPES.get(kind, pa.binary()), metadata=metadata)


def fields_of(documents: list[Document], depth: int = 1, maps: bool = False) -> list[pa.Field]:
    """The columns of some documents; of names that differ only by case, the first has one."""
    values: dict[str, list[Any]] = {}
    for document in documents:
        for name, value in document.fields:
            values.setdefault(normalise(name), []).append(value)
    found: list[pa.Field] = []
    taken: set[str] = set()
    for name, met in values.items():
        if name.lower() in taken:
            continue
        column = field_of(name, met, depth, maps)
        if column is not None:
            found.append(column)
            taken.add(name.lower())
    return found


def schema_of(documents: list[Document], maps: bool = False) -> pa.Schema:
    """The document columns of some documents.

    Args:
        documents: With or without `_id`.
        maps: Whether documents within documents become maps rather than structs.
    """
    without_id = [Document([pair for pair in document.fields if pair[0] != "_id"]) for document in documents]
    return pa.schema(fields_of(without_id, maps=maps))

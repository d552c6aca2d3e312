"""Kinds: which BSON type a column stands for, where its Arrow type does not tell.

Belongs here: the marks on Arrow fields, and their meaning. Does not: deciding a column's type (`typing.py`).
"""

import re
from collections.abc import Mapping
from typing import Final

import pyarrow as pa

KIND: Final = b"fq.kind"
"""The key in a field's metadata; a field without it has the plain meaning of its type."""
OBJECT_ID, UUID, SYMBOL, CODE, BSON_TIMESTAMP = "objectid", "uuid", "symbol", "code", "bsontimestamp"
TIMESTAMP = pa.timestamp("us", tz="UTC")
DECIMAL = pa.decimal128(38, 12)
_DECIMAL_NAME = re.compile(r"decimal\((\d+),\s*(\d+)\)\Z")

_NAMED: Mapping[str, tuple[pa.DataType, str | None]] = {
    "boolean": (pa.bool_(), None),
    "long": (pa.int64(), None),
    "double": (pa.float64(), None),
    "decimal": (DECIMAL, None),
    "string": (pa.string(), None),
    "timestamp": (TIMESTAMP, None),
    "binary": (pa.binary(), None),
    OBJECT_ID: (pa.string(), OBJECT_ID),
    UUID: (pa.string(), UUID),
}


def kind_of(field: pa.Field) -> str | None:
    """The kind that a field is marked with; None if it has the plain meaning of its type."""
    mark = (field.metadata or {}).get(KIND)
    return mark.decode() if mark else None


def field_of(name: str, type_: pa.DataType, kind: str | None = None) -> pa.Field:
    """A nullable field, marked with a kind if there is one."""
    return pa.field(name, type_, metadata={KIND: kind.encode()} if kind else None)


def binary_kind(subtype: int) -> str | None:
    """The kind of binary columns that hold one subtype (0 to 255); None for the generic one."""
    return f"binary/{subtype}" if subtype else None


def named_field(name: str, type_name: str) -> pa.Field | None:
    """The field that a name of `types:` in the sources file asks for.

    Args:
        name: The column's name.
        type_name: Such as `double`, `decimal(20,4)` or `objectid`.

    Returns:
        The field; None for `map` and `struct`, whose contents the data decide.
    """
    if found := _DECIMAL_NAME.match(type_name):
        return field_of(name, pa.decimal128(int(found[1]), int(found[2])))
    if type_name not in _NAMED:
        return None
    type_, kind = _NAMED[type_name]
    return field_of(name, type_, kind)

"""Type brackets: the kinds of `_id` that MongoDB compares with each other, and its order within and among them.

Belongs here: that order, for values and as filters. Does not: dividing a collection by it (`ranges.py`).
"""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import bson
from bson import Binary, Decimal128, ObjectId
from bson.binary import UUID_SUBTYPE

_UUID_BYTES = 16


class Bracket(StrEnum):
    """A kind of `_id` that can be divided."""

    NUMBER = "number"
    STRING = "string"
    BINARY = "binary"
    OBJECT_ID = "ObjectId"


LEAST: Mapping[Bracket, Any] = {
    Bracket.NUMBER: -math.inf,
    Bracket.STRING: "",
    Bracket.BINARY: Binary(b"", 0),
    Bracket.OBJECT_ID: ObjectId(bytes(12)),
}
ORDER: Sequence[tuple[Bracket | None, tuple[str, ...]]] = (
    (None, ("minKey",)),
    (None, ("undefined",)),
    (None, ("null",)),
    (Bracket.NUMBER, ("int", "long", "double", "decimal")),
    (Bracket.STRING, ("string", "symbol")),
    (None, ("object",)),
    (Bracket.BINARY, ("binData",)),
    (Bracket.OBJECT_ID, ("objectId",)),
    (None, ("bool",)),
    (None, ("date",)),
    (None, ("timestamp",)),
    (None, ("regex",)),
    (None, ("dbPointer",)),
    (None, ("javascript",)),
    (None, ("javascriptWithScope",)),
    (None, ("maxKey",)),
)
"""MongoDB's type brackets in its order. An array is never an `_id` (and asking for arrays would cost the index)."""


_TYPE_BYTE = 4
"""Where a document of one element states its type."""
_TYPE_NAMES = {
    **dict(enumerate(["double", "string", "object"], 0x01)),
    **dict(enumerate(["binData", "undefined", "objectId", "bool", "date", "null", "regex", "dbPointer"], 0x05)),
    **dict(enumerate(["javascript", "symbol", "javascriptWithScope", "int", "timestamp", "long", "decimal"], 0x0D)),
    0x7F: "maxKey",
    0xFF: "minKey",
}


def bracket_of(value: Any) -> Bracket | None:
    """The bracket in which an `_id` is found by comparison.

    Args:
        value: As pymongo decodes it.

    Returns:
        None for what belongs to the rest: other kinds, and NaN, which no comparison finds.
    """
    # The types themselves: bool derives from int, Code from str, and both are kinds of their own.
    if type(value) is str:
        return Bracket.STRING
    if isinstance(value, ObjectId):
        return Bracket.OBJECT_ID
    if isinstance(value, bytes):
        return Bracket.BINARY
    if isinstance(value, int | float | Decimal128) and not isinstance(value, bool):
        return None if is_nan(value) else Bracket.NUMBER
    return None


def is_nan(value: Any) -> bool:
    """Whether a number is not a number."""
    return value.to_decimal().is_nan() if isinstance(value, Decimal128) else value != value


def sort_key(value: Any) -> Any:
    """What orders the `_id`s of one bracket as MongoDB does.

    Args:
        value: An `_id` of a bracket.

    Returns:
        Something that Python compares exactly: numbers by value, strings by their bytes, binaries by length, subtype
        and bytes.
    """
    if isinstance(value, str):
        return value.encode(errors="surrogateescape")
    if isinstance(value, bytes):
        return len(value), getattr(value, "subtype", 0), bytes(value)
    return value.to_decimal() if isinstance(value, Decimal128) else value


def is_uuid(value: Any) -> bool:
    """Whether a binary is a UUID in the standard form."""
    return getattr(value, "subtype", 0) == UUID_SUBTYPE and len(value) == _UUID_BYTES


def is_unicode(value: str) -> bool:
    """Whether a string can be sent to a server; bytes that are not UTF-8 are decoded to surrogates, which cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def beyond(last: Any) -> dict[str, Any]:
    """What comes after an `_id` in MongoDB's order, over all brackets, as a filter.

    Args:
        last: The `_id`, as pymongo decodes it.

    Returns:
        The filter, which an index of `_id` serves.

    Raises:
        UnicodeEncodeError: The `_id` is a text that is not Unicode, which pymongo cannot send.
    """
    name = _TYPE_NAMES[bson.encode({"": last})[_TYPE_BYTE]]
    position = next(number for number, (_, names) in enumerate(ORDER) if name in names)
    later = [name for _, names in ORDER[position + 1 :] for name in names]
    # Any number comes after NaN, but none is greater.
    nan = name in ("double", "decimal") and is_nan(last)
    same_bracket = {"_id": {"$gte": LEAST[Bracket.NUMBER]} if nan else {"$gt": last}}
    return {"$or": [same_bracket, {"_id": {"$type": later}}]} if later else same_bracket

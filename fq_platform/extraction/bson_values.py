"""BSON as plain Python values that keep everything: order, repeated names, deprecated types, bytes that are no text.

Belongs here: the values and the strict walk over the bytes. Does not: columns, or other notations. It reads every
value in Python and shares no code with the compiled decoder, which is checked against it.

A value is None, bool, int (int32), float, str, list, one of `Document`, `Symbol`, `JavaScript`, `Regex`, `DBPointer`,
`UNDEFINED`, or of bson's `Int64`, `ObjectId`, `Binary`, `Decimal128`, `DatetimeMS`, `Timestamp`, `MinKey`, `MaxKey`.
Text that is not UTF-8 holds its bytes as surrogates (`surrogateescape`).
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias

from bson import Binary, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp
from bson.binary import OLD_BINARY_SUBTYPE

MAX_DEPTH = 200
"""Documents and arrays within each other; MongoDB stores at most 180 and sends at most 200."""


class BsonError(ValueError):
    """Bytes that are no BSON document, with the place where that shows."""


class _Undefined(Enum):
    UNDEFINED = "undefined"


UNDEFINED: Final = _Undefined.UNDEFINED
"""The deprecated type `undefined`, which is not null."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document's fields in their order; a name may stand more than once."""

    fields: list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Symbol:
    """The deprecated type `symbol`."""

    text: str


@dataclass(frozen=True, slots=True)
class JavaScript:
    """Code; its scope is None where it has none."""

    code: str
    scope: Document | None = None


@dataclass(frozen=True, slots=True)
class Regex:
    """A regular expression, its options as they stand there (bson's own keeps only those it knows)."""

    pattern: str
    options: str


@dataclass(frozen=True, slots=True)
class DBPointer:
    """The deprecated type `DBPointer` (a `DBRef` is an ordinary document)."""

    namespace: str
    id: ObjectId


Value: TypeAlias = Any
_Read: TypeAlias = tuple[Value, int]

_INT32 = struct.Struct("<i")
_INT64 = struct.Struct("<q")
_DOUBLE = struct.Struct("<d")
_TIMESTAMP = struct.Struct("<II")
_SMALLEST = 5
"""Bytes of an empty document."""


def walk(data: bytes) -> Document:
    """Read one document.

    Args:
        data: Its BSON, exactly.

    Returns:
        The document.

    Raises:
        BsonError: The bytes are not one whole, well-formed document, or it is nested deeper than `MAX_DEPTH`.
    """
    document, end = _document(data, 0, len(data), 0)
    if end != len(data):
        raise BsonError(f"{len(data) - end} bytes follow the document's end")
    return Document(document)


def split(data: bytes) -> list[bytes]:
    """Cut concatenated documents apart by their lengths.

    Args:
        data: Whole documents, one after the other.

    Returns:
        The bytes of each.

    Raises:
        BsonError: A length is impossible.
    """
    parts: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + _size(data, at, len(data))
        parts.append(data[at:end])
        at = end
    return parts


def _fixed(format_: struct.Struct, data: bytes, at: int, end: int) -> Any:
    if at + format_.size > end:
        raise BsonError(f"a value at byte {at} is cut off")
    return format_.unpack_from(data, at)[0]


def _size(data: bytes, at: int, end: int) -> int:
    size: int = _fixed(_INT32, data, at, end)
    if size < _SMALLEST or at + size > end:
        raise BsonError(f"the document at byte {at} says it has {size} bytes, but {end - at} are there")
    return size


def _document(data: bytes, at: int, end: int, depth: int) -> tuple[list[tuple[str, Value]], int]:
    if depth > MAX_DEPTH:
        raise BsonError(f"it is nested deeper than {MAX_DEPTH} levels")
    last = at + _size(data, at, end) - 1
    if data[last] != 0:
        raise BsonError(f"the document at byte {at} does not end where it says")
    fields = []
    at += 4
    while at < last:
        kind = data[at]
        name, at = _cstring(data, at + 1, last)
        reader = _READERS.get(kind)
        if reader is None:
            raise BsonError(f"the field {name!r} has the unknown type 0x{kind:02x}")
        value, at = reader(data, at, last, depth)
        fields.append((name, value))
    return fields, last + 1


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _cstring(data: bytes, at: int, end: int) -> tuple[str, int]:
    stop = data.find(b"\0", at, end)
    if stop < 0:
        raise BsonError(f"the name or pattern at byte {at} has no end")
    return _text(data[at:stop]), stop + 1


def _bytes(data: bytes, at: int, end: int, size: int) -> tuple[bytes, int]:
    if size < 0 or at + size > end:
        raise BsonError(f"the value at byte {at} says it has {size} bytes, but {end - at} are there")
    return data[at : at + size], at + size


def _string(data: bytes, at: int, end: int, depth: int) -> tuple[str, int]:
    raw, after = _bytes(data, at + 4, end, _fixed(_INT32, data, at, end))
    if not raw or raw[-1] != 0:
        raise BsonError(f"the string at byte {at} does not end where it says")
    return _text(raw[:-1]), after


def _embedded(data: bytes, at: int, end: int, depth: int) -> tuple[Document, int]:
    fields, after = _document(data, at, end, depth + 1)
    return Document(fields), after


def _array(data: bytes, at: int, end: int, depth: int) -> tuple[list[Value], int]:
    fields, after = _document(data, at, end, depth + 1)
    return [value for _, value in fields], after


def _binary(data: bytes, at: int, end: int, depth: int) -> tuple[Binary, int]:
    size = _fixed(_INT32, data, at, end)
    subtype, _ = _bytes(data, at + 4, end, 1)
    raw, after = _bytes(data, at + 5, end, size)
    if subtype[0] == OLD_BINARY_SUBTYPE:  # holds a second length
        if _fixed(_INT32, raw, 0, len(raw)) != len(raw) - 4:
            raise BsonError(f"the old binary at byte {at} has two lengths that contradict each other")
        raw = raw[4:]
    return Binary(raw, subtype[0]), after


def _bool(data: bytes, at: int, end: int, depth: int) -> tuple[bool, int]:
    raw, after = _bytes(data, at, end, 1)
    if raw[0] > 1:
        raise BsonError(f"the boolean at byte {at} is neither 0 nor 1")
    return raw[0] == 1, after


def _regex(data: bytes, at: int, end: int, depth: int) -> tuple[Regex, int]:
    pattern, at = _cstring(data, at, end)
    options, at = _cstring(data, at, end)
    return Regex(pattern, options), at


def _pointer(data: bytes, at: int, end: int, depth: int) -> tuple[DBPointer, int]:
    namespace, at = _string(data, at, end, depth)
    raw, at = _bytes(data, at, end, 12)
    return DBPointer(namespace, ObjectId(raw)), at


def _code(data: bytes, at: int, end: int, depth: int) -> tuple[JavaScript, int]:
    text, at = _string(data, at, end, depth)
    return JavaScript(text), at


def _symbol(data: bytes, at: int, end: int, depth: int) -> tuple[Symbol, int]:
    text, at = _string(data, at, end, depth)
    return Symbol(text), at


def _code_with_scope(data: bytes, at: int, end: int, depth: int) -> tuple[JavaScript, int]:
    size = _fixed(_INT32, data, at, end)
    _, stop = _bytes(data, at, end, size)
    text, inner = _string(data, at + 4, stop, depth)
    scope, inner = _embedded(data, inner, stop, depth)
    if inner != stop:
        raise BsonError(f"the code with scope at byte {at} does not end where it says")
    return JavaScript(text, scope), stop


def _number(format_: struct.Struct, make: Callable[[Any], Value]) -> Callable[[bytes, int, int, int], _Read]:
    def read(data: bytes, at: int, end: int, depth: int) -> _Read:
        return make(_fixed(format_, data, at, end)), at + format_.size

    return read


def _raw(size: int, make: Callable[[bytes], Value]) -> Callable[[bytes, int, int, int], _Read]:
    def read(data: bytes, at: int, end: int, depth: int) -> _Read:
        raw, after = _bytes(data, at, end, size)
        return make(raw), after

    return read


def _timestamp(raw: bytes) -> Timestamp:
    increment, seconds = _TIMESTAMP.unpack(raw)
    return Timestamp(seconds, increment)


def _constant(value: Value) -> Callable[[bytes, int, int, int], _Read]:
    return lambda data, at, end, depth: (value, at)


_READERS: dict[int, Callable[[bytes, int, int, int], _Read]] = {
    0x01: _number(_DOUBLE, float),
    0x02: _string,
    0x03: _embedded,
    0x04: _array,
    0x05: _binary,
    0x06: _constant(UNDEFINED),
    0x07: _raw(12, ObjectId),
    0x08: _bool,
    0x09: _number(_INT64, DatetimeMS),
    0x0A: _constant(None),
    0x0B: _regex,
    0x0C: _pointer,
    0x0D: _code,
    0x0E: _symbol,
    0x0F: _code_with_scope,
    0x10: _number(_INT32, int),
    0x11: _raw(8, _timestamp),
    0x12: _number(_INT64, Int64),
    0x13: _raw(16, Decimal128.from_bid),
    0x7F: _constant(MaxKey()),
    0xFF: _constant(MinKey()),
}

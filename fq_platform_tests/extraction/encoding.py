"""Writes BSON that pymongo refuses to write: repeated names, deprecated types, text that is not UTF-8.

Belongs here: the bytes of each value. Does not: which documents the tests use (`corpus.py`, `strategies.py`).
"""

import struct
from typing import Any

from bson import (
    Binary,
    CodecOptions,
    DatetimeMS,
    Decimal128,
    Int64,
    MaxKey,
    MinKey,
    ObjectId,
    Timestamp,
)
from bson.codec_options import DatetimeConversion

from fq_platform.extraction.bson_values import UNDEFINED, DBPointer, Document, JavaScript, Regex, Symbol

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True,
    unicode_decode_error_handler="surrogateescape",
    datetime_conversion=DatetimeConversion.DATETIME_MS,
)
"""How pymongo reads what it can of these bytes."""


def raw_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def encode(document: Document) -> bytes:
    """The BSON of a document."""
    parts = []  # a loop, so that deep documents stay within Python's stack
    for name, value in document.fields:
        assert "\0" not in name
        kind, content = _value(value)
        parts.append(element(kind, raw_bytes(name), content))
    return _framed(b"".join(parts))


def _framed(content: bytes) -> bytes:
    return struct.pack("<i", len(content) + 5) + content + b"\0"


def encode_all(documents: list[Document]) -> bytes:
    return b"".join(map(encode, documents))


def element(kind: int, name: bytes, value: bytes) -> bytes:
    return bytes([kind]) + name + b"\0" + value


def document(*elements: bytes) -> bytes:
    """A document of elements that are written already, right or wrong."""
    return _framed(b"".join(elements))


def string(text: str) -> bytes:
    raw = raw_bytes(text)
    return struct.pack("<i", len(raw) + 1) + raw + b"\0"


def _value(value: Any) -> tuple[int, bytes]:
    match value:
        case None:
            return 0x0A, b""
        case bool():
            return 0x08, bytes([value])
        case DatetimeMS():
            return 0x09, struct.pack("<q", int(value))
        case Int64():
            return 0x12, struct.pack("<q", value)
        case int():
            return 0x10, struct.pack("<i", value)
        case float():
            return 0x01, struct.pack("<d", value)
        case str():
            return 0x02, string(value)
        case Document():
            return 0x03, encode(value)
        case list():
            return 0x04, encode(Document([(str(i), item) for i, item in enumerate(value)]))
        case Binary() if value.subtype == 2:
            return 0x05, struct.pack("<iBi", len(value) + 4, 2, len(value)) + value
        case Binary():
            return 0x05, struct.pack("<iB", len(value), value.subtype) + value
        case ObjectId():
            return 0x07, value.binary
        case Regex():
            return 0x0B, raw_bytes(value.pattern) + b"\0" + raw_bytes(value.options) + b"\0"
        case DBPointer():
            return 0x0C, string(value.namespace) + value.id.binary
        case JavaScript(scope=None):
            return 0x0D, string(value.code)
        case Symbol():
            return 0x0E, string(value.text)
        case JavaScript():
            content = string(value.code) + encode(value.scope)
            return 0x0F, struct.pack("<i", len(content) + 4) + content
        case Timestamp():
            return 0x11, struct.pack("<II", value.inc, value.time)
        case Decimal128():
            return 0x13, value.bid
        case MinKey():
            return 0xFF, b""
        case MaxKey():
            return 0x7F, b""
    assert value is UNDEFINED
    return 0x06, b""

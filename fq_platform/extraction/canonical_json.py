"""Canonical extended JSON (MongoDB Extended JSON v2) of every BSON value, and back, without loss.

Belongs here: the text form of the values in `bson_values.py`. Does not: deciding what is written so.

bson's own `json_util` turns symbols into strings, undefined into null and drops repeated names, hence this one. It adds
one thing to the notation: a document whose first name could be taken for a type (a field of the source really named
`$oid`, say) is written as `{"$literal": {…}}`.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

from bson import Binary, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp

from fq_platform.extraction.bson_values import (
    UNDEFINED,
    DBPointer,
    Document,
    JavaScript,
    Regex,
    Symbol,
    Value,
)


def dumps(value: Value) -> str:
    r"""Write a value as one line of ASCII, laid out as `bson.json_util.dumps` does.

    Args:
        value: As `bson_values.walk` gives it.

    Returns:
        The text; bytes that are not UTF-8 stand in it as `\udc80` to `\udcff`.
    """
    return _WRITERS[type(value)](value)


def loads(text: str) -> Value:
    """Read what `dumps` wrote.

    Args:
        text: Canonical extended JSON.

    Returns:
        The value, equal to the one written, types included.
    """
    return _decode(json.loads(text, object_pairs_hook=Document))


# A loop rather than a comprehension or `dumps`, here and below: a level of nesting then takes one frame of the stack.
def _document(value: Document) -> str:
    parts = []
    for name, field in value.fields:
        parts.append(f"{json.dumps(name)}: {_WRITERS[type(field)](field)}")
    text = f"{{{', '.join(parts)}}}"
    return f'{{"$literal": {text}}}' if value.fields and value.fields[0][0] in _TYPES else text


def _array(value: list[Value]) -> str:
    parts = []
    for item in value:
        parts.append(_WRITERS[type(item)](item))
    return f"[{', '.join(parts)}]"


def _double(value: float) -> str:
    if value != value:
        text = "NaN"
    elif value in (float("inf"), float("-inf")):
        text = "Infinity" if value > 0 else "-Infinity"
    else:
        text = repr(value)
    return f'{{"$numberDouble": "{text}"}}'


def _binary(value: Binary) -> str:
    content = base64.b64encode(value).decode()
    return f'{{"$binary": {{"base64": "{content}", "subType": "{value.subtype:02x}"}}}}'


def _regex(value: Regex) -> str:
    pattern, options = json.dumps(value.pattern), json.dumps(value.options)
    return f'{{"$regularExpression": {{"pattern": {pattern}, "options": {options}}}}}'


def _pointer(value: DBPointer) -> str:
    return f'{{"$dbPointer": {{"$ref": {json.dumps(value.namespace)}, "$id": {dumps(value.id)}}}}}'


def _javascript(value: JavaScript) -> str:
    scope = "" if value.scope is None else f', "$scope": {dumps(value.scope)}'
    return f'{{"$code": {json.dumps(value.code)}{scope}}}'


_WRITERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda value: "null",
    bool: lambda value: "true" if value else "false",
    int: lambda value: f'{{"$numberInt": "{value}"}}',
    Int64: lambda value: f'{{"$numberLong": "{int(value)}"}}',
    float: _double,
    str: json.dumps,
    list: _array,
    Document: _document,
    Binary: _binary,
    type(UNDEFINED): lambda value: '{"$undefined": true}',
    ObjectId: lambda value: f'{{"$oid": "{value}"}}',
    DatetimeMS: lambda value: f'{{"$date": {{"$numberLong": "{int(value)}"}}}}',
    Regex: _regex,
    DBPointer: _pointer,
    JavaScript: _javascript,
    Symbol: lambda value: f'{{"$symbol": {json.dumps(value.text)}}}',
    Timestamp: lambda value: f'{{"$timestamp": {{"t": {value.time}, "i": {value.inc}}}}}',
    Decimal128: lambda value: f'{{"$numberDecimal": "{value}"}}',
    MinKey: lambda value: '{"$minKey": 1}',
    MaxKey: lambda value: '{"$maxKey": 1}',
}

_TYPES: dict[str, Callable[[dict[str, Any]], Value]] = {
    "$numberInt": lambda parts: int(parts["$numberInt"]),
    "$numberLong": lambda parts: Int64(parts["$numberLong"]),
    "$numberDouble": lambda parts: float(parts["$numberDouble"]),
    "$numberDecimal": lambda parts: Decimal128(parts["$numberDecimal"]),
    "$oid": lambda parts: ObjectId(parts["$oid"]),
    "$date": lambda parts: DatetimeMS(_decode(parts["$date"])),
    "$binary": lambda parts: _decode_binary(dict(parts["$binary"].fields)),
    "$regularExpression": lambda parts: Regex(**dict(parts["$regularExpression"].fields)),
    "$dbPointer": lambda parts: _decode_pointer(dict(parts["$dbPointer"].fields)),
    "$code": lambda parts: JavaScript(parts["$code"], _decode(parts["$scope"]) if "$scope" in parts else None),
    "$symbol": lambda parts: Symbol(parts["$symbol"]),
    "$timestamp": lambda parts: _decode_timestamp(dict(parts["$timestamp"].fields)),
    "$undefined": lambda parts: UNDEFINED,
    "$minKey": lambda parts: MinKey(),
    "$maxKey": lambda parts: MaxKey(),
    "$literal": lambda parts: _decode_fields(parts["$literal"]),
}


def _decode(value: Any) -> Value:
    if isinstance(value, list):
        items = []
        for item in value:
            items.append(_decode(item))
        return items
    if not isinstance(value, Document):
        return value
    if value.fields and value.fields[0][0] in _TYPES:
        return _TYPES[value.fields[0][0]](dict(value.fields))
    return _decode_fields(value)


def _decode_fields(value: Document) -> Document:
    fields = []
    for name, field in value.fields:
        fields.append((name, _decode(field)))
    return Document(fields)


def _decode_binary(parts: dict[str, str]) -> Binary:
    return Binary(base64.b64decode(parts["base64"]), int(parts["subType"], 16))


def _decode_pointer(parts: dict[str, Any]) -> DBPointer:
    return DBPointer(parts["$ref"], _decode(parts["$id"]))


def _decode_timestamp(parts: dict[str, int]) -> Timestamp:
    return Timestamp(parts["t"], parts["i"])

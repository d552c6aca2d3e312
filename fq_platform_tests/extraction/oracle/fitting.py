"""The plain decoder that the compiled one is held against: it fits one value after the other, in Python.

Belongs here: what each value becomes, given the columns. Does not: which columns there are (`inference.py`).
"""

import datetime as dt
import decimal
import json
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from bson import Binary, DatetimeMS, Decimal128, ObjectId, Timestamp

from fq_platform.extraction.bson_values import Document, JavaScript, Symbol
from fq_platform.extraction.extended_json import dumps
from fq_platform.naming import normalise

MISFIT = object()
_EXACT = decimal.Context(prec=38, traps=[decimal.Inexact, decimal.InvalidOperation])
_QUANTUM = decimal.Decimal(1).scaleb(-12)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_YEAR_1, _YEAR_10000 = -62_135_596_800_000, 253_402_300_800_000


@dataclass
class Row:
    """What one document becomes."""

    columns: dict[str, Any] = field(default_factory=dict)
    rescued: dict[str, str] = field(default_factory=dict)
    nulls: list[str] = field(default_factory=list)


def fit(document: Document, schema: pa.Schema) -> Row:
    """The row of a document.

    Args:
        document: As the walk gives it, `_id` included, which is left out.
        schema: The document columns, kinds as field metadata.
    """
    row = Row()
    seen_id = False
    fields = []
    for name, value in document.fields:
        if name != "_id" or seen_id:
            fields.append((name, value))
        seen_id = seen_id or name == "_id"
    row.columns = _fields(fields, list(schema), "", row, Counter({"_id": int(seen_id)}))
    return row


def _fields(
    fields: list[tuple[str, Any]], columns: list[pa.Field], path: str, row: Row, counts: Counter[str]
) -> dict[str, Any]:
    by_name = {column.name: column for column in columns}
    found: dict[str, Any] = {column.name: None for column in columns}
    for name, value in fields:
        counts[name] += 1
        column = normalise(name)
        repeated = f";{counts[name]}" if counts[name] > 1 else ""
        place = f"{path}.{column}{repeated}" if path else f"{column}{repeated}"
        if value is None and not repeated:
            row.nulls.append(place)
        elif column in by_name and not repeated:
            found[column] = _fit(value, by_name[column], place, row)
        else:
            row.rescued[place] = dumps(value)
    return found


def _fit(value: Any, column: pa.Field, path: str, row: Row) -> Any:
    type_ = column.type
    if pa.types.is_struct(type_) and isinstance(value, Document):
        return _fields(value.fields, list(type_), path, row, Counter())
    if pa.types.is_list(type_) and isinstance(value, list):
        return [
            None if item is None else _fit(item, type_.value_field, f"{path}[{i}]", row) for i, item in enumerate(value)
        ]
    if pa.types.is_map(type_) and isinstance(value, Document):
        return _entries(value, type_.item_field, path, row)
    fitted = MISFIT if pa.types.is_nested(type_) else scalar(value, column)
    if fitted is MISFIT:
        row.rescued[path] = dumps(value)
        return None
    return fitted


def _entries(document: Document, values: pa.Field, path: str, row: Row) -> list[tuple[str, Any]]:
    entries: list[tuple[str, Any]] = []
    counts: Counter[str] = Counter()
    for key, value in document.fields:
        counts[key] += 1
        place = f"{path}[{json.dumps(key)}]" + (f";{counts[key]}" if counts[key] > 1 else "")
        if counts[key] > 1 or not is_unicode(key):
            row.rescued[place] = dumps(value)
        else:
            entries.append((key, None if value is None else _fit(value, values, place, row)))
    return entries


def scalar(value: Any, column: pa.Field) -> Any:
    """The value as the column holds it, exactly, or MISFIT."""
    kind = (column.metadata or {}).get(b"fq.kind", b"").decode()
    type_ = column.type
    if kind:
        return _of_kind(value, kind)
    if pa.types.is_integer(type_):
        return _long(value)
    if pa.types.is_floating(type_):
        return _double(value)
    if pa.types.is_decimal(type_):
        return _decimal(value)
    if pa.types.is_boolean(type_):
        return value if isinstance(value, bool) else MISFIT
    if pa.types.is_timestamp(type_):
        return _date(value)
    if pa.types.is_binary(type_):
        return bytes(value) if isinstance(value, Binary) and value.subtype == 0 else MISFIT
    assert pa.types.is_string(type_), type_
    return value if isinstance(value, str) and is_unicode(value) else MISFIT


def _of_kind(value: Any, kind: str) -> Any:
    match value:
        case ObjectId() if kind == "objectid":
            return str(value)
        case Binary() if kind == "uuid" and is_uuid(value):
            return str(uuid.UUID(bytes=bytes(value)))
        case Symbol() if kind == "symbol" and is_unicode(value.text):
            return value.text
        case JavaScript(scope=None) if kind == "code" and is_unicode(value.code):
            return value.code
        case Timestamp() if kind == "bsontimestamp":
            unsigned = value.time << 32 | value.inc
            return unsigned - 2**64 if unsigned >= 2**63 else unsigned
        case Binary() if kind == f"binary/{value.subtype}":  # in binary/4 also those of 16 bytes
            return bytes(value)
    return MISFIT


def is_uuid(value: Binary) -> bool:
    return value.subtype == 4 and len(value) == 16


def is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool | DatetimeMS)


def _long(value: Any) -> Any:
    if _is_integer(value):
        return int(value)
    if isinstance(value, float) and value.is_integer() and -(2.0**63) <= value < 2.0**63:
        return int(value)
    return MISFIT


def _double(value: Any) -> Any:
    if isinstance(value, float):
        return value
    return float(value) if _is_integer(value) and abs(value) <= 2**53 else MISFIT


def _decimal(value: Any) -> Any:
    if not (_is_integer(value) or isinstance(value, float | Decimal128)):
        return MISFIT
    if isinstance(value, Decimal128) and not _is_canonical(value):
        return MISFIT
    exact = value.to_decimal() if isinstance(value, Decimal128) else decimal.Decimal(value)
    if not exact.is_finite():
        return MISFIT
    try:
        return exact.quantize(_QUANTUM, context=_EXACT) if exact else decimal.Decimal(0)
    except (decimal.Inexact, decimal.InvalidOperation):
        return MISFIT


def _is_canonical(value: Decimal128) -> bool:
    """Whether the bits are the usual ones of their value; others mean zero, and are rare enough to be rescued."""
    bits = int.from_bytes(value.bid, "little")
    return (bits >> 125) & 3 != 3 and bits & (2**113 - 1) < 10**34


def _date(value: Any) -> Any:
    if not isinstance(value, DatetimeMS) or not _YEAR_1 <= int(value) < _YEAR_10000:
        return MISFIT
    return _EPOCH + dt.timedelta(milliseconds=int(value))

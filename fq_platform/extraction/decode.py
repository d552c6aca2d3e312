"""BSON documents to an Arrow table, each value typed, exact, or rescued.

Belongs here: deciding columns' types and fitting values to them. Does not: reading MongoDB, writing Iceberg.
A plain decoder: it walks every value in Python.
"""

import datetime as dt
import decimal
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pyarrow as pa
from bson import Binary, CodecOptions, Decimal128, ObjectId, UuidRepresentation
from bson.binary import UUID_SUBTYPE
from bson.codec_options import DatetimeConversion
from bson.json_util import CANONICAL_JSON_OPTIONS, dumps

from fq_platform.naming import normalise

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    document_class=dict,
    tz_aware=True,
    tzinfo=dt.UTC,
    uuid_representation=UuidRepresentation.UNSPECIFIED,
    unicode_decode_error_handler="surrogateescape",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
"""How documents are decoded, so that none is refused: dates that Python cannot hold stay `DatetimeMS`, bytes that are
not UTF-8 become surrogates, UUIDs stay binary."""

DECIMAL_SCALE = 12
DECIMAL = pa.decimal128(38, DECIMAL_SCALE)
TIMESTAMP = pa.timestamp("us", tz="UTC")
_SCALARS = {
    "bool": pa.bool_(),
    "long": pa.int64(),
    "double": pa.float64(),
    "decimal": DECIMAL,
    "string": pa.string(),
    "timestamp": TIMESTAMP,
    "binary": pa.binary(),
}
_NUMBERS = ("decimal", "double", "long")
_UUID_BYTES = 16
_EXACT = decimal.Context(prec=38, traps=[decimal.Inexact, decimal.InvalidOperation])
_QUANTUM = decimal.Decimal(1).scaleb(-DECIMAL_SCALE)
_MISFIT = object()
Type: TypeAlias = pa.DataType
Rescued: TypeAlias = dict[str, str]


def _kind(value: Any) -> str | None:
    """The column kind that a BSON value asks for; None where no column type holds it."""
    match value:
        case bool():
            return "bool"
        case int():
            return "long"
        case float():
            return "double"
        case Decimal128():
            return "decimal"
        case ObjectId():
            return "string"
        case Binary() if value.subtype == UUID_SUBTYPE and len(value) == _UUID_BYTES:
            return "string"
        case dt.datetime():
            return "timestamp"
        case dict():
            return "struct"
        case list():
            return "list"
        # Code, and Binary with a subtype, derive from str and bytes and carry more than those can hold.
        case _ if type(value) is str:
            return "string"
        case _ if type(value) is bytes:
            return "binary"
    return None


@dataclass
class _Seen:
    """What a batch holds at one path."""

    kinds: Counter[str] = field(default_factory=Counter)
    fields: dict[str, "_Seen"] = field(default_factory=dict)
    element: "_Seen | None" = None

    def add(self, value: Any) -> None:
        kind = _kind(value)
        if kind is None:
            return
        self.kinds[kind] += 1
        if kind == "struct":
            for name, child in value.items():
                self.fields.setdefault(name, _Seen()).add(child)
        elif kind == "list":
            self.element = self.element or _Seen()
            for child in value:
                self.element.add(child)

    def type(self, existing: Type | None) -> Type | None:
        """The column's type: what exists, with the fields it lacks; else what most values ask for."""
        if existing is not None:
            if pa.types.is_struct(existing):
                return _struct(self.fields, existing)
            if pa.types.is_list(existing):
                element = (self.element or _Seen()).type(existing.value_type)
                return pa.list_(pa.field("element", element))
            return existing
        if not self.kinds:
            return None
        kind = self._majority()
        if kind == "struct":
            return _struct(self.fields, None)
        if kind == "list":
            element = self.element.type(None) if self.element else None
            return pa.list_(pa.field("element", element)) if element is not None else None
        return _SCALARS[kind]

    def _majority(self) -> str:
        """The kind that most values ask for; numbers vote together, and a whole number is content with any of them."""
        votes = Counter({kind: count for kind, count in self.kinds.items() if kind not in _NUMBERS})
        decimals, doubles, longs = (self.kinds[kind] for kind in _NUMBERS)
        if decimals or doubles or longs:
            number = "decimal" if decimals and decimals >= doubles else "double" if doubles else "long"
            votes[number] = decimals + doubles + longs
        return max(votes, key=lambda name: (votes[name], name != "string", name))


def _struct(seen: Mapping[str, _Seen], existing: pa.StructType | None) -> pa.StructType | None:
    """Existing fields in their order, then new ones in the order met; no field twice, even by case."""
    types: dict[str, Type] = {f.name: f.type for f in existing} if existing is not None else {}
    taken = {name.lower(): name for name in types}
    for name, child in seen.items():
        column = normalise(name)
        if taken.get(column.lower(), column) == column:
            type_ = child.type(types.get(column))
            if type_ is not None:
                types[column] = type_
                taken[column.lower()] = column
    return pa.struct(list(types.items())) if types else None


def _number(value: Any, type_: Type) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal128):
        return _MISFIT
    if pa.types.is_floating(type_) and isinstance(value, float):
        return value
    exact = value.to_decimal() if isinstance(value, Decimal128) else decimal.Decimal(value)
    if not exact.is_finite():
        return _MISFIT
    if pa.types.is_decimal(type_):
        try:
            return exact.quantize(_QUANTUM, context=_EXACT)
        except (decimal.Inexact, decimal.InvalidOperation):
            return _MISFIT
    if isinstance(value, Decimal128):
        return _MISFIT
    if pa.types.is_floating(type_):
        return float(value) if abs(value) <= 2**53 else _MISFIT
    return int(value) if exact == int(value) and -(2**63) <= exact < 2**63 else _MISFIT


def _scalar(value: Any, type_: Type) -> Any:
    """The value as the column holds it, exactly, or `_MISFIT`."""
    if pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_):
        return _number(value, type_)
    kind = _kind(value)
    if kind is None or kind in ("struct", "list") or not _SCALARS[kind].equals(type_):
        return _MISFIT
    if kind == "string":
        return _text(value)
    return value


def _text(value: Any) -> Any:
    if isinstance(value, ObjectId):
        return str(value)
    if isinstance(value, Binary):
        return str(value.as_uuid())
    try:
        value.encode()
    except UnicodeEncodeError:
        return _MISFIT
    return value


def _fit(value: Any, type_: Type | None, path: str, rescued: Rescued) -> Any:
    """The value as Arrow takes it; what does not fit goes to `rescued` under its path, and is null here."""
    if value is None:
        return None
    if type_ is not None and pa.types.is_struct(type_) and isinstance(value, dict):
        return _fit_fields(value, type_, path, rescued)
    if type_ is not None and pa.types.is_list(type_) and isinstance(value, list):
        return [_fit(item, type_.value_type, f"{path}[{i}]", rescued) for i, item in enumerate(value)]
    nested = type_ is None or pa.types.is_nested(type_)
    fitted = _MISFIT if nested else _scalar(value, type_)
    if fitted is _MISFIT:
        rescued[path] = dumps(value, json_options=CANONICAL_JSON_OPTIONS)
        return None
    return fitted


def _fit_fields(document: Mapping[str, Any], type_: pa.StructType, path: str, rescued: Rescued) -> dict[str, Any]:
    types = {f.name: f.type for f in type_}
    row: dict[str, Any] = {}
    for name, value in document.items():
        column = normalise(name)
        # A column's name has no dot and no bracket, so different places never share a path.
        fitted = _fit(value, types.get(column), f"{path}.{column}" if path else column, rescued)
        if column in types:
            row[column] = fitted
    return row


def decode(documents: Sequence[Mapping[str, Any]], existing: pa.Schema) -> tuple[pa.Table, list[Rescued]]:
    """Decode documents into typed columns.

    A column that exists keeps its type and gains struct fields; a new one gets the type that most of its values ask
    for (numbers vote together: decimal or double, whichever are more, and long if there is neither). A value that its
    column cannot hold exactly is null there and rescued.

    Args:
        documents: Decoded with `CODEC`.
        existing: The columns that the table has so far, document fields only, with this module's types.

    Returns:
        The documents' fields (shape: a row a document, existing columns first), and for each row the rescued values:
        path of columns such as `lines[2].price` to canonical extended JSON (MongoDB Extended JSON v2).
    """
    seen: dict[str, _Seen] = {}
    for document in documents:
        for name, value in document.items():
            seen.setdefault(name, _Seen()).add(value)
    type_ = _struct(seen, pa.struct(list(existing))) or pa.struct([])
    rescued: list[Rescued] = [{} for _ in documents]
    rows = [_fit_fields(document, type_, "", lost) for document, lost in zip(documents, rescued, strict=True)]
    columns = [pa.array([row.get(f.name) for row in rows], type=f.type) for f in type_]
    return pa.Table.from_arrays(columns, schema=pa.schema(list(type_))), rescued

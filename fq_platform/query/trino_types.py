"""Trino's types as Arrow's, and the values of Trino's Python client as Arrow takes them.

Belongs here: one column at a time. Does not: fetching rows (`trino_engine.py`).
"""

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
from sqlglot import exp

_DType = exp.DType

_PLAIN: dict[_DType, pa.DataType] = {
    _DType.BOOLEAN: pa.bool_(),
    _DType.TINYINT: pa.int8(),
    _DType.SMALLINT: pa.int16(),
    _DType.INT: pa.int32(),
    _DType.BIGINT: pa.int64(),
    _DType.FLOAT: pa.float32(),
    _DType.DOUBLE: pa.float64(),
    _DType.VARBINARY: pa.binary(),
    _DType.DATE: pa.date32(),
    _DType.TIME: pa.time64("us"),
    # Microseconds are all that Iceberg's tables have; what an expression has beyond, Python's datetime rounds.
    _DType.TIMESTAMP: pa.timestamp("us"),
    _DType.TIMESTAMPTZ: pa.timestamp("us", "UTC"),
}
"""Types without parts; what is not here (text, uuid, json, intervals, …) becomes text."""

Convert = Callable[[Any], Any]


def arrow_type(text: str) -> pa.DataType:
    """A type of Trino's as Arrow has it.

    Args:
        text: As Trino's client tells it, such as `array(row("sku" varchar, "price" decimal(38,12)))`.

    Returns:
        The type. Types that Arrow has not are strings; a column of nothing but NULL has Arrow's null type.
    """
    if text == "unknown":
        return pa.null()
    return _arrow(exp.DataType.build(text, dialect="trino", udt=True))


def arrow_array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """One column of rows that Trino's client made.

    Args:
        values: Its values, in the order of the rows.
        kind: What `arrow_type` gave for the column.

    Returns:
        The values, exactly.
    """
    convert = _converter(kind)
    return pa.array([convert(value) for value in values] if convert else values, kind)


def _arrow(kind: exp.DataType) -> pa.DataType:
    match kind.this:
        case _DType.DECIMAL:
            precision, scale = (int(parameter.name) for parameter in kind.expressions)
            return pa.decimal128(precision, scale)
        case _DType.ARRAY:
            return pa.list_(_arrow(kind.expressions[0]))
        case _DType.MAP:
            return pa.map_(*(_arrow(part) for part in kind.expressions))
        case _DType.STRUCT:
            return pa.struct([_field(part, number) for number, part in enumerate(kind.expressions)])
        case _:
            return _PLAIN.get(kind.this, pa.string())


def _field(part: exp.Expr, number: int) -> pa.Field:
    """A field of a row, which need not have a name."""
    if isinstance(part, exp.DataType):
        return pa.field(f"field{number}", _arrow(part))
    return pa.field(part.name, _arrow(part.args["kind"]))


def _converter(kind: pa.DataType) -> Convert | None:
    """How a value is changed beforehand; None if Arrow takes it as it is."""
    if pa.types.is_struct(kind):
        return _row(kind)
    if pa.types.is_list(kind) and (item := _converter(kind.value_type)):
        return lambda values: values and [item(value) for value in values]
    if pa.types.is_map(kind):
        return _map(kind)
    return _text if pa.types.is_string(kind) else None


def _row(kind: pa.StructType) -> Convert:
    """Rows come as tuples; pairs by name, since Arrow would take a tuple of tuples for something else."""
    fields = [(field.name, _converter(field.type)) for field in kind]

    def row(values: Any) -> Any:
        if values is None:
            return None
        return {
            name: convert(value) if convert else value for (name, convert), value in zip(fields, values, strict=True)
        }

    return row


def _map(kind: pa.MapType) -> Convert:
    key, item = _converter(kind.key_type) or _same, _converter(kind.item_type) or _same
    return lambda values: None if values is None else [(key(name), item(value)) for name, value in values.items()]


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else str(value)

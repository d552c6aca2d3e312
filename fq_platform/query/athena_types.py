"""Athena's results, which are text, as Arrow has them: money exact, moments in UTC.

Belongs here: types and values. Does not: where the text comes from (`athena_engine.py`).
"""

import datetime as dt
from base64 import b16decode
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

_TYPES = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "real": pa.float32(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamp with time zone": pa.timestamp("us", "UTC"),
    "varbinary": pa.binary(),
}
_MICROSECONDS = len("2026-01-01 00:00:00.000000")
_UTC = " UTC"


def arrow_type(name: str, precision: int | None, scale: int | None) -> pa.DataType:
    """The type of a column.

    Args:
        name: As Athena calls it.
        precision: Digits of a decimal.
        scale: Those behind the point.

    Returns:
        The type; text for what Athena gives as text only: lists, structs and maps.
    """
    if name == "decimal":
        return pa.decimal128(precision or 38, scale or 0)
    return _TYPES.get(name, pa.string())


def arrow_array(text: pa.Array, kind: pa.DataType) -> pa.Array:
    """Values from their text; null stays null.

    Raises:
        pa.ArrowInvalid: The text is no value of the type.
    """
    if pa.types.is_binary(kind):  # such as `68 65 6c 6c 6f`
        values = [
            None if each is None else b16decode(each.replace(" ", ""), casefold=True) for each in text.to_pylist()
        ]
        return pa.array(values, kind)
    if not pa.types.is_timestamp(kind):
        return text.cast(kind)
    if kind.tz is None:
        return pc.utf8_slice_codeunits(text, 0, _MICROSECONDS).cast(kind)
    if pc.all(pc.ends_with(text, _UTC), min_count=0).as_py():
        local = pc.utf8_slice_codeunits(pc.utf8_slice_codeunits(text, 0, -len(_UTC)), 0, _MICROSECONDS)
        return local.cast(pa.timestamp("us")).cast(kind)
    return pa.array([None if each is None else _moment(each) for each in text.to_pylist()], kind)


def _moment(text: str) -> dt.datetime:
    """A moment in another zone, such as `2026-01-01 00:00:00.000 Europe/Berlin`."""
    local, _, zone = text.rpartition(" ")
    if zone[:1] in "+-":
        return dt.datetime.fromisoformat(f"{local[:_MICROSECONDS]}{zone}")
    return dt.datetime.fromisoformat(local[:_MICROSECONDS]).replace(tzinfo=ZoneInfo(zone))

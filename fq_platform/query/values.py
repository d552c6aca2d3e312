"""One way to write every Arrow value as text, exactly, for all the text formats.

Belongs here: values. Does not: the formats' syntax (`format.py`).
"""

import datetime as dt
import json
import math
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types


def plain_columns(batch: pa.RecordBatch) -> list[list[Any]]:
    """The columns of a batch as values that JSON has.

    Args:
        batch: Any batch.

    Returns:
        One list per column. Integers, and decimals without fraction digits, are ints; other decimals are strings with
        all their digits; finite doubles are floats, the others "NaN", "Infinity" and "-Infinity"; dates and times are
        ISO 8601 strings, with a "Z" where the type has a zone; binary is hexadecimal; structs and maps are dicts.
    """
    return [[plain(value, column.type) for value in _python_values(column)] for column in batch.columns]


def _python_values(column: pa.Array) -> list[Any]:
    # Python's datetime ends at microseconds; the text does not.
    beyond_python = types.is_timestamp(column.type) and column.type.unit == "ns"
    return (pc.cast(column, pa.string()) if beyond_python else column).to_pylist()


def plain(value: Any, kind: pa.DataType) -> Any:
    """One value as JSON has it; see `plain_columns`.

    Args:
        value: What `to_pylist` gives for the type.
        kind: The value's Arrow type.

    Returns:
        None, a bool, int, float or str, or lists and dicts of them.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else {"nan": "NaN", "inf": "Infinity"}.get(str(value), "-Infinity")
        case Decimal():
            return int(value) if value.as_tuple().exponent == 0 else format(value, "f")
        case dt.datetime() | dt.time():
            return value.isoformat().replace("+00:00", "Z")
        case dt.date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case dict():
            return {field.name: plain(value[field.name], field.type) for field in kind}
        case list() if types.is_map(kind):
            return {_key(key): plain(item, kind.item_type) for key, item in value}
        case list():
            return [plain(item, kind.value_type) for item in value]
        case _:
            return str(value)  # intervals


def _key(key: Any) -> str:
    return key if isinstance(key, str) else text(plain(key, pa.null()))


def text(value: Any) -> str:
    """A plain value, not null, as it stands in a cell.

    Args:
        value: What `plain` gave.

    Returns:
        Strings as they are, everything else as JSON.
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

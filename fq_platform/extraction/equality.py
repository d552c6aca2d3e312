"""When a document of the lake is the document of the source, and where it is not.

Belongs here: equality of values. Does not: how the lake's document is rebuilt (`rebuild.py`).

It is MongoDB's own equality: numbers are equal by exact value whatever their type (1, 1.0 and Decimal128 "1.00"), NaN
equals NaN, -0 equals 0, binaries are equal by subtype and bytes. Stricter than MongoDB's: a symbol is not the string
with the same text (MongoDB sorts them as one), and undefined is neither null nor missing. Looser: the order of a
document's fields is ignored, since columns have none; a name that stands more than once is compared in order.
"""

import decimal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from bson import Decimal128

from fq_platform.extraction.bson_values import Document, JavaScript, Value
from fq_platform.extraction.extended_json import dumps
from fq_platform.naming import normalise

_ABSENT: Final = object()
_NUMBERS = (int, float, Decimal128, decimal.Decimal)
_LONGEST = 120
"""Characters of a value that a difference shows."""


@dataclass(frozen=True)
class Differing:
    """One place where two documents differ.

    Args:
        path: The place, in the notation of `_fq_rescued` (`lines[2].price`); empty for the whole document.
        source: The source's value as canonical extended JSON, shortened; `missing` where it has none.
        lake: The lake's, likewise.
    """

    path: str
    source: str
    lake: str


def differences(source: Value, lake: Value, path: str = "") -> Iterator[Differing]:
    """Compare two values.

    Args:
        source: The value as `bson_values.walk` gives it.
        lake: The value as `rebuild.py` gives it; numbers may be `decimal.Decimal` there.
        path: Where the two stand.

    Yields:
        The places that differ, outermost first; nothing if the values are equal.
    """
    if isinstance(source, Document) and isinstance(lake, Document):
        yield from _fields(source, lake, path)
    elif isinstance(source, list) and isinstance(lake, list):
        for i in range(max(len(source), len(lake))):
            yield from differences(_item(source, i), _item(lake, i), f"{path}[{i}]")
    elif not _same(source, lake):
        yield Differing(path, _shown(source), _shown(lake))


def _fields(source: Document, lake: Document, path: str) -> Iterator[Differing]:
    theirs, ours = _by_occurrence(source), _by_occurrence(lake)
    for name, nth in theirs | ours:
        repeated = f";{nth}" if nth > 1 else ""
        place = f"{path}.{normalise(name)}{repeated}" if path else f"{normalise(name)}{repeated}"
        yield from differences(theirs.get((name, nth), _ABSENT), ours.get((name, nth), _ABSENT), place)


def _by_occurrence(document: Document) -> dict[tuple[str, int], Value]:
    """The values by name and by whether it is the first, second, … of that name."""
    values: dict[tuple[str, int], Value] = {}
    for name, value in document.fields:
        nth = 1
        while (name, nth) in values:
            nth += 1
        values[name, nth] = value
    return values


def _item(items: list[Value], i: int) -> Value:
    return items[i] if i < len(items) else _ABSENT


def _same(one: Value, other: Value) -> bool:
    if _is_number(one) and _is_number(other):
        return _same_number(one, other)
    if type(one) is not type(other):
        return False
    if isinstance(one, JavaScript) and one.scope is not None and other.scope is not None:
        return one.code == other.code and not any(differences(one.scope, other.scope))
    return bool(one == other)


def _is_number(value: Value) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def _same_number(one: Any, other: Any) -> bool:
    one, other = _plain(one), _plain(other)
    if _is_nan(one) or _is_nan(other):
        return _is_nan(one) and _is_nan(other)
    return bool(one == other)  # Python compares int, float and Decimal by exact value


def _plain(number: Any) -> Any:
    return number.to_decimal() if isinstance(number, Decimal128) else number


def _is_nan(number: Any) -> bool:
    return number.is_nan() if isinstance(number, decimal.Decimal) else number != number


def _shown(value: Value) -> str:
    if value is _ABSENT:
        return "missing"
    text = f'{{"$numberDecimal": "{value}"}}' if isinstance(value, decimal.Decimal) else dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

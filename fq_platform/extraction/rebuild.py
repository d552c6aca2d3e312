"""A document of the source, rebuilt from its row in a raw table.

Belongs here: what each column's value stood for. Does not: comparing the result with the source (`equality.py`).
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
from bson import Binary, DatetimeMS, ObjectId, Timestamp
from bson.binary import UUID_SUBTYPE
from bson.errors import BSONError

from fq_platform.extraction.bson_values import Document, JavaScript, Symbol, Value
from fq_platform.extraction.extended_json import loads
from fq_platform.extraction.keys import parse_key
from fq_platform.extraction.paths import NOTHING, Place, Step, places
from fq_platform.naming import denormalise

KIND = b"fq.kind"
"""The key of an Arrow field's metadata that says what its values were, where the type does not."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)
_NOWHERE = Place()

_Reader = Callable[[Any, Place], Value]
"""From a column's value, not null, and what stands at its place, to the value of the source."""


class RebuildError(ValueError):
    """A row that no document of the source could have given."""


class Rebuilder:
    """Rebuilds documents from rows of one table.

    Args:
        schema: The table's document columns with their kinds as field metadata (`lakehouse.changelog.document_schema`).
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._read = _struct([field for field in schema if field.name != "_id"])

    def rebuild(self, row: Mapping[str, Any]) -> Document:
        """Rebuild a document.

        Args:
            row: `_id`, the document columns, `_fq_rescued` and `_fq_nulls` as Python values (`pa.Table.to_pylist`).

        Returns:
            The document; fields in the order of columns, decimals as `decimal.Decimal`, whole numbers as int.

        Raises:
            RebuildError: A value, a path or a rescued value is not one that a sync writes.
        """
        try:
            rescued = {path: loads(text) for path, text in row.get("_fq_rescued") or ()}
            nulls = row.get("_fq_nulls") or ()
            extra = places(rescued, nulls) if rescued or nulls else _NOWHERE
            document: Document = self._read(row, extra)
            document.fields.insert(0, ("_id", _id(row["_id"])))
        except (ValueError, TypeError, KeyError, AttributeError, BSONError) as error:
            raise RebuildError(str(error)) from error
        return document


def _id(text: str) -> Value:
    """The `_id`: documents and the rarer types are read without loss, which the driver's own reader cannot."""
    return loads(text) if text[:1] in ("{", "[") or text in ("true", "false", "null") else parse_key(text)


def _reader(field: pa.Field) -> _Reader:
    """How the values of a column, or of what is nested in it, are read."""
    type_ = field.type
    if pa.types.is_struct(type_):
        return _struct(list(type_))
    if pa.types.is_map(type_):
        return _map(type_.item_field)
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return _list(type_.value_field)
    kind = (field.metadata or {}).get(KIND, b"").decode()
    if kind.startswith("binary/"):
        read = _binary(int(kind.removeprefix("binary/")))
    elif kind:
        read = _KINDS[kind]
    elif pa.types.is_binary(type_) or pa.types.is_large_binary(type_):
        read = _binary(0)
    elif pa.types.is_timestamp(type_):
        read = _date
    else:
        return lambda value, place: value
    return lambda value, place: read(value)


def _struct(fields: list[pa.Field]) -> _Reader:
    columns = [(field.name, Step(denormalise(field.name)), _reader(field)) for field in fields]
    own = {step for _, step, _ in columns}

    def read(row: Mapping[str, Any], place: Place) -> Document:
        found: list[tuple[str, Value]] = []
        for column, step, reader in columns:
            here = place.below.get(step, _NOWHERE)
            value = row.get(column)
            if value is not None:
                found.append((str(step.name), reader(value, here)))
                if here.value is not NOTHING:
                    raise RebuildError(f"{column} has a value and a rescued value")
            elif here is not _NOWHERE:
                found.append((str(step.name), _alone(here)))
        # Those of a name come in their order, and every first one before every second one.
        others = sorted((step.nth, str(step.name)) for step in place.below if step not in own)
        found.extend((name, _alone(place.below[Step(name, nth)])) for nth, name in others)
        return Document(found)

    return read


def _map(values: pa.Field) -> _Reader:
    reader = _reader(values)

    def read(entries: list[tuple[str, Any]], place: Place) -> Document:
        found: list[tuple[str, Value]] = []
        for key, value in entries:
            found.append((key, _nested(value, reader, place.below.get(Step(key), _NOWHERE))))
        present = {key for key, _ in entries}
        others = sorted((step.nth, str(step.name)) for step in place.below if step.nth > 1 or step.name not in present)
        found.extend((key, _alone(place.below[Step(key, nth)])) for nth, key in others)
        return Document(found)

    return read


def _list(element: pa.Field) -> _Reader:
    reader = _reader(element)

    def read(items: list[Any], place: Place) -> list[Value]:
        if not place.below:
            return [None if item is None else reader(item, _NOWHERE) for item in items]
        found = [_nested(item, reader, place.below.get(Step(i), _NOWHERE)) for i, item in enumerate(items)]
        beyond = [step for step in place.below if not isinstance(step.name, int) or step.name >= len(items)]
        if beyond:
            raise RebuildError(f"an array of {len(items)} elements has something at {beyond[0].name}")
        return found

    return read


def _nested(value: Any, reader: _Reader, place: Place) -> Value:
    """An element of an array or a map: null is null there, never missing."""
    if value is None:
        return None if place is _NOWHERE else _alone(place)
    if place.value is not NOTHING:
        raise RebuildError("an element has a value and a rescued value")
    return reader(value, place)


def _alone(place: Place) -> Value:
    """What stands at a place whose column holds nothing, or that has none."""
    if place.value is NOTHING or place.below:
        raise RebuildError("something stands below a place that holds nothing")
    return place.value


def _binary(subtype: int) -> Callable[[Any], Value]:
    return lambda value: Binary(value, subtype)


def _date(value: dt.datetime) -> DatetimeMS:
    milliseconds, rest = divmod(value - _EPOCH, _MILLISECOND)
    if rest:
        raise RebuildError(f"{value.isoformat()} is no whole millisecond")
    return DatetimeMS(milliseconds)


def _timestamp(value: int) -> Timestamp:
    return Timestamp((value >> 32) & 0xFFFFFFFF, value & 0xFFFFFFFF)


_KINDS: dict[str, Callable[[Any], Value]] = {
    "objectid": ObjectId,
    "uuid": lambda value: Binary(uuid.UUID(value).bytes, UUID_SUBTYPE),
    "symbol": Symbol,
    "code": JavaScript,
    "bsontimestamp": _timestamp,
}

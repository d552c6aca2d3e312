"""What a sample of documents looks like: the paths that occur, and the BSON types that stand there.

Belongs here: counting. Does not: reading MongoDB, or drawing conclusions (`suggest.py`).
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bson import Binary, Code, DatetimeMS, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.binary import OLD_UUID_SUBTYPE, UUID_SUBTYPE

OBJECT, ARRAY, NULL, DATE = "object", "array", "null", "date"
INTEGERS = ("int", "long")
MOST_FIELDS = 1_000
"""Different names kept of the objects at one path; beyond, the names are data."""
DEEPEST = 32
"""Nested levels that become columns."""
MANY_KEYS, RARE_KEY = 64, 10
"""Names are data if there are more than so many and each occurs, on average, in fewer than one of so many objects."""

_DATA_KEY = re.compile(r"\d+|\d{4}-\d{2}-\d{2}|[0-9a-f]{24}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAMES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "bool"),  # before int, of which Python holds it to be one
    (Int64, "long"),
    (int, "int"),
    (float, "double"),
    (Decimal128, "decimal"),
    (Code, "javascript"),  # before str, of which it is one
    (str, "string"),
    (ObjectId, "objectId"),
    ((dt.datetime, DatetimeMS), DATE),
    ((Mapping, DBRef), OBJECT),
    (list, ARRAY),
    (Regex, "regex"),
    (Timestamp, "timestamp"),
    (MinKey, "minKey"),
    (MaxKey, "maxKey"),
)


def bson_type(value: Any) -> str:
    """MongoDB's own name (`$type`) of a value's type, as pymongo decodes it; UUIDs are told from other binaries."""
    if value is None:
        return NULL
    if isinstance(value, Binary) and value.subtype in (UUID_SUBTYPE, OLD_UUID_SUBTYPE):
        return "uuid"
    return next((name for kinds, name in _NAMES if isinstance(value, kinds)), "binData")


@dataclass
class Observed:
    """The values that stand at one path.

    Args:
        types: BSON type to the number of values.
        fractions: How many doubles are no whole numbers.
        fields: Of the objects here: name to what stands there.
        more_fields: Fields that were met after `MOST_FIELDS` different names.
        elements: Of the arrays here: what their elements are.
    """

    types: Counter[str] = field(default_factory=Counter)
    fractions: int = 0
    fields: dict[str, "Observed"] = field(default_factory=dict)
    more_fields: int = 0
    elements: "Observed | None" = None

    @property
    def seen(self) -> int:
        """How many values there are, nulls included."""
        return self.types.total()

    @property
    def keys_are_data(self) -> bool:
        """Whether the objects here are better taken for maps, as the decoder will take them or because of the names."""
        names = len(self.fields)
        if self.more_fields or (names >= 2 and all(map(_DATA_KEY.fullmatch, self.fields))):
            return True
        occurrences = sum(child.seen for child in self.fields.values())
        return names > MANY_KEYS and occurrences * RARE_KEY < self.types[OBJECT] * names

    def see(self, value: Any, depth: int = 0) -> None:
        """Count one value and all that it holds."""
        kind = bson_type(value)
        self.types[kind] += 1
        if kind == "double" and not value.is_integer():
            self.fractions += 1
        if depth == DEEPEST:
            return
        if kind == OBJECT:
            members = value.as_doc() if isinstance(value, DBRef) else value
            for name, member in members.items():
                if name in self.fields or len(self.fields) < MOST_FIELDS:
                    self.fields.setdefault(name, Observed()).see(member, depth + 1)
                else:
                    self.more_fields += 1
        elif kind == ARRAY:
            self.elements = self.elements or Observed()
            for element in value:
                self.elements.see(element, depth + 1)

    def values_of_map(self) -> "Observed":
        """What stands at any name of the objects here, as one."""
        return _merged(self.fields.values())


def _merged(parts: Iterable[Observed]) -> Observed:
    whole = Observed()
    inner: dict[str, list[Observed]] = {}
    elements: list[Observed] = []
    for part in parts:
        whole.types += part.types
        whole.fractions += part.fractions
        whole.more_fields += part.more_fields
        elements += [part.elements] if part.elements else []
        for name, child in part.fields.items():
            inner.setdefault(name, []).append(child)
    whole.fields = {name: _merged(children) for name, children in inner.items()}
    whole.elements = _merged(elements) if elements else None
    return whole


@dataclass
class Sample:
    """Some documents of a collection.

    Args:
        documents: How many.
        shape: What they look like.
        dates: Dotted path of each date outside arrays, to the dates by the number of their document.
    """

    documents: int = 0
    shape: Observed = field(default_factory=Observed)
    dates: dict[str, dict[int, dt.datetime]] = field(default_factory=dict)

    def see(self, document: Mapping[str, Any]) -> None:
        """Take in one document."""
        self.shape.see(document)
        for path, date in _dates(document):
            self.dates.setdefault(path, {})[self.documents] = date
        self.documents += 1

    def share(self, path: str) -> float:
        """The part of the documents (0 to 1) that have a date at a path."""
        return len(self.dates.get(path, ())) / self.documents if self.documents else 0.0


def _dates(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, dt.datetime]]:
    """The dates that Python can hold, at paths that MongoDB's query language can name."""
    for name, value in document.items():
        if not name or "." in name or name.startswith("$"):
            continue
        if isinstance(value, dt.datetime):
            yield above + name, value
        elif isinstance(value, Mapping):
            yield from _dates(value, f"{above}{name}.")

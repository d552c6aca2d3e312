"""Hypothesis strategies for BSON documents of arbitrary shape whose shape drifts.

Belongs here: what is generated. Does not: what is expected of it.
"""

from typing import Any

from bson import Binary, DatetimeMS, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp
from hypothesis import strategies as st

from fq_platform.extraction.bson_values import UNDEFINED, DBPointer, Document, JavaScript, Regex, Symbol

_NOT_UTF8 = st.binary(max_size=6).map(lambda raw: raw.replace(b"\0", b"").decode("utf-8", "surrogateescape"))
TEXTS = st.text(max_size=8) | _NOT_UTF8
_NAMES_MET = st.sampled_from(["a", "b", "c", "A", "k", "K", "", "a.b", "$oid", "_fq_x", "x y", "caf\udce9", "a;2"])
NAMES = _NAMES_MET | st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=3)

DECIMALS = st.binary(min_size=16, max_size=16).map(Decimal128.from_bid) | st.decimals(
    min_value=-(10**24), max_value=10**24, places=4
).map(Decimal128)
DOCUMENT_IDS = st.binary(min_size=12, max_size=12).map(ObjectId)
TIMESTAMPS = st.builds(Timestamp, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
DATES = st.integers(-(2**63), 2**63 - 1) | st.integers(-(2**46), 2**46)
BINARIES = st.builds(Binary, st.binary(max_size=6), st.sampled_from([0, 0, 1, 2, 4, 5, 128, 255]))
UUIDS = st.uuids().map(lambda value: Binary(value.bytes, 4))

NUMBERS = (
    st.integers(-(2**31), 2**31 - 1)
    | st.integers(-(2**63), 2**63 - 1).map(Int64)
    | st.floats()
    | st.integers(-5, 5).map(float)
    | DECIMALS
)
COMMON = st.none() | st.booleans() | NUMBERS | TEXTS | DATES.map(DatetimeMS) | DOCUMENT_IDS
ODD = (
    BINARIES
    | UUIDS
    | TIMESTAMPS
    | st.just(UNDEFINED)
    | st.just(MinKey())
    | st.just(MaxKey())
    | TEXTS.map(Symbol)
    | TEXTS.map(JavaScript)
    | st.builds(Regex, NAMES, st.sampled_from(["", "i", "imsx", "g"]))
    | st.builds(DBPointer, TEXTS, DOCUMENT_IDS)
)


def _fields(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Document]:
    return st.lists(st.tuples(NAMES, values), max_size=5).map(Document)


SCALARS = COMMON | ODD | st.builds(JavaScript, TEXTS, _fields(COMMON))
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | _fields(inner), max_leaves=12
)
DOCUMENTS = _fields(VALUES)
BATCHES = st.lists(DOCUMENTS, min_size=1, max_size=6)
"""Documents without `_id`; names recur, so that their types drift."""


def numbered(documents: list[Document], first: int = 0) -> list[Document]:
    """The documents with an `_id`; a field of theirs by that name is dropped."""
    return [
        Document([("_id", first + n), *((name, value) for name, value in document.fields if name != "_id")])
        for n, document in enumerate(documents)
    ]

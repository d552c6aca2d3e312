"""Different `_id`s have different texts."""

import datetime as dt
import re
from typing import Any

import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp
from hypothesis import example, given
from hypothesis import strategies as st

from fq_platform.extraction.keys import document_key

OID = "0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ObjectId(OID), OID),
        (OID, f'"{OID}"'),
        (OID.upper(), OID.upper()),
        (OID + "\n", OID + "\n"),
        ("C-00001", "C-00001"),
        ("5", "5"),
        (5, '{"$numberInt": "5"}'),
        (Int64(5), '{"$numberLong": "5"}'),
        (5.5, '{"$numberDouble": "5.5"}'),
        ("", ""),
        ("null", '"null"'),
        (None, "null"),
        (True, "true"),
        ('{"a": 1}', r'"{\"a\": 1}"'),
        ({"a": "b"}, '{"a": "b"}'),
        ('"quoted"', r'"\"quoted\""'),
        (Code("x"), '{"$code": "x"}'),
        ("not\udcffutf8", '"not\\udcffutf8"'),
    ],
)
def test_text_of_an_id(value: Any, expected: str) -> None:
    assert document_key(value) == expected


HEX24 = st.binary(min_size=12, max_size=12)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**31), 2**31 - 1),
    st.floats(allow_nan=False).filter(lambda x: x != int(x) if abs(x) < 2**63 else True),
    st.text(max_size=6),
    st.sampled_from(["true", "null", '{"$oid": "0"}', '"a"', "[", '{"a": "b"}']),
    HEX24.map(bytes.hex),
    HEX24.map(ObjectId),
    st.binary(max_size=3).map(lambda data: Binary(data, 0)),
    st.binary(max_size=3).map(lambda data: Binary(data, 5)),
    st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0)),
    st.sampled_from([MinKey(), MaxKey(), Timestamp(1, 2), Decimal128("1.10")]),
)
IDS = SCALARS | st.dictionaries(st.text(max_size=2), SCALARS, max_size=2)


def identity(value: Any) -> Any:
    """What makes two values the same `_id` (Python holds True == 1 and b"x" == Binary(b"x", 0))."""
    if isinstance(value, dict):
        return "document", [(name, identity(child)) for name, child in value.items()]
    return type(value).__name__, getattr(value, "subtype", None), repr(value)


@given(IDS, IDS)
@example("true", True)
@example(OID, ObjectId(OID))
@example('{"a": "b"}', {"a": "b"})
def test_different_ids_have_different_texts(one: Any, other: Any) -> None:
    assert (document_key(one) == document_key(other)) == (identity(one) == identity(other))


@given(IDS)
def test_text_of_an_id_decides_its_column_and_is_valid_unicode(value: Any) -> None:
    assert document_key(value).encode().decode() == document_key(value)
    if re.fullmatch("[0-9a-f]{24}", document_key(value)):
        assert isinstance(value, ObjectId)

"""Different `_id`s have different texts, and a text tells its `_id`."""

import datetime as dt
import math
import re
import uuid
from decimal import Decimal
from typing import Any

import bson
import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp
from bson.datetime_ms import DatetimeMS
from hypothesis import example, given
from hypothesis import strategies as st

from fq_platform.extraction.codec import CODEC
from fq_platform.extraction.keys import document_key, parse_key

OID = "0123456789abcdef01234567"
UUID = "00010203-0405-0607-0809-0a0b0c0d0e0f"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ObjectId(OID), OID),
        (OID, f'"{OID}"'),
        (OID.upper(), OID.upper()),
        (OID + "\n", OID + "\n"),
        ("C-00001", "C-00001"),
        (5, "5"),
        (-5, "-5"),
        (Int64(5), "5"),
        (5.0, "5"),
        (-0.0, "0"),
        (Decimal128("5.00"), "5"),
        (Decimal128("5E+2"), "500"),
        (Decimal128("-0"), "0"),
        (2**63 - 1, "9223372036854775807"),
        (-(2**63), "-9223372036854775808"),
        (-(2.0**63), "-9223372036854775808"),
        (2.0**63, '{"$numberDouble": "9.223372036854776e+18"}'),
        (Decimal128("9223372036854775808"), '{"$numberDecimal": "9223372036854775808"}'),
        (Decimal128("1E+6000"), '{"$numberDecimal": "1E+6000"}'),
        (5.5, '{"$numberDouble": "5.5"}'),
        (math.inf, '{"$numberDouble": "Infinity"}'),
        (math.nan, '{"$numberDouble": "NaN"}'),
        (Decimal128("NaN"), '{"$numberDecimal": "NaN"}'),
        ("5", '"5"'),
        ("-007", '"-007"'),
        ("5.0", "5.0"),
        ("\u0665", "\u0665"),
        ("12345678901234567890", "12345678901234567890"),
        (Binary(bytes(range(16)), 4), UUID),
        (Binary(bytes(range(16)), 3), '{"$binary": {"base64": "AAECAwQFBgcICQoLDA0ODw==", "subType": "03"}}'),
        (Binary(b"short", 4), '{"$binary": {"base64": "c2hvcnQ=", "subType": "04"}}'),
        (UUID, f'"{UUID}"'),
        (UUID.upper(), UUID.upper()),
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
NUMBERS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-3, 3),
    st.floats(),
    st.integers(-3, 3).map(float),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-100, max_value=100).map(Decimal128),
    st.sampled_from(["1.10", "NaN", "-Infinity", "1E+6000", "3.00"]).map(Decimal128),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    st.text(max_size=6),
    st.text("0123456789-", max_size=20),
    st.binary(max_size=3).map(lambda data: data.decode(errors="surrogateescape")),
    st.sampled_from(["true", "null", '{"$oid": "0"}', '"a"', "[", '{"a": "b"}']),
    HEX24.map(bytes.hex),
    HEX24.map(ObjectId),
    st.uuids().map(str),
    st.uuids().map(lambda value: Binary(value.bytes, 4)),
    st.binary(max_size=3).map(lambda data: Binary(data, 5)),
    st.binary(max_size=3).map(lambda data: Binary(data, 4)),
    st.binary(max_size=3),
    st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 1, 1)).map(
        lambda at: at.replace(microsecond=0, fold=0, tzinfo=dt.UTC)
    ),
    st.text(max_size=2).map(Code),
    st.sampled_from([MinKey(), MaxKey(), Timestamp(1, 2)]),
)
IDS = SCALARS | st.dictionaries(st.text("ab. é", max_size=2), SCALARS, max_size=2)


def identity(value: Any) -> Any:
    """What makes two values the same `_id` to MongoDB (Python holds True == 1 and b"x" == Binary(b"x", 5))."""
    if isinstance(value, dict):
        return "document", [(name, type(child).__name__, identity(child)) for name, child in value.items()]
    if isinstance(value, int | float | Decimal128) and not isinstance(value, bool):
        number = value.to_decimal() if isinstance(value, Decimal128) else Decimal(value)
        is_integer = number.is_finite() and -(2**63) <= number < 2**63 and number == int(number)
        return ("integer", int(number)) if is_integer else (type(value).__name__, str(value))
    subtype = getattr(value, "subtype", 0) if isinstance(value, bytes) else None
    return "bytes" if isinstance(value, bytes) else type(value).__name__, subtype, repr(value).removeprefix("Binary")


@given(IDS, IDS)
@example("true", True)
@example(OID, ObjectId(OID))
@example(UUID, Binary(bytes(range(16)), 4))
@example('{"a": "b"}', {"a": "b"})
@example("7", 7)
@example(7.0, Decimal128("7.0"))
@example({"a": 7}, {"a": 7.0})
def test_different_ids_have_different_texts(one: Any, other: Any) -> None:
    assert (document_key(one) == document_key(other)) == (identity(one) == identity(other))


@given(IDS)
def test_text_of_an_id_decides_its_column_and_is_valid_unicode(value: Any) -> None:
    assert document_key(value).encode().decode() == document_key(value)
    if re.fullmatch("[0-9a-f]{24}", document_key(value)):
        assert isinstance(value, ObjectId)


@given(IDS)
@example(Code("x", {"a": 1}))
@example(DatetimeMS(10**15))
@example(dt.datetime(2026, 1, 1, 12, 0, 0, 1000, tzinfo=dt.UTC))
def test_text_of_an_id_tells_the_id(value: Any) -> None:
    assert document_key(parse_key(document_key(value))) == document_key(value)
    assert identity(parse_key(document_key(value))) == identity(value)


@given(IDS)
def test_text_of_an_id_is_the_same_after_it_went_over_the_wire(value: Any) -> None:
    try:
        content = bson.encode({"_id": value}, codec_options=CODEC)
    except UnicodeEncodeError:
        return  # only a server can send it
    assert document_key(bson.decode(content, CODEC)["_id"]) == document_key(value)


def test_uuid_is_read_as_the_binary_that_it_is() -> None:
    value = uuid.UUID(UUID)

    assert parse_key(UUID) == Binary(value.bytes, 4)

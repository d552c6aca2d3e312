"""Every value of a document is in its column, exactly, or rescued under its path."""

import math
import uuid
from decimal import Decimal
from typing import Any

import bson
import pyarrow as pa
import pytest
from bson import Binary, Code, Decimal128, MaxKey, MinKey, Regex, Timestamp
from bson.datetime_ms import DatetimeMS

from fq_platform.extraction.batch import CorruptDocumentError, index
from fq_platform.extraction.decoder import Decoded, Decoder
from fq_platform.extraction.kinds import field_of
from fq_platform_tests.extraction.decoding import AT, NOTHING, OID, TYPES, batch_of, decode, decode_one


@pytest.mark.parametrize(
    ("value", "column", "held"),
    [
        (7, "double", 7.0),
        (2**53, "double", float(2**53)),
        (-(2**53), "double", float(-(2**53))),
        (7, "decimal", Decimal(7)),
        (2**63 - 1, "decimal", Decimal(2**63 - 1)),
        (2.5, "decimal", Decimal("2.5")),
        (30.0, "long", 30),
        (-(2.0**63), "long", -(2**63)),
    ],
)
def test_number_of_another_kind_is_held_where_that_is_exact(value: Any, column: str, held: Any) -> None:
    assert decode_one(value, TYPES[column]) == (held, {})


@pytest.mark.parametrize(
    ("value", "column", "json"),
    [
        ("12.50", "decimal", '"12.50"'),
        ("5", "long", '"5"'),
        (5, "string", '{"$numberInt": "5"}'),
        (True, "long", "true"),
        (1, "bool", '{"$numberInt": "1"}'),
        (2.5, "long", '{"$numberDouble": "2.5"}'),
        (2.0**63, "long", '{"$numberDouble": "9.223372036854776e+18"}'),
        (math.inf, "long", '{"$numberDouble": "Infinity"}'),
        (0.1, "decimal", '{"$numberDouble": "0.1"}'),
        (math.nan, "decimal", '{"$numberDouble": "NaN"}'),
        (2**53 + 1, "double", '{"$numberLong": "9007199254740993"}'),
        (2**60, "double", '{"$numberLong": "1152921504606846976"}'),
        (Decimal128("2.5"), "double", '{"$numberDecimal": "2.5"}'),
        (Decimal128("5"), "long", '{"$numberDecimal": "5"}'),
        (Decimal128("NaN"), "decimal", '{"$numberDecimal": "NaN"}'),
        (Decimal128("-Infinity"), "decimal", '{"$numberDecimal": "-Infinity"}'),
        (Decimal128("0.0000000000001"), "decimal", '{"$numberDecimal": "1E-13"}'),
        (Decimal128("1E+26"), "decimal", '{"$numberDecimal": "1E+26"}'),
        (Decimal128("1E+6000"), "decimal", '{"$numberDecimal": "1E+6000"}'),
        (DatetimeMS(253402300800000), "at", '{"$date": {"$numberLong": "253402300800000"}}'),
        (DatetimeMS(-(10**17)), "at", '{"$date": {"$numberLong": "-100000000000000000"}}'),
        (Timestamp(5, 1), "at", '{"$timestamp": {"t": 5, "i": 1}}'),
        (AT, "string", '{"$date": {"$numberLong": "1767268800000"}}'),
        (OID, "string", '{"$oid": "0123456789abcdef01234567"}'),
        (Regex("^a", "i"), "string", '{"$regularExpression": {"pattern": "^a", "options": "i"}}'),
        (Code("f()"), "string", '{"$code": "f()"}'),
        (Code("f()", {"a": 1}), "string", '{"$code": "f()", "$scope": {"a": {"$numberInt": "1"}}}'),
        (MinKey(), "string", '{"$minKey": 1}'),
        (MaxKey(), "long", '{"$maxKey": 1}'),
        (Binary(b"ab", 128), "binary", '{"$binary": {"base64": "YWI=", "subType": "80"}}'),
        (Binary(b"ab", 4), "string", '{"$binary": {"base64": "YWI=", "subType": "04"}}'),
        (
            Binary.from_uuid(uuid.UUID(int=1)),
            "long",
            '{"$binary": {"base64": "AAAAAAAAAAAAAAAAAAAAAQ==", "subType": "04"}}',
        ),
        (b"ab", "string", '{"$binary": {"base64": "YWI=", "subType": "00"}}'),
        (OID, "binary", '{"$oid": "0123456789abcdef01234567"}'),
        ({"x": 1}, "long", '{"x": {"$numberInt": "1"}}'),
        ([1], "long", '[{"$numberInt": "1"}]'),
        ({"x": 1}, "list", '{"x": {"$numberInt": "1"}}'),
        ([1], "struct", '[{"$numberInt": "1"}]'),
        ("a", "struct", '"a"'),
        ("a", "list", '"a"'),
    ],
)
def test_value_that_its_column_cannot_hold_is_rescued(value: Any, column: str, json: str) -> None:
    assert decode_one(value, TYPES[column]) == (None, {"v": json})


def test_null_is_told_from_missing_by_its_path() -> None:
    documents = [{"v": 1, "l": [{"x": 1}, {"x": None}, None, {}]}, {"v": None}, {}, {"v": None, "l": None}]

    decoded = Decoder(NOTHING).decode(batch_of(documents))

    assert decoded.columns["v"].to_pylist() == [1, None, None, None]
    assert decoded.columns["l"].to_pylist() == [[{"x": 1}, {"x": None}, None, {"x": None}], None, None, None]
    assert decoded.nulls.to_pylist() == [["l[1].x"], ["v"], None, ["v", "l"]]
    assert decoded.rescued_values == 0


def test_empty_documents_and_arrays_are_told_from_null_where_the_type_is_known() -> None:
    table, rescued = decode([{"s": {"x": 1}, "l": [1]}, {"s": {}, "l": []}, {"s": None, "l": None}], NOTHING)

    assert table["s"].to_pylist() == [{"x": 1}, {"x": None}, None]
    assert table["l"].to_pylist() == [[1], [], None]
    assert rescued == [{}, {}, {}]


def test_misfits_inside_arrays_and_documents_have_their_own_paths_and_spare_their_neighbours() -> None:
    good = {"lines": [{"price": Decimal128("1.5"), "tags": ["a"]}], "address": {"zip": "1", "city": "K"}}
    bad = {
        "lines": [
            {"price": Decimal128("2.5"), "tags": ["b", 5, None]},
            "not a line",
            {"price": "2,50", "tags": "none"},
        ],
        "address": {"zip": 50667, "city": "K"},
    }

    table, rescued = decode([good, good, good, bad], NOTHING)

    assert table["lines"][3].as_py() == [
        {"price": Decimal("2.5"), "tags": ["b", None, None]},
        None,
        {"price": None, "tags": None},
    ]
    assert table["address"][3].as_py() == {"zip": None, "city": "K"}
    assert rescued[3] == {
        "lines[0].tags[1]": '{"$numberInt": "5"}',
        "lines[1]": '"not a line"',
        "lines[2].price": '"2,50"',
        "lines[2].tags": '"none"',
        "address.zip": '{"$numberInt": "50667"}',
    }


def test_paths_of_rescued_values_never_meet() -> None:
    existing = pa.schema([("a", pa.struct([("b", pa.int64())])), ("a_x2e_b", pa.int64()), ("l", TYPES["list"])])

    _, rescued = decode([{"a": {"b": "x"}, "a.b": "y", "l": ["z"], "l[0]": Regex("w")}], existing)

    assert rescued == [
        {
            "a.b": '"x"',
            "a_x2e_b": '"y"',
            "l[0]": '"z"',
            "l_x5b_0_x5d_": '{"$regularExpression": {"pattern": "w", "options": ""}}',
        }
    ]


def test_text_that_is_not_utf8_is_rescued_with_its_bytes() -> None:
    damaged = bson.encode({"_id": 1, "good": "abc", "bad": "abX"}).replace(b"abX", b"ab\xff")

    decoded = Decoder(NOTHING).decode(index(damaged))

    assert decoded.columns.to_pylist() == [{"good": "abc", "bad": None}]
    assert decoded.rescued.to_pylist() == [[("bad", '"ab\\udcff"')]]


def test_what_is_nested_too_deep_for_columns_is_rescued_whole() -> None:
    document: dict[str, Any] = {"x": 1}
    for _ in range(98):
        document = {"d": document, "beside": True}

    table, rescued = decode([document])

    deepest = "d." * 32 + "d"
    assert list(rescued[0]) == [deepest]
    assert rescued[0][deepest].count('"d"') == 65
    assert table["d"][0].as_py()["beside"] is True


def test_value_of_another_kind_is_rescued_though_the_type_would_hold_it() -> None:
    existing = pa.schema([field_of("v", pa.string(), "objectid"), field_of("w", pa.binary(), "binary/5")])

    table, rescued = decode([{"v": str(OID), "w": b"x"}, {"v": OID, "w": Binary(b"x", 5)}], existing)

    assert table.to_pylist() == [{"v": None, "w": None}, {"v": str(OID), "w": b"x"}]
    assert list(rescued[0]) == ["v", "w"]
    assert rescued[1] == {}


def test_field_that_differs_by_case_only_is_rescued_under_its_own_name() -> None:
    table, rescued = decode([{"Price": 1, "price": 2, "_ID": 3}, {"price": 4}])

    assert table.to_pylist() == [{"Price": 1}, {"Price": None}]
    assert rescued == [
        {"price": '{"$numberInt": "2"}', "_ID": '{"$numberInt": "3"}'},
        {"price": '{"$numberInt": "4"}'},
    ]


def test_later_occurrences_of_a_name_are_rescued_by_their_number() -> None:
    twice = bson.encode({"_id": 1, "aa": 1, "ab": None, "ac": "x"}).replace(b"ab\0", b"aa\0").replace(b"ac\0", b"aa\0")

    decoded = Decoder(NOTHING).decode(index(twice))

    assert decoded.columns.to_pylist() == [{"aa": 1}]
    assert decoded.rescued.to_pylist() == [[("aa;2", "null"), ("aa;3", '"x"')]]


def test_map_keeps_the_first_of_a_repeated_key_and_rescues_keys_that_are_no_text() -> None:
    existing = pa.schema([("m", pa.map_(pa.string(), pa.int64()))])
    odd = bson.encode({"_id": 1, "m": {"aa": 1, "ab": 2, "ac": 3}})
    odd = odd.replace(b"ab\0", b"aa\0").replace(b"ac\0", b"a\xff\0")

    decoded = Decoder(existing).decode(index(odd + bson.encode({"_id": 2, "m": {"aa": 5}})))

    assert decoded.columns["m"].to_pylist() == [[("aa", 1)], [("aa", 5)]]
    assert dict(decoded.rescued[0].as_py()) == {
        'm["aa"];2': '{"$numberInt": "2"}',
        'm["a\\udcff"]': '{"$numberInt": "3"}',
    }


def test_only_the_documents_wanted_are_decoded() -> None:
    import numpy as np

    decoded = Decoder(NOTHING).decode(batch_of([{"v": n, "w": None} for n in range(10)]), np.array([7, 3]))

    assert decoded.columns["v"].to_pylist() == [7, 3]
    assert decoded.nulls.to_pylist() == [["w"], ["w"]]


def test_batches_of_any_size_follow_one_another() -> None:
    decoder = Decoder(NOTHING)
    for size in (1, 40_000, 3, 700_000, 0):
        documents = [{"v": "x" * size, "l": list(range(size % 1_000))}, {"v": "ö"}]
        decoded: Decoded = decoder.decode(batch_of(documents))
        assert decoded.columns["v"].to_pylist() == ["x" * size, "ö"]
        assert decoded.columns["l"].to_pylist() in ([list(range(size % 1_000)), None], [[], None])


def test_malformed_document_is_named() -> None:
    damaged = bson.encode({"_id": "good", "v": 1}) + bson.encode({"_id": "bad", "v": True}).replace(
        b"v\0\x01", b"v\0\x07"
    )

    with pytest.raises(CorruptDocumentError, match="'bad' is malformed"):
        Decoder(NOTHING).decode(index(damaged))

"""Every value of a document is in its column, exactly, or among the rescued ones."""

import datetime as dt
import decimal
import math
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import bson
import pyarrow as pa
import pytest
from bson import Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from bson.json_util import CANONICAL_JSON_OPTIONS, dumps
from hypothesis import given, settings
from hypothesis import strategies as st

from fq_platform.extraction.decode import CODEC, DECIMAL, TIMESTAMP, decode
from fq_platform.naming import normalise

OID = ObjectId("0123456789abcdef01234567")
NOTHING = pa.schema([])
AT = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
TYPES: dict[str, pa.DataType] = {
    "long": pa.int64(),
    "double": pa.float64(),
    "decimal": DECIMAL,
    "string": pa.string(),
    "bool": pa.bool_(),
    "at": TIMESTAMP,
    "binary": pa.binary(),
    "struct": pa.struct([("x", pa.int64())]),
    "list": pa.list_(pa.field("element", pa.int64())),
}


def through_bson(document: dict[str, Any]) -> dict[str, Any]:
    """The document as extraction meets it."""
    return bson.decode(bson.encode(document), CODEC)


def decode_one(value: Any, type_: pa.DataType | None = None) -> tuple[Any, dict[str, str]]:
    """One value in the column `v`, as (what the column holds, what is rescued)."""
    existing = pa.schema([("v", type_)]) if type_ is not None else NOTHING
    table, rescued = decode([through_bson({"v": value})], existing)
    return (table["v"][0].as_py() if "v" in table.column_names else None), rescued[0]


@pytest.mark.parametrize(
    ("value", "type_", "held"),
    [
        (5, pa.int64(), 5),
        (Int64(2**63 - 1), pa.int64(), 2**63 - 1),
        (5.25, pa.float64(), 5.25),
        (Decimal128("12.50"), DECIMAL, Decimal("12.5")),
        ("text", pa.string(), "text"),
        (OID, pa.string(), str(OID)),
        (True, pa.bool_(), True),
        (AT, TIMESTAMP, AT),
        (dt.datetime(1, 1, 1, tzinfo=dt.UTC), TIMESTAMP, dt.datetime(1, 1, 1, tzinfo=dt.UTC)),
        (b"\x00\xff", pa.binary(), b"\x00\xff"),
        (
            Binary.from_uuid(uuid.UUID("12345678-1234-5678-1234-567812345678")),
            pa.string(),
            "12345678-1234-5678-1234-567812345678",
        ),
        ({"a": 1}, pa.struct([("a", pa.int64())]), {"a": 1}),
        ([1, 2], pa.list_(pa.field("element", pa.int64())), [1, 2]),
        ([[1], []], pa.list_(pa.field("element", TYPES["list"])), [[1], []]),
    ],
)
def test_first_value_decides_the_column(value: Any, type_: pa.DataType, held: Any) -> None:
    table, rescued = decode([through_bson({"v": value})], NOTHING)

    assert table.schema.field("v").type == type_
    assert (table["v"][0].as_py(), rescued) == (held, [{}])


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        ([1, 2, 2.5], pa.float64()),
        ([1, 2, Decimal128("1.5")], DECIMAL),
        ([1.5, 2.5, Decimal128("1.5")], pa.float64()),
        ([1.5, Decimal128("2.5"), 7], DECIMAL),
        (["12.50", Decimal128("1.5"), Decimal128("1.5")], DECIMAL),
        (["a", "b", 1], pa.string()),
        (["a", 1], pa.int64()),
        ([None, None, "a"], pa.string()),
        (["a", Regex("x"), Regex("y"), Regex("z")], pa.string()),
        ([{"x": 1}, {"x": 1}, [1]], pa.struct([("x", pa.int64())])),
    ],
)
def test_majority_of_the_first_batch_decides_and_numbers_vote_together(values: list[Any], type_: pa.DataType) -> None:
    table, _ = decode([through_bson({"v": value}) for value in values], NOTHING)

    assert table.schema.field("v").type == type_


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
        (OID, "string", str(OID)),
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
        (DBRef("c", 1), "struct", '{"$ref": "c", "$id": {"$numberInt": "1"}}'),
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


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (Regex("x"), '{"$regularExpression": {"pattern": "x", "options": ""}}'),
        (DatetimeMS(10**15), '{"$date": {"$numberLong": "1000000000000000"}}'),
        ([], "[]"),
        ({}, "{}"),
        ([None], "[null]"),
        ({"a": None}, '{"a": null}'),
        ([{}, []], "[{}, []]"),
    ],
)
def test_value_that_asks_for_no_type_is_rescued_and_makes_no_column(value: Any, json: str) -> None:
    table, rescued = decode([through_bson({"v": value})], NOTHING)

    assert table.column_names == []
    assert rescued == [{"v": json}]


def test_null_and_missing_are_null_and_not_rescued() -> None:
    table, rescued = decode([{"v": 1}, {"v": None}, {}], NOTHING)

    assert table["v"].to_pylist() == [1, None, None]
    assert rescued == [{}, {}, {}]


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

    table, rescued = decode([through_bson(document) for document in (good, good, good, bad)], NOTHING)

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


def test_existing_columns_keep_type_and_place_and_gain_fields() -> None:
    existing = pa.schema([("b", pa.int64()), ("a", pa.struct([("x", pa.int64())])), ("l", TYPES["list"])])

    table, rescued = decode([{"new": 1.5, "a": {"y": "s", "x": 2.5}, "l": [{"z": 1}]}], existing)

    assert table.schema == pa.schema(
        [
            ("b", pa.int64()),
            ("a", pa.struct([("x", pa.int64()), ("y", pa.string())])),
            ("l", TYPES["list"]),
            ("new", pa.float64()),
        ]
    )
    assert table.to_pylist() == [{"b": None, "a": {"x": None, "y": "s"}, "l": [None], "new": 1.5}]
    assert rescued == [{"a.x": '{"$numberDouble": "2.5"}', "l[0]": '{"z": {"$numberInt": "1"}}'}]


def test_text_that_is_not_utf8_is_rescued_with_its_bytes() -> None:
    damaged = bson.encode({"good": "abc", "bad": "abX"}).replace(b"abX", b"ab\xff")

    table, rescued = decode([bson.decode(damaged, CODEC)], NOTHING)

    assert table.to_pylist() == [{"good": "abc", "bad": None}]
    assert rescued == [{"bad": '"ab\\udcff"'}]


def test_document_nested_as_deep_as_mongodb_allows() -> None:
    document: dict[str, Any] = {"x": 1}
    for _ in range(98):
        document = {"d": document}

    table, rescued = decode([through_bson(document)], NOTHING)

    assert table.to_pylist() == [document]
    assert rescued == [{}]


NAMES = st.text(st.sampled_from("abA_.x2e[0] \ufeff"), max_size=3)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1).map(Int64),
    st.integers(-3, 3),
    st.floats(),
    st.sampled_from([0.0, 1.0, 2.0**53, 2.0**63, 0.1]),
    st.decimals(allow_nan=True, places=3, min_value=-1000, max_value=1000).map(Decimal128),
    st.sampled_from([Decimal128("1E+40"), Decimal128("1E-20"), Decimal128("sNaN"), Decimal128("-0")]),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.builds(Binary, st.binary(max_size=3), st.sampled_from([2, 3, 4, 5, 128])),
    st.uuids().map(Binary.from_uuid),
    st.binary(min_size=12, max_size=12).map(ObjectId),
    st.datetimes(dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)).map(lambda at: at.replace(tzinfo=dt.UTC)),
    st.sampled_from([DatetimeMS(10**15), Regex("a"), Code("c"), MinKey(), MaxKey(), Timestamp(1, 1)]),
)
VALUES = st.recursive(
    SCALARS, lambda child: st.lists(child, max_size=3) | st.dictionaries(NAMES, child, max_size=3), max_leaves=6
)
DOCUMENTS = st.lists(st.dictionaries(NAMES, VALUES, max_size=4), min_size=1, max_size=4)


def leaves(value: Any, path: str, name_of: Callable[[str], str] = normalise) -> Iterator[tuple[str, Any]]:
    """Every place of a document with what stands there, containers included."""
    yield path, value
    if isinstance(value, dict):
        for name, child in value.items():
            yield from leaves(child, f"{path}.{name_of(name)}" if path else name_of(name), name_of)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from leaves(child, f"{path}[{index}]", name_of)


def held_as(value: Any) -> Any:
    """What a column may hold in place of a BSON value."""
    match value:
        case ObjectId():
            return str(value)
        case Binary() if value.subtype == 4 and len(value) == 16:
            return str(value.as_uuid())
        case Decimal128():
            return value.to_decimal()
    return value


def is_held(value: Any, held: Any) -> bool:
    expected = held_as(value)
    if isinstance(expected, float) and isinstance(held, float):
        return (math.isnan(expected) and math.isnan(held)) or expected == held
    if isinstance(expected, float) and isinstance(held, decimal.Decimal):
        expected = Decimal(expected)
    if isinstance(expected, bool) != isinstance(held, bool):
        return False
    return bool(expected == held)


def assert_nothing_lost(document: dict[str, Any], row: dict[str, Any], rescued: dict[str, str]) -> None:
    found = dict(leaves(row, "", str))
    covered = {path for path, _ in leaves(document, "") if any(is_within(path, saved) for saved in rescued)}
    for path, value in leaves(document, ""):
        if path in rescued:
            assert rescued[path] == dumps(value, json_options=CANONICAL_JSON_OPTIONS)
            assert found.get(path) is None
        elif path in covered or path == "":
            continue
        elif isinstance(value, dict | list):
            assert type(found[path]) is type(value)
        elif value is None:
            assert found.get(path) is None
        else:
            assert is_held(value, found[path]), (path, value, found[path])


def is_within(path: str, other: str) -> bool:
    return path.startswith((f"{other}.", f"{other}["))


@settings(max_examples=200, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_every_value_is_in_its_column_or_rescued_in_the_first_batch_and_in_later_ones(
    first: list[dict[str, Any]], second: list[dict[str, Any]]
) -> None:
    existing = NOTHING
    for batch in (first, second):
        documents = [through_bson({"_id": "k"} | document) for document in batch]
        table, rescued = decode(documents, existing)
        for document, row, saved in zip(documents, table.to_pylist(), rescued, strict=True):
            assert_nothing_lost(document, row, saved)
        assert table.schema.names[: len(existing.names)] == existing.names
        existing = table.schema

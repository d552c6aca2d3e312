"""Columns follow from the data by the rules of typing; every value is in its column, exactly, or rescued."""

import datetime as dt
import math
import uuid
from decimal import Decimal
from typing import Any

import bson
import pyarrow as pa
import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS

from fq_platform.extraction.batch import Batch, CorruptDocumentError, index
from fq_platform.extraction.decoder import Decoded, Decoder
from fq_platform.extraction.kinds import DECIMAL, TIMESTAMP, field_of, kind_of

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


def batch_of(documents: list[Any]) -> Batch:
    """Documents, or values of a field `v`, as extraction meets them."""
    whole = [document if isinstance(document, dict) else {"v": document} for document in documents]
    return index(b"".join(bson.encode({"_id": n} | document) for n, document in enumerate(whole)))


def decode(documents: list[Any], existing: pa.Schema = NOTHING) -> tuple[pa.Table, list[dict[str, str]]]:
    """The columns, and what is rescued of each document."""
    decoded = Decoder(existing).decode(batch_of(documents))
    return pa.Table.from_batches([decoded.columns]), [dict(row or ()) for row in decoded.rescued.to_pylist()]


def decode_one(value: Any, type_: pa.DataType | None = None) -> tuple[Any, dict[str, str]]:
    """One value in the column `v`, as (what the column holds, what is rescued)."""
    existing = pa.schema([("v", type_)]) if type_ is not None else NOTHING
    table, rescued = decode([{"v": value}], existing)
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
        (Timestamp(5, 6), pa.int64(), (5 << 32) + 6),
        (Code("f()"), pa.string(), "f()"),
        (Binary(b"ab", 128), pa.binary(), b"ab"),
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
    table, rescued = decode([{"v": value}], NOTHING)

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
    table, _ = decode([{"v": value} for value in values], NOTHING)

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


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (Regex("x"), '{"$regularExpression": {"pattern": "x", "options": ""}}'),
        ([], "[]"),
        ({}, "{}"),
        ([None], "[null]"),
        ({"a": None}, '{"a": null}'),
        ([{}, []], "[{}, []]"),
    ],
)
def test_value_that_asks_for_no_type_is_rescued_and_makes_no_column(value: Any, json: str) -> None:
    table, rescued = decode([{"v": value}], NOTHING)

    assert table.column_names == []
    assert rescued == [{"v": json}]


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


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (OID, "objectid"),
        (Binary.from_uuid(uuid.UUID(int=1)), "uuid"),
        (Binary(b"x", 5), "binary/5"),
        (Timestamp(1, 2), "bsontimestamp"),
        (Code("f()"), "code"),
        ("text", None),
        (b"x", None),
    ],
)
def test_column_says_which_bson_type_it_stands_for(value: Any, kind: str | None) -> None:
    decoder = Decoder(NOTHING)
    decoder.decode(batch_of([{"v": [value]}]))

    assert kind_of(decoder.schema.field("v").type.value_field) == kind


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


def orders_by(keys: int, documents: int) -> list[dict[str, Any]]:
    """Documents whose field `m` has so many different names in all, two of them each."""
    return [{"m": {f"k{n % keys}": n, f"k{(n + 1) % keys}": n}} for n in range(documents)]


@pytest.mark.parametrize(("keys", "is_map"), [(65, True), (64, False)])
def test_documents_with_many_and_rare_names_are_a_map(keys: int, is_map: bool) -> None:
    table, rescued = decode(orders_by(keys, 1_000))

    assert pa.types.is_map(table.schema.field("m").type) == is_map
    assert rescued == [{}] * 1_000
    if is_map:
        assert table["m"][64].as_py() == [("k64", 64), ("k0", 64)]


def test_many_names_that_most_documents_have_are_columns() -> None:
    table, _ = decode([{"m": {f"k{n}": n for n in range(100)}}] * 20)

    assert table.schema.field("m").type.num_fields == 100


def test_more_names_than_the_tables_had_room_for() -> None:
    table, rescued = decode(orders_by(20_000, 20_000))

    assert table["m"][19_999].as_py() == [("k19999", 19_999), ("k0", 19_999)]
    assert not any(rescued)


def test_sources_file_decides_what_is_a_map_and_what_a_struct() -> None:
    documents = orders_by(100, 1_000)
    as_struct = Decoder(NOTHING, {"m": "struct"})
    as_struct.decode(batch_of(documents))
    as_map = Decoder(NOTHING, {"o.m": "map"})
    as_map.decode(batch_of([{"o": [{"m": {"x": 1}}]}]))

    assert as_struct.schema.field("m").type.num_fields == 100
    assert as_map.schema.field("o").type.value_type.field("m").type == pa.map_(pa.string(), pa.int64())


def test_struct_of_the_table_stays_one() -> None:
    existing = pa.schema([("m", pa.struct([("k0", pa.int64())]))])

    table, _ = decode(orders_by(100, 1_000), existing)

    assert table.schema.field("m").type.num_fields == 100


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


def test_declared_types_win_over_the_data() -> None:
    declared = {"a": "double", "lines.price": "decimal(20,4)", "ref": "string", "oid": "objectid"}
    decoder = Decoder(NOTHING, declared)

    decoded = decoder.decode(
        batch_of(
            [{"a": 1, "lines": [{"price": 2}], "ref": 7, "oid": "x"}, {"a": 2, "lines": [], "ref": "r", "oid": OID}]
        )
    )

    assert [decoder.schema.field(name).type for name in ("a", "ref")] == [pa.float64(), pa.string()]
    assert decoder.schema.field("lines").type.value_type.field("price").type == pa.decimal128(20, 4)
    assert decoded.columns["oid"].to_pylist() == [None, str(OID)]
    assert dict(decoded.rescued[0].as_py()) == {"ref": '{"$numberInt": "7"}', "oid": '"x"'}


def test_field_met_late_becomes_a_column_at_any_depth() -> None:
    decoder = Decoder(NOTHING)
    decoder.decode(batch_of([{"a": [{"x": 1}]}]))

    decoded = decoder.decode(batch_of([{"a": [{"x": 1}]}] * 50 + [{"a": [{"x": 2, "y": {"z": "new"}}], "b": True}]))

    assert decoded.columns["a"][50].as_py() == [{"x": 2, "y": {"z": "new"}}]
    assert decoder.schema.names == ["a", "b"]


def test_new_columns_are_those_that_were_agreed() -> None:
    agreed = pa.schema([("other", pa.int64()), ("v", pa.float64())])
    asked: list[pa.Schema] = []

    def agree(schema: pa.Schema) -> pa.Schema:
        asked.append(schema)
        return agreed

    decoder = Decoder(NOTHING, agree=agree)
    rows = [decoder.decode(batch_of([value])).columns.to_pylist() for value in (5, 6)]

    assert asked == [pa.schema([("v", pa.int64())])]
    assert rows == [[{"other": None, "v": 5.0}], [{"other": None, "v": 6.0}]]


def test_table_gets_no_more_than_its_most_columns() -> None:
    table, rescued = decode([{f"f{n}": n for n in range(2_005)}])

    assert len(table.schema) == 2_000
    assert rescued[0] == {f"f{n}": f'{{"$numberInt": "{n}"}}' for n in range(2_000, 2_005)}


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

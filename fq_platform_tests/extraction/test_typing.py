"""Columns follow from the data, from what the table has, and from what the sources file says."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from bson import Binary, Code, Decimal128, Int64, Regex, Timestamp

from fq_platform.extraction.decoder import Decoder
from fq_platform.extraction.kinds import DECIMAL, TIMESTAMP, kind_of
from fq_platform_tests.extraction.decoding import AT, NOTHING, OID, TYPES, batch_of, decode


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

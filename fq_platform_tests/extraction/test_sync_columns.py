"""What is landed has the columns that its documents ask for, and loses nothing of them."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import bson
import pyarrow.parquet as pq
import pytest
from bson import Decimal128, ObjectId
from pyiceberg.types import DoubleType

from fq_platform.extraction.batch import index
from fq_platform_tests.extraction.landing import DAY1, DAY2, Landing, noon

pytestmark = pytest.mark.services
OID = ObjectId("0123456789abcdef01234567")


def test_first_load_lands_every_document_with_its_types(landing: Landing) -> None:
    landing.database.things.insert_one(
        {
            "_id": OID,
            "customer": OID,
            "count": 2**62,
            "weight": 2.5,
            "price": Decimal128("12345678901234567890.123456789012"),
            "name": "Größe 🙂",
            "at": dt.datetime(2026, 1, 1, 23, 59, 59, 999_000, tzinfo=dt.UTC),
            "paid": True,
            "scan": b"\x00\xff",
            "address": {"city": "Köln", "geo": {"lat": 50.9}},
            "lines": [{"n": 1, "total": Decimal128("0.10")}, {"n": 2}],
            "tags": ["a", "b"],
            "note": None,
        }
    )
    before = dt.datetime.now(dt.UTC)

    result = landing.whole()

    row = landing.one()
    assert (result.inserted, result.updated, result.deleted, result.unchanged, result.rescued) == (1, 0, 0, 0, 0)
    assert result.documents == 1
    assert result.changed
    assert {name: value for name, value in row.items() if not name.startswith("_fq_")} == {
        "_id": "0123456789abcdef01234567",
        "customer": "0123456789abcdef01234567",
        "count": 2**62,
        "weight": 2.5,
        "price": Decimal("12345678901234567890.123456789012"),
        "name": "Größe 🙂",
        "at": dt.datetime(2026, 1, 1, 23, 59, 59, 999_000, tzinfo=dt.UTC),
        "paid": True,
        "scan": b"\x00\xff",
        "address": {"city": "Köln", "geo": {"lat": 50.9}},
        "lines": [{"n": 1, "total": Decimal("0.10")}, {"n": 2, "total": None}],
        "tags": ["a", "b"],
    }
    assert (row["_fq_op"], row["_fq_window"], row["_fq_run_id"], row["_fq_rescued"]) == ("insert", None, "run-1", {})
    assert before <= row["_fq_extracted_at"] <= dt.datetime.now(dt.UTC)
    types = {field.name: str(field.field_type) for field in landing.table("things").schema().fields}
    assert types["price"] == "decimal(38, 12)"
    assert types["at"] == "timestamptz"
    assert types["count"] == "long"
    assert re.fullmatch(r"list<struct<\d+: n: optional long, \d+: total: optional decimal\(38, 12\)>>", types["lines"])


def test_new_columns_and_nested_fields_are_added_and_older_rows_have_null_there(landing: Landing) -> None:
    things = landing.database.things
    things.insert_one({"_id": "a", "n": 1, "address": {"city": "Köln"}, "lines": [{"n": 1}]})
    landing.whole()
    things.insert_one(
        {"_id": "b", "n": 2, "vip": True, "address": {"city": "Rom", "zip": "00100"}, "lines": [{"n": 2, "sku": "x"}]}
    )

    result = landing.whole()

    assert sorted(result.schema_changes) == [
        "added address.zip: string",
        "added lines.sku: string",
        "added vip: boolean",
    ]
    live = landing.live("things")
    old, new = live[(None, "a")], live[(None, "b")]
    assert (old["vip"], old["address"], old["lines"]) == (None, {"city": "Köln", "zip": None}, [{"n": 1, "sku": None}])
    assert (new["vip"], new["address"], new["lines"]) == (
        True,
        {"city": "Rom", "zip": "00100"},
        [{"n": 2, "sku": "x"}],
    )
    assert things.count_documents({}) == len(live)


def test_null_missing_and_empty_arrays_are_told_apart_in_the_files(landing: Landing) -> None:
    lists = {"a": [{"n": 1, "tags": ["x"]}], "b": [], "c": None, "d": [{"n": 2, "tags": []}, {"n": 3, "tags": None}]}
    landing.database.things.insert_many([{"_id": key, "lines": lines} for key, lines in lists.items()])
    landing.database.things.insert_many([{"_id": "e"}, {"_id": "f", "nested": {"lines": None}}])
    landing.database.things.insert_one({"_id": "g", "nested": {"lines": [{"n": 4}]}})
    landing.whole()
    landing.database.things.delete_one({"_id": "a"})
    landing.whole()

    expected: dict[str, Any] = lists | {"e": None, "f": None, "g": None}
    live = {key: row["lines"] for (_, key), row in landing.live("things").items()}
    assert live == {key: lines for key, lines in expected.items() if key != "a"}
    in_files = [row for path in landing.data_files() for row in pq.ParquetFile(path).read().to_pylist()]
    assert {row["_id"]: row["lines"] for row in in_files if row["_fq_op"] == "insert"} == expected
    assert [row.get("lines") for row in in_files if row["_fq_op"] == "delete"] == [None]
    assert {row["_id"]: row["nested"] for row in in_files if row.get("nested")} == {
        "f": {"lines": None},
        "g": {"lines": [{"n": 4}]},
    }


def test_columns_that_come_up_batch_by_batch_land_in_one_snapshot(landing: Landing) -> None:
    landing.database.things.insert_many([{"_id": f"k{n}", f"f{n}": n, "s": {f"g{n}": n}} for n in range(4)])

    result = landing.whole(batch_bytes=1)

    assert landing.snapshots("things") == 1
    assert result.inserted == 4
    for (_, key), row in landing.live("things").items():
        assert [row[f"f{n}"] for n in range(4)] == [n if key == f"k{n}" else None for n in range(4)]
        assert [row["s"][f"g{n}"] for n in range(4)] == [n if key == f"k{n}" else None for n in range(4)]


def test_field_names_that_sql_cannot_carry_are_landed_each_in_its_own_column(landing: Landing) -> None:
    names = ["a.b", "a b", "\ufeffbom", "", "_fq_op", "_FQ_hash", "1st", "_x2e_"]
    landing.database.things.insert_one({"_id": "k"} | {name: n for n, name in enumerate(names)})

    result = landing.whole()

    row = landing.one()
    assert result.rescued == 0
    assert {name: row[name] for name in row if isinstance(row[name], int)} == {
        "a_x2e_b": 0,
        "a_x20_b": 1,
        "_xfeff_bom": 2,
        "_x_": 3,
        "_x5f_fq_op": 4,
        "_x5f_FQ_hash": 5,
        "_x31_st": 6,
        "_x5f_x2e_": 7,
    }
    assert row["_fq_op"] == "insert"


def test_fields_that_differ_by_case_only_share_no_column_and_lose_nothing(landing: Landing) -> None:
    landing.database.things.insert_one({"_id": "a", "name": "lower", "Name": "upper", "_ID": 5, "s": {"x": 1, "X": 2}})

    result = landing.whole()

    row = landing.one()
    assert (row["name"], row["s"]) == ("lower", {"x": 1})
    assert row["_fq_rescued"] == {"Name": '"upper"', "_ID": '{"$numberInt": "5"}', "s.X": '{"$numberInt": "2"}'}
    assert result.rescued == 3
    columns = [name.lower() for name in landing.table("things").schema().column_names]
    assert len(columns) == len(set(columns))


def test_ids_of_every_type_are_distinct_documents(landing: Landing) -> None:
    ids = [
        1,
        "1",
        2.5,
        OID,
        str(OID),
        {"a": 1},
        '{"a": {"$numberInt": "1"}}',
        True,
        "true",
        None,
        "null",
        b"x",
        noon(DAY1),
    ]
    landing.database.things.insert_many([{"_id": key, "n": n} for n, key in enumerate(ids)])

    assert landing.whole().inserted == len(ids)
    assert sorted(row["n"] for row in landing.live("things").values()) == list(range(len(ids)))
    assert landing.whole().unchanged == len(ids)


def test_documents_are_kept_byte_for_byte_where_that_is_wanted(landing: Landing) -> None:
    things = landing.database.things
    things.insert_many([{"_id": "a", "n": 1}, {"_id": "b", "n": [1, {"x": None}]}])
    landing.whole()
    things.insert_one({"_id": "c", "n": 3})
    things.update_one({"_id": "a"}, {"$set": {"n": 2}})

    landing.whole(keep_document=True)

    kept = {row["_id"]: row["_fq_document"] for row in landing.live("things").values()}
    encoded = {document["_id"]: bson.encode(document) for document in things.find()}
    assert kept == {"a": encoded["a"], "b": None, "c": encoded["c"]}
    hashes = {row["_id"]: row["_fq_hash"] for row in landing.live("things").values()}
    assert hashes == {key: index(document).hashes.tobytes() for key, document in encoded.items()}
    assert not landing.whole(keep_document=True).changed


def test_null_and_missing_fields_are_told_apart(landing: Landing) -> None:
    landing.database.things.insert_many(
        [{"_id": "a", "n": None, "s": {"m": None}}, {"_id": "b"}, {"_id": "c", "n": 1, "s": {"m": 1}}]
    )

    landing.whole()

    assert {row["_id"]: row["_fq_nulls"] for row in landing.rows("things")} == {"a": ["n", "s.m"], "b": None, "c": None}


def test_columns_of_a_first_landing_are_no_change_and_later_ones_are(landing: Landing) -> None:
    landing.database.things.insert_one({"_id": "a", "n": 1})
    assert landing.whole().schema_changes == []
    landing.database.things.insert_one({"_id": "b", "owner": OID})

    assert landing.whole().schema_changes == ["added owner: string (objectid)"]


def test_types_that_the_sources_file_names_are_heeded(landing: Landing) -> None:
    landing.database.things.insert_one({"_id": "a", "price": 1})

    landing.whole(types={"price": "decimal"})

    assert landing.one()["price"] == Decimal(1)


def test_types_follow_the_whole_collection_whichever_day_is_landed_first(landing: Landing) -> None:
    odd = {"_id": "odd", "at": noon(DAY1), "v": 1}
    usual = [{"_id": f"usual-{n}", "at": noon(DAY2), "v": n + 0.5} for n in range(20)]
    landing.database.orders.insert_many([odd, *usual])

    first = landing.by_day(DAY1)
    second = landing.by_day(DAY2)

    assert (first.inserted, second.inserted, second.rescued) == (1, 20, 0)
    assert [row["v"] for row in landing.rows("orders") if row["_id"] == "odd"] == [1.0]
    assert landing.table("orders").schema().find_type("v") == DoubleType()

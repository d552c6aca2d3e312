"""The lake agrees with the source after every sync, and a sync appends only what differs."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import bson
import pyarrow.parquet as pq
import pytest
from bson import Decimal128, ObjectId
from pyiceberg.types import DoubleType

from fq_platform.errors import FqError
from fq_platform.extraction.batch import index
from fq_platform.extraction.reading import read
from fq_platform.extraction.sync import Progress
from fq_platform.extraction.windows import Window
from fq_platform_tests.extraction.landing import DAY1, DAY2, DAY3, Landing, noon

pytestmark = pytest.mark.services
OID = ObjectId("0123456789abcdef01234567")


def operations(landing: Landing, collection: str = "orders") -> list[tuple[str, dt.date | None, str]]:
    return [(row["_id"], row["_fq_window"], row["_fq_op"]) for row in landing.rows(collection)]


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


def test_rerun_appends_nothing_and_leaves_no_file_behind(landing: Landing) -> None:
    landing.database.orders.insert_many([{"_id": n, "at": noon(DAY1), "total": n} for n in range(5)])
    first = landing.by_day(DAY1)
    files = landing.files()

    again = landing.by_day(DAY1, run_id="run-2")

    assert (again.inserted, again.updated, again.deleted, again.unchanged) == (0, 0, 0, 5)
    assert not again.changed
    assert again.snapshot_id == first.snapshot_id
    assert landing.snapshots("orders") == 1
    assert landing.files() == files


def test_changed_document_is_appended_as_update_and_only_that_one(landing: Landing) -> None:
    landing.database.orders.insert_many([{"_id": n, "at": noon(DAY1), "total": n} for n in range(3)])
    landing.by_day(DAY1)
    landing.database.orders.update_one({"_id": 1}, {"$set": {"total": 100}})

    result = landing.by_day(DAY1, run_id="run-2")

    assert (result.inserted, result.updated, result.deleted, result.unchanged) == (0, 1, 0, 2)
    newest = landing.rows("orders")[-1]
    assert (newest["_fq_op"], newest["total"], newest["_fq_run_id"]) == ("update", 100, "run-2")
    assert sorted(row["total"] for row in landing.live("orders").values()) == [0, 2, 100]


def test_value_that_changes_its_type_only_is_an_update(landing: Landing) -> None:
    landing.database.things.insert_one({"_id": 1, "n": 5})
    landing.whole()
    landing.database.things.replace_one({"_id": 1}, {"n": 5.0})

    assert landing.whole().updated == 1
    assert landing.one()["n"] == 5


def test_deleted_document_becomes_a_tombstone_and_can_come_back(landing: Landing) -> None:
    orders = landing.database.orders
    orders.insert_many([{"_id": "a", "at": noon(DAY2), "total": 1}, {"_id": "b", "at": noon(DAY2), "total": 2}])
    landing.by_day(DAY2)
    orders.delete_one({"_id": "a"})

    result = landing.by_day(DAY2)

    tombstone = landing.rows("orders")[-1]
    assert (result.deleted, result.unchanged) == (1, 1)
    filled = {name: value for name, value in tombstone.items() if value not in (None, {}) and name[:4] != "_fq_"}
    assert (tombstone["_fq_op"], tombstone["_fq_window"], filled) == ("delete", DAY2, {"_id": "a"})
    assert tombstone["_fq_hash"] is None
    assert set(landing.live("orders")) == {(DAY2, "b")}

    orders.insert_one({"_id": "a", "at": noon(DAY2), "total": 1})
    back = landing.by_day(DAY2)

    assert (back.inserted, back.updated, back.unchanged) == (1, 0, 1)
    assert [row["_fq_op"] for row in landing.rows("orders") if row["_id"] == "a"] == ["insert", "delete", "insert"]
    assert landing.live("orders")[(DAY2, "a")]["total"] == 1
    assert not landing.by_day(DAY2).changed


@pytest.mark.parametrize("order", [(DAY2, DAY3), (DAY3, DAY2)], ids=["old day first", "new day first"])
def test_document_moved_to_another_day_lives_in_one_window(landing: Landing, order: tuple[dt.date, dt.date]) -> None:
    landing.database.orders.insert_one({"_id": "a", "at": noon(DAY2)})
    landing.by_day(DAY1, DAY3)
    landing.database.orders.update_one({"_id": "a"}, {"$set": {"at": noon(DAY3)}})

    results = {day: landing.by_day(day) for day in order}

    assert (results[DAY2].deleted, results[DAY2].inserted) == (1, 0)
    assert (results[DAY3].deleted, results[DAY3].inserted) == (0, 1)
    assert set(landing.live("orders")) == {(DAY3, "a")}
    assert not landing.by_day(DAY1, DAY3).changed


def test_range_of_days_is_one_snapshot_that_says_what_was_done(landing: Landing) -> None:
    landing.database.orders.insert_many([{"_id": n, "at": noon(day)} for n, day in enumerate([DAY1, DAY2, DAY2])])

    result = landing.by_day(DAY1, DAY3, run_id="run-7", partition=f"{DAY1}...{DAY3}")

    assert landing.snapshots("orders") == 1
    snapshot = landing.table("orders").current_snapshot()
    assert snapshot is not None
    assert snapshot.snapshot_id == result.snapshot_id
    assert snapshot.summary is not None
    summary = snapshot.summary.additional_properties
    assert {name: value for name, value in summary.items() if name.startswith("fq.")} == {
        "fq.run-id": "run-7",
        "fq.partition": "2026-01-01...2026-01-03",
        "fq.inserted": "3",
        "fq.updated": "0",
        "fq.deleted": "0",
        "fq.unchanged": "0",
        "fq.rescued": "0",
    }
    assert summary["added-records"] == "3"
    assert result.bytes == sum(path.stat().st_size for path in landing.data_files())
    assert sorted(landing.live("orders")) == [(DAY1, "0"), (DAY2, "1"), (DAY2, "2")]


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


def test_clock_that_runs_backwards_does_not_bring_old_versions_back(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    things = landing.database.things
    things.insert_one({"_id": "a", "n": 1})
    landing.whole()

    monkeypatch.setattr("fq_platform.extraction.unit.time", SimpleNamespace(time_ns=lambda: 10**18))
    things.update_one({"_id": "a"}, {"$set": {"n": 2}})
    landing.whole()
    assert landing.one()["n"] == 2
    things.delete_one({"_id": "a"})
    landing.whole()
    assert landing.live("things") == {}
    times = [row["_fq_extracted_at"] for row in landing.rows("things")]
    assert times == sorted(set(times))


def test_empty_collection_makes_an_empty_table_and_no_snapshot(landing: Landing) -> None:
    landing.database.create_collection("things")

    result = landing.whole()

    assert (result.changed, result.documents, result.snapshot_id) == (False, 0, None)
    assert landing.rows("things") == []


def test_emptied_collection_leaves_tombstones_only(landing: Landing) -> None:
    landing.database.things.insert_many([{"_id": n} for n in range(3)])
    landing.whole()
    landing.database.things.delete_many({})

    assert landing.whole().deleted == 3
    assert landing.live("things") == {}


def test_collection_that_does_not_exist_is_named_with_similar_ones_and_deletes_nothing(landing: Landing) -> None:
    landing.database.things.insert_one({"_id": 1})
    landing.whole()
    landing.database.drop_collection("things")
    landing.database.thing.insert_one({"_id": 1})

    with pytest.raises(FqError) as error:
        landing.whole()

    assert f"The collection 'things' does not exist in the database '{landing.database.name}'" in str(error.value)
    assert "It has thing. Correct the name" in error.value.fix
    assert len(landing.live("things")) == 1


def test_collection_of_a_database_without_any_says_so(landing: Landing) -> None:
    with pytest.raises(FqError, match="It has no collections at all"):
        landing.whole()


def test_collection_partitioned_otherwise_than_its_table_is_refused(landing: Landing) -> None:
    landing.database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
    landing.by_day(DAY1)

    with pytest.raises(FqError, match=r"declared not partitioned, but its table is daily.*iceberg\.raw\.app_orders"):
        landing.whole("orders")


def test_ranges_are_compared_each_alone_and_deletions_found_in_each(landing: Landing) -> None:
    things = landing.database.things
    ids = [f"k{n:03}" for n in range(200)]
    things.insert_many([{"_id": key, "n": 1} for key in ids])
    first = landing.whole(range_documents=20, workers=3)
    gone, changed = ids[5::25], ids[6::25]
    things.delete_many({"_id": {"$in": gone}})
    things.update_many({"_id": {"$in": changed}}, {"$set": {"n": 2}})
    things.insert_many([{"_id": f"{key}+", "n": 3} for key in ids[7::25]])
    units: list[int] = []

    result = landing.whole(
        range_documents=20, workers=3, on_progress=lambda progress: units.append(progress.units), run_id="run-2"
    )

    assert units[0] > 5
    assert (first.inserted, landing.snapshots("things")) == (200, 2)
    assert (result.inserted, result.updated, result.deleted, result.unchanged) == (8, 8, 8, 184)
    assert result.by_day.keys() == {None}
    assert {row["_id"] for row in landing.rows("things") if row["_fq_op"] == "delete"} == set(gone)
    live = {key: row["n"] for (_, key), row in landing.live("things").items()}
    assert live == {document["_id"]: document["n"] for document in things.find()}
    assert not landing.whole(range_documents=20, workers=3).changed
    assert not landing.whole().changed


def test_days_are_landed_by_several_workers_as_by_one(landing: Landing) -> None:
    landing.database.orders.insert_many(
        [{"_id": n, "at": noon(DAY1 + n % 10 * (DAY2 - DAY1)), f"field{n % 7}": n} for n in range(100)]
    )
    last = DAY1 + 9 * (DAY2 - DAY1)

    result = landing.by_day(DAY1, last, workers=4)

    assert (result.inserted, len(result.by_day), landing.snapshots("orders")) == (100, 10, 1)
    assert {counts.inserted for counts in result.by_day.values()} == {10}
    rows = {row["_id"]: row for row in landing.rows("orders")}
    assert all(rows[str(n)][f"field{m}"] == (n if n % 7 == m else None) for n in range(100) for m in range(7))
    assert not landing.by_day(DAY1, last, workers=1).changed


def test_progress_adds_up(landing: Landing) -> None:
    landing.database.orders.insert_many([{"_id": n, "at": noon(day)} for n, day in enumerate([DAY1, DAY2, DAY2])])
    landing.by_day(DAY1, DAY2)
    landing.database.orders.insert_one({"_id": 9, "at": noon(DAY3)})
    landing.database.orders.update_one({"_id": 0}, {"$set": {"n": 1}})
    told: list[Progress] = []

    landing.by_day(DAY1, DAY3, on_progress=told.append)

    done = [progress.units_done for progress in told]
    assert done == sorted(done)
    assert replace(told[-1], window="") == Progress(
        window="", documents=4, inserted=1, updated=1, unchanged=2, units_done=3, units=3
    )
    assert {progress.window for progress in told} == {str(DAY1), str(DAY2), str(DAY3)}


def test_error_in_one_unit_ends_all_and_leaves_nothing(landing: Landing) -> None:
    landing.database.orders.insert_many([{"_id": n, "at": noon(day)} for n, day in enumerate([DAY1, DAY2, DAY3])])
    told: list[Progress] = []

    def fail_late(progress: Progress) -> None:
        told.append(progress)
        if len(told) == 2:
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        landing.by_day(DAY1, DAY3, workers=1, on_progress=fail_late)

    assert landing.data_files() == set()
    assert landing.snapshots("orders") == 0
    assert landing.by_day(DAY1, DAY3).inserted == 3


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


def test_neighbouring_window_committed_meanwhile_is_no_reason_to_compare_again(
    landing: Landing, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing.database.orders.insert_many([{"_id": n, "at": noon(day)} for n, day in enumerate([DAY1, DAY2])])
    landing.by_day(DAY3)
    landing.by_day(DAY1, DAY2)
    landing.database.orders.insert_many([{"_id": n + 10, "at": noon(day)} for n, day in enumerate([DAY1, DAY2])])
    reads = counted_reads(monkeypatch)

    def meanwhile(progress: Progress) -> None:
        if progress.units_done == 1 and landing.snapshots("orders") == 1:
            landing.by_day(DAY2)

    result = landing.by_day(DAY1, on_progress=meanwhile, run_id="run-2")

    assert (result.inserted, landing.snapshots("orders")) == (1, 3)
    assert reads == [DAY1, DAY2]
    assert set(landing.live("orders")) == {(DAY1, "0"), (DAY1, "10"), (DAY2, "1"), (DAY2, "11")}


def test_same_window_committed_meanwhile_is_compared_again(landing: Landing, monkeypatch: pytest.MonkeyPatch) -> None:
    landing.database.orders.insert_one({"_id": 0, "at": noon(DAY1)})
    landing.by_day(DAY1)
    landing.database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
    reads = counted_reads(monkeypatch)

    def meanwhile(progress: Progress) -> None:
        if progress.units_done == 1 and landing.snapshots("orders") == 1:
            landing.by_day(DAY1)

    result = landing.by_day(DAY1, on_progress=meanwhile, run_id="run-2")

    assert (result.inserted, result.unchanged, landing.snapshots("orders")) == (0, 2, 2)
    assert reads == [DAY1, DAY1, DAY1]
    assert len(landing.rows("orders")) == 2


def counted_reads(monkeypatch: pytest.MonkeyPatch) -> list[dt.date | None]:
    """Which windows are read from now on."""
    reads: list[dt.date | None] = []

    def counted(collection: Any, window: Window, range_: Any, options: Any) -> Iterator[bytes]:
        reads.append(window.day)
        return read(collection, window, range_, options)

    monkeypatch.setattr("fq_platform.extraction.unit.read", counted)
    return reads


def test_types_follow_the_whole_collection_whichever_day_is_landed_first(landing: Landing) -> None:
    odd = {"_id": "odd", "at": noon(DAY1), "v": 1}
    usual = [{"_id": f"usual-{n}", "at": noon(DAY2), "v": n + 0.5} for n in range(20)]
    landing.database.orders.insert_many([odd, *usual])

    first = landing.by_day(DAY1)
    second = landing.by_day(DAY2)

    assert (first.inserted, second.inserted, second.rescued) == (1, 20, 0)
    assert [row["v"] for row in landing.rows("orders") if row["_id"] == "odd"] == [1.0]
    assert landing.table("orders").schema().find_type("v") == DoubleType()

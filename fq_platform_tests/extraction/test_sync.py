"""The lake agrees with the source after every sync, and a sync appends only what differs."""

import datetime as dt
from types import SimpleNamespace

import pytest
from bson import ObjectId

from fq_platform.errors import FqError
from fq_platform_tests.extraction.landing import DAY1, DAY2, DAY3, Landing, noon

pytestmark = pytest.mark.services
OID = ObjectId("0123456789abcdef01234567")


def operations(landing: Landing, collection: str = "orders") -> list[tuple[str, dt.date | None, str]]:
    return [(row["_id"], row["_fq_window"], row["_fq_op"]) for row in landing.rows(collection)]


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

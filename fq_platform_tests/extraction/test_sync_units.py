"""Windows and ranges are landed at the same time, beside other runs, and end as one commit or none."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from bson import ObjectId

from fq_platform.extraction.reading import read
from fq_platform.extraction.sync import Progress
from fq_platform.extraction.windows import Window
from fq_platform_tests.extraction.landing import DAY1, DAY2, DAY3, Landing, noon

pytestmark = pytest.mark.services
OID = ObjectId("0123456789abcdef01234567")


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

    monkeypatch.setattr("fq_platform.extraction.documents.read", counted)
    return reads

"""Tests that the replay server speaks MongoDB's protocol with a real driver, and that a sync lands all it has."""

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure

from benchmarks.documents import DATE_FIELD, START
from benchmarks.lake import Lake
from benchmarks.processes import Replay, replay

pytestmark = pytest.mark.services

COUNT = 70_000
"""More documents than a template has, and more than fit into one reply."""


@pytest.fixture(scope="module")
def server() -> Iterator[Replay]:
    with replay([f"clean_{COUNT}", "mixed_2000"]) as running:
        yield running


@pytest.fixture
def database(server: Replay) -> Iterator[Database[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](server.uri, tz_aware=True) as client:
        yield client["replay"]


def test_collections_and_their_sizes_are_told(database: Database[dict[str, Any]]) -> None:
    assert database.list_collection_names() == [f"clean_{COUNT}", "mixed_2000"]
    assert database["mixed_2000"].estimated_document_count() == 2_000
    assert database["mixed_2000"].count_documents({DATE_FIELD: {"$lt": START + dt.timedelta(days=15)}}) == 1_000


def test_all_documents_come_once_in_order(database: Database[dict[str, Any]]) -> None:
    batches = [bytes(batch) for batch in database[f"clean_{COUNT}"].find_raw_batches(sort=[("_id", 1)])]  # type: ignore[call-overload]
    documents = [document for batch in batches for document in bson.decode_all(batch)]

    assert len(batches) == 3  # 101 documents, 16 MiB, the rest
    assert [document["order_no"] for document in documents] == list(range(COUNT))
    assert len({document["_id"] for document in documents}) == COUNT


def test_batches_have_the_size_that_was_asked_for(database: Database[dict[str, Any]]) -> None:
    batches = database["mixed_2000"].find_raw_batches(batch_size=600)

    assert [len(bson.decode_all(bytes(batch), _ANY_DATE)) for batch in batches] == [600, 600, 600, 200]  # type: ignore[call-overload]


_ANY_DATE: Any = bson.CodecOptions(datetime_conversion=bson.DatetimeConversion.DATETIME_AUTO)


def test_range_of_ids_holds_what_it_says(database: Database[dict[str, Any]]) -> None:
    clean = database[f"clean_{COUNT}"]
    sample = [found["_id"] for found in clean.aggregate([{"$sample": {"size": 20}}, {"$project": {"_id": 1}}])]
    low, high = min(sample), max(sample)
    found = [document["_id"] for document in clean.find({"_id": {"$gte": low, "$lt": high}}, batch_size=10_000)]

    assert len(set(sample)) == 20
    assert found[0] == low
    assert found == sorted(found)
    assert all(low <= key < high for key in found)
    assert clean.count_documents({"_id": {"$gte": low, "$lt": high}}) == len(found)


def test_connections_read_at_once(server: Replay) -> None:
    counts: list[int] = []

    def read() -> None:
        with MongoClient[dict[str, Any]](server.uri) as client:
            counts.append(sum(1 for _ in client["replay"][f"clean_{COUNT}"].find(batch_size=7_000)))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert counts == [COUNT] * 3


def test_what_the_server_cannot_do_is_an_error(database: Database[dict[str, Any]]) -> None:
    with pytest.raises(OperationFailure, match="status"):
        database["mixed_2000"].find_one({"status": "paid"})
    with pytest.raises(OperationFailure, match="insert"):
        database["mixed_2000"].insert_one({})


@pytest.mark.parametrize("by_day", [False, True])
def test_sync_lands_every_document(server: Replay, tmp_path: Path, by_day: bool) -> None:
    lake = Lake(server.uri, tmp_path)

    first = lake.sync("mixed_2000", by_day=by_day, range_documents=500)
    again = lake.sync("mixed_2000", by_day=by_day, range_documents=500)

    rows = lake.table("mixed_2000").scan(selected_fields=("_id", "order_no", "_fq_rescued")).to_arrow().to_pylist()
    assert (first.inserted, first.rescued) == (2_000, 20)
    assert (again.unchanged, again.inserted, again.bytes) == (2_000, 0, 0)
    assert len({row["_id"] for row in rows}) == len(rows) == 2_000
    assert sorted(row["order_no"] for row in rows) == list(range(2_000))
    assert sum(row["_fq_rescued"] is not None for row in rows) == 20
    assert lake.snapshots("mixed_2000") == 1

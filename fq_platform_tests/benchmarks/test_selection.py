"""Tests that the replay server's filters select what MongoDB's would."""

import datetime as dt
import itertools
from random import Random
from typing import Any

import bson
import numpy as np
import pytest
from bson import MaxKey, MinKey, ObjectId
from bson.datetime_ms import DatetimeMS

from benchmarks.collection import BATCH_BYTES, ReplayCollection, Template
from benchmarks.documents import DATE_FIELD, DAYS, START, encoded, mixed, order
from benchmarks.selection import UnknownFilterError, clip, complement, select, size, union

COUNT = 3_000


def day(number: int) -> DatetimeMS:
    """The beginning of a day, as the server decodes dates."""
    return DatetimeMS(START + dt.timedelta(days=number))


@pytest.fixture(scope="module")
def collection() -> ReplayCollection:
    """More documents than its template has."""
    documents = list(encoded("clean", 700))
    starts = np.cumsum([0, *map(len, documents)], dtype=np.int64)
    return ReplayCollection("clean_3000", COUNT, Template(np.frombuffer(b"".join(documents), np.uint8), starts))


def test_ids_and_dates_ascend_with_the_number(collection: ReplayCollection) -> None:
    ids = [collection.object_id(number) for number in range(COUNT)]
    dates = [collection.date(number) for number in range(COUNT)]

    assert ids == sorted(set(ids))
    assert dates == sorted(dates)
    assert dates[0] == day(0)
    assert dates[-1] < day(DAYS)


def test_half_open_ranges_of_ids_divide_the_collection(collection: ReplayCollection) -> None:
    first, second = collection.object_id(1_000), collection.object_id(1_001)

    assert select(collection, {"_id": {"$lt": first}}) == [(0, 1_000)]
    assert select(collection, {"_id": {"$gte": first, "$lt": second}}) == [(1_000, 1_001)]
    assert select(collection, {"_id": {"$gt": first}}) == [(1_001, COUNT)]
    assert select(collection, {"_id": {"$lte": first}}) == [(0, 1_001)]
    assert select(collection, {"_id": first}) == [(1_000, 1_001)]


def test_days_divide_the_collection(collection: ReplayCollection) -> None:
    days = [day(number) for number in range(DAYS + 1)]
    runs = [select(collection, {DATE_FIELD: {"$gte": begin, "$lt": end}}) for begin, end in itertools.pairwise(days)]

    assert [run for found in runs for run in found] == [(k * 100, k * 100 + 100) for k in range(DAYS)]


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ({}, COUNT),
        ({"_id": {"$type": ["int", "string"]}}, 0),
        ({"_id": {"$type": "objectId"}}, COUNT),
        ({"_id": {"$gte": "text"}}, 0),
        ({"_id": {"$gte": MinKey(), "$lt": MaxKey()}}, COUNT),
        ({"_id": {"$lt": MinKey()}}, 0),
        ({"_id": None}, 0),
        ({"_id": {"$gte": ObjectId(b"\xff" * 12)}}, 0),
        ({"_id": {"$not": {"$type": "objectId"}}}, 0),
        ({DATE_FIELD: {"$type": "array"}}, 0),
        ({"$nor": [{DATE_FIELD: {"$gte": day(1)}}]}, 100),
        ({"$or": [{DATE_FIELD: {"$lt": day(0)}}, {DATE_FIELD: {"$gte": day(29)}}]}, 100),
        ({"$and": [{"_id": {"$type": "objectId"}}, {DATE_FIELD: {"$lt": day(2)}}]}, 200),
    ],
)
def test_types_brackets_and_logic(collection: ReplayCollection, filter_: dict[str, Any], expected: int) -> None:
    assert size(select(collection, filter_)) == expected


def test_filter_that_is_not_understood_is_refused(collection: ReplayCollection) -> None:
    with pytest.raises(UnknownFilterError, match="status"):
        select(collection, {"status": "paid"})
    with pytest.raises(UnknownFilterError, match="mod"):
        select(collection, {"_id": {"$mod": [2, 0]}})


def test_runs_join_part_and_are_cut() -> None:
    assert union([(0, 3), (8, 9)], [(3, 5)]) == [(0, 5), (8, 9)]
    assert complement([(2, 4), (6, 7)], [(0, 9)]) == [(0, 2), (4, 6), (7, 9)]
    assert clip([(0, 3), (5, 9)], skip=2, limit=3) == [(2, 3), (5, 7)]
    assert clip([(0, 3), (5, 9)], skip=4, limit=0) == [(6, 9)]


def test_batch_holds_what_fits_into_a_reply(collection: ReplayCollection) -> None:
    large = ReplayCollection("clean_200000", 200_000, collection.template)
    end = large.batch_end(10, 200_000, 2**31)
    size_of = large.bytes_before(end) - large.bytes_before(10)

    assert BATCH_BYTES - 10_000 < size_of + 8 * (end - 10) <= BATCH_BYTES
    assert large.batch_end(10, 200_000, 50) == 60
    assert large.batch_end(199_990, 200_000, 50) == 200_000


def test_batch_is_an_array_of_documents_with_identities_of_their_own(collection: ReplayCollection) -> None:
    batch = collection.batch(690, 1_800)
    array = bson.decode(bytes(batch[: int.from_bytes(batch[:4], "little")]))

    assert list(array) == [str(position) for position in range(1_110)]
    assert [document["_id"] for document in array.values()] == [collection.object_id(n) for n in range(690, 1_800)]
    assert [document["order_no"] for document in array.values()] == list(range(690, 1_800))
    assert DatetimeMS(array["1109"][DATE_FIELD]) == collection.date(1_799)
    assert array["10"]["items"] == array["710"]["items"]  # the template begins anew every 700 documents


def test_one_in_a_hundred_is_mixed_in_every_way() -> None:
    pairs = list(zip(encoded("clean", 1_000), encoded("mixed", 1_000), strict=True))
    different = [number for number, (clean, dirty) in enumerate(pairs) if clean != dirty]

    assert different == list(range(99, 1_000, 100))
    kinds = {type(mixed(order(0, Random(1)), kind)["total"]).__name__ for kind in range(5)}
    assert kinds == {"Decimal128", "str"}
    average = sum(len(clean) for clean, _ in pairs) / len(pairs)
    assert average == pytest.approx(350, abs=10)

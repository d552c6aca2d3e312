"""Ranges hold every `_id` once, as the server finds them and as keys tell it."""

import contextlib
import datetime as dt
import math
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import bson
import numpy as np
import pyarrow as pa
import pytest
from bson import Binary, Code, Decimal128, Int64, MaxKey, MinKey, ObjectId, Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from fq_platform.extraction.brackets import Bracket, beyond, bracket_of, sort_key
from fq_platform.extraction.codec import CODEC
from fq_platform.extraction.keys import document_key
from fq_platform.extraction.ranges import Range, assign, plan
from fq_platform.extraction.windows import Window
from fq_platform_tests.extraction.landing import DAY1, DAY2, START, noon

OIDS = [ObjectId(f"{number:024x}") for number in (0, 1, 2**40, 2**90, 2**96 - 1)]
UUIDS = [Binary(uuid.UUID(int=number).bytes, 4) for number in (0, 7, 2**60, 2**127, 2**128 - 1)]
NUMBERS = [-math.inf, -1e300, -(2**63), -5.5, -5, 0, Decimal128("0.5"), 3, Decimal128("7.25"), 2**53 + 1, 2**63 - 1]
NUMBERS += [2.0**63, Decimal128("1E+6000"), math.inf]
STRINGS = ["", "0", "5", "A", "a", "b\x00", "é", "\uffff", "\U0001f600", OIDS[1].__str__(), "null", '{"a": 1}', "["]
OTHERS = [
    MinKey(),
    None,
    math.nan,
    {},
    {"a": 1},
    {"a": "b", "c": [1]},
    False,
    True,
    dt.datetime(1960, 1, 1, tzinfo=dt.UTC),
    dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    Timestamp(1, 2),
    Code("x"),
    MaxKey(),
]
BINARIES = [b"", b"abc", Binary(b"abd", 5), Binary(b"short", 4), Binary(b"\x01" * 16, 3)]

RANGES = [
    Range(Bracket.NUMBER, None, -5),
    Range(Bracket.NUMBER, -5, 3),
    Range(Bracket.NUMBER, 3, 2**53 + 1),
    Range(Bracket.NUMBER, 2**53 + 1, None),
    Range(Bracket.STRING, None, "5"),
    Range(Bracket.STRING, "5", "a"),
    Range(Bracket.STRING, "a", "é"),
    Range(Bracket.STRING, "é", "\uffff"),
    Range(Bracket.STRING, "\uffff", None),
    Range(Bracket.BINARY, None, UUIDS[2]),
    Range(Bracket.BINARY, UUIDS[2], UUIDS[3]),
    Range(Bracket.BINARY, UUIDS[3], None),
    Range(Bracket.OBJECT_ID, None, OIDS[1]),
    Range(Bracket.OBJECT_ID, OIDS[1], OIDS[3]),
    Range(Bracket.OBJECT_ID, OIDS[3], None),
    Range(divided=frozenset(Bracket)),
]


def keys(ids: Iterable[Any]) -> pa.Array:
    return pa.array([document_key(value) for value in ids], pa.string())


def fill(database: Database[dict[str, Any]], ids: Iterable[Any]) -> Collection[dict[str, Any]]:
    database.things.insert_many([{"_id": value} for value in ids])
    return database.get_collection("things", codec_options=CODEC)


def found_by(collection: Collection[dict[str, Any]], ranges: Sequence[Range]) -> dict[str, list[int]]:
    """For each key the numbers of the ranges whose filters find it."""
    found: dict[str, list[int]] = {document_key(document["_id"]): [] for document in collection.find()}
    for number, range_ in enumerate(ranges):
        for document in collection.find(range_.filter):
            found[document_key(document["_id"])].append(number)
    return found


@pytest.mark.services
def test_server_finds_each_document_in_the_one_range_that_its_key_is_assigned_to(
    mongo_database: Database[dict[str, Any]],
) -> None:
    ids = [*OIDS, *UUIDS, *NUMBERS, *STRINGS, *OTHERS]
    collection = fill(mongo_database, ids)

    found = found_by(collection, RANGES)

    assigned = assign(RANGES, keys(ids))
    assert found == {key: [number] for key, number in zip(keys(ids).to_pylist(), assigned.tolist(), strict=True)}
    assert assigned.dtype == np.int32
    assert set(assigned.tolist()) == set(range(len(RANGES)))
    assert {bracket_of(value) for value in OTHERS} == {None}


@pytest.mark.services
@pytest.mark.parametrize("divided", [[], [Bracket.NUMBER], [Bracket.STRING], [Bracket.BINARY], [Bracket.OBJECT_ID]])
def test_rest_takes_every_kind_that_is_not_divided(
    mongo_database: Database[dict[str, Any]], divided: list[Bracket]
) -> None:
    ids = [*OIDS, *UUIDS, *NUMBERS, *STRINGS, *OTHERS, *BINARIES]
    collection = fill(mongo_database, ids)
    ranges = [*(range_ for range_ in RANGES if range_.bracket in divided), Range(divided=frozenset(divided))]
    ranges = [Range(bracket) for bracket in divided] + ranges[-1:] if divided == [Bracket.BINARY] else ranges

    found = found_by(collection, ranges)

    assigned = assign(ranges, keys(ids)).tolist()
    assert found == {key: [number] for key, number in zip(keys(ids).to_pylist(), assigned, strict=True)}
    assert assigned.count(len(ranges) - 1) == sum(bracket_of(value) not in divided for value in ids)


@pytest.mark.services
def test_what_comes_after_an_id_is_what_the_server_sorts_after_it(mongo_database: Database[dict[str, Any]]) -> None:
    collection = fill(mongo_database, [*OIDS, *UUIDS, *NUMBERS, *STRINGS, *OTHERS])
    ordered = [document["_id"] for document in collection.find().sort("_id")]

    for position, last in enumerate(ordered):
        after = [document["_id"] for document in collection.find(Range.everything().after(last)).sort("_id")]
        assert list(map(document_key, after)) == list(map(document_key, ordered[position + 1 :]))


@pytest.mark.services
def test_rest_of_a_range_ends_where_the_range_ends(mongo_database: Database[dict[str, Any]]) -> None:
    collection = fill(mongo_database, [*range(10), "a", "b", True])

    def after(range_: Range, last: Any) -> list[Any]:
        return [document["_id"] for document in collection.find(range_.after(last)).sort("_id")]

    assert after(Range(Bracket.NUMBER, 2, 6), 3) == [4, 5]
    assert after(Range(Bracket.STRING, None, "b"), "a") == []
    assert after(Range(divided=frozenset({Bracket.NUMBER})), "a") == ["b", True]


def test_what_comes_after_a_text_that_is_not_unicode_cannot_be_asked_for() -> None:
    with pytest.raises(UnicodeEncodeError):
        beyond("\udcff")


NUMBER_IDS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-9, 9),
    st.floats(allow_nan=False),
    st.integers(-90, 90).map(lambda tenths: tenths / 10),
    st.decimals(-9, 9, places=3).map(Decimal128),
)
STRING_IDS = st.text(max_size=3) | st.text("0123456789abcdef", max_size=25) | st.sampled_from(STRINGS)
BINARY_IDS = st.uuids().map(lambda value: Binary(value.bytes, 4)) | st.binary(max_size=17).map(lambda b: Binary(b, 5))
OID_IDS = st.binary(min_size=12, max_size=12).map(ObjectId)
OTHER_IDS = st.sampled_from(OTHERS) | st.dictionaries(st.text("ab", max_size=2), st.integers(0, 3), max_size=2)
SPLITS = {
    Bracket.NUMBER: st.integers(-(2**63), 2**63 - 1) | st.integers(-9, 9),
    Bracket.STRING: STRING_IDS,
    Bracket.BINARY: st.uuids().map(lambda value: Binary(value.bytes, 4)),
    Bracket.OBJECT_ID: OID_IDS,
}


@st.composite
def plans(draw: st.DrawFn) -> list[Range]:
    ranges: list[Range] = []
    divided = draw(st.sets(st.sampled_from(list(Bracket))))
    for bracket in divided:
        points = draw(st.lists(SPLITS[bracket], max_size=5, unique_by=sort_key).map(lambda p: sorted(p, key=sort_key)))
        ranges += [Range(bracket, *ends) for ends in zip([None, *points], [*points, None], strict=True)]
    return [*ranges, Range(divided=frozenset(divided))]


@given(plans(), st.lists(st.one_of(NUMBER_IDS, STRING_IDS, BINARY_IDS, OID_IDS, OTHER_IDS), max_size=30))
def test_assignment_is_the_order_of_the_brackets(ranges: list[Range], ids: list[Any]) -> None:
    def belongs(value: Any, range_: Range) -> bool:
        bracket = bracket_of(value)
        if range_.bracket is None:
            return bracket not in range_.divided
        reached = range_.low is None or (bracket is range_.bracket and sort_key(range_.low) <= sort_key(value))
        return (
            bracket is range_.bracket and reached and (range_.high is None or sort_key(value) < sort_key(range_.high))
        )

    owners = [[number for number, range_ in enumerate(ranges) if belongs(value, range_)] for value in ids]

    assert [[number] for number in assign(ranges, keys(ids)).tolist()] == owners


@pytest.mark.services
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    plans(),
    st.lists(
        st.one_of(NUMBER_IDS, STRING_IDS, SPLITS[Bracket.BINARY], OID_IDS, OTHER_IDS),
        unique_by=document_key,
        min_size=1,
        max_size=30,
    ),
)
def test_server_and_assignment_agree_whatever_the_ids(
    mongo_database: Database[dict[str, Any]], ranges: list[Range], ids: list[Any]
) -> None:
    mongo_database.things.drop()
    held = {}
    for value in ids:
        # Python tells apart what MongoDB holds to be equal, such as 0.5 as a double and as a decimal.
        with contextlib.suppress(DuplicateKeyError):
            mongo_database.things.insert_one({"_id": value})
    for document in mongo_database.get_collection("things", codec_options=CODEC).find():
        held[document_key(document["_id"])] = document["_id"]

    found = found_by(mongo_database.get_collection("things", codec_options=CODEC), ranges)

    assigned = assign(ranges, keys(held.values())).tolist()
    assert found == {key: [number] for key, number in zip(held, assigned, strict=True)}


@pytest.mark.services
def test_plan_divides_evenly_and_covers_everything(mongo_database: Database[dict[str, Any]]) -> None:
    ids: list[Any] = [f"{number:05}x" for number in range(300)] + list(range(700)) + [None, True, 1.5]
    collection = fill(mongo_database, ids)

    ranges = plan(collection, Window(), len(ids), 100)

    assert {range_.bracket for range_ in ranges} == {Bracket.NUMBER, Bracket.STRING, None}
    assert [range_.bracket for range_ in ranges].count(None) == 1
    sizes = np.bincount(assign(ranges, keys(ids)), minlength=len(ranges)).tolist()
    assert [collection.count_documents(range_.filter) for range_ in ranges] == sizes
    assert sizes[-1] == 2
    assert all(50 <= size <= 200 for size in sizes[:-1]), sizes


@pytest.mark.services
def test_plan_of_a_day_looks_at_the_documents_of_that_day_only(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.things.insert_many(
        [{"_id": number, "at": noon(DAY2 if number < 100 else DAY1)} for number in range(1000)]
    )

    ranges = plan(mongo_database.things, Window("at", DAY2, START), 100, 50)

    assert [(range_.low is None or range_.low < 100) for range_ in ranges] == [True, True, True]


@pytest.mark.services
def test_small_window_is_one_range(mongo_database: Database[dict[str, Any]]) -> None:
    assert plan(mongo_database.things, Window(), 100, 100) == [Range.everything()]
    assert plan(mongo_database.things, Window(), 100, 10) == [Range.everything()]
    assert Range.everything().filter == {}
    assert str(Range.everything()) == "all"
    assert str(Range(Bracket.STRING, "a", None)) == "string a to …"


@pytest.mark.services
def test_strings_under_a_collation_are_not_divided(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.create_collection("things", collation={"locale": "en", "strength": 2})
    fill(mongo_database, [f"{number:05}x" for number in range(100)] + list(range(100)))

    ranges = plan(mongo_database.things, Window(), 200, 20)

    assert {range_.bracket for range_ in ranges} == {Bracket.NUMBER, None}


@pytest.mark.services
def test_uuids_among_other_binaries_are_not_divided(mongo_database: Database[dict[str, Any]]) -> None:
    uuids = [Binary(uuid.uuid4().bytes, 4) for _ in range(100)]
    collection = fill(mongo_database, uuids)

    assert {range_.bracket for range_ in plan(collection, Window(), 100, 20)} == {Bracket.BINARY, None}
    collection.insert_one({"_id": b"other"})
    assert plan(collection, Window(), 100, 20) == [Range.everything()]


@pytest.mark.services
def test_rest_of_a_view_tells_of_documents_without_id(mongo_database: Database[dict[str, Any]]) -> None:
    fill(mongo_database, range(3))
    mongo_database.create_collection("seen", viewOn="things", pipeline=[{"$project": {"_id": 0, "n": "$_id"}}])

    assert mongo_database.seen.count_documents(Range(divided=frozenset({Bracket.NUMBER})).filter) == 3


def test_numbers_are_equal_to_mongodb_whatever_their_type() -> None:
    same = [3, Int64(3), 3.0, Decimal128("3.00")]

    assert set(assign(RANGES, keys(same)).tolist()) == {2}
    assert bson.encode({"": same[0]}) != bson.encode({"": same[2]})

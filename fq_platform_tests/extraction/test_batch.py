"""The first pass finds every document, its hash, its key and its event time, and names what is malformed."""

import datetime as dt
from typing import Any

import bson
import numpy as np
import pytest
from bson import Binary, Decimal128, Int64, ObjectId, Timestamp
from bson.datetime_ms import DatetimeMS
from hypothesis import given, settings
from hypothesis import strategies as st

from fq_platform.extraction.batch import NO_EVENT_TIME, CorruptDocumentError, index
from fq_platform.extraction.keys import document_key

AT = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
OID = ObjectId("0123456789abcdef01234567")
IDS = st.one_of(
    st.binary(min_size=12, max_size=12).map(ObjectId),
    st.integers(-(2**63), 2**63 - 1).map(Int64),
    st.integers(-(2**31), 2**31 - 1),
    st.uuids().map(Binary.from_uuid),
    st.text(max_size=40),
    st.from_regex(r"-?[0-9]{1,20}|[0-9a-f]{24}|true|null|\{.*", fullmatch=True),
    st.uuids().map(str),
    st.floats(allow_nan=False),
    st.booleans(),
    st.none(),
    st.binary(max_size=20),
    st.dictionaries(st.sampled_from("ab"), st.integers(0, 9), max_size=2),
    st.sampled_from([Decimal128("1.50"), Timestamp(1, 2), DatetimeMS(10**15)]),
)


def encoded(documents: list[dict[str, Any]]) -> bytes:
    return b"".join(map(bson.encode, documents))


@settings(deadline=None)
@given(st.lists(IDS, max_size=8))
def test_keys_are_those_of_the_rule(ids: list[Any]) -> None:
    documents = [{"before": 1, "_id": value, "x": [1]} for value in ids]

    assert index(encoded(documents)).keys.to_pylist() == [document_key(value) for value in ids]


def test_ids_that_repeat_a_name_within_have_keys_of_their_own() -> None:
    twice = bson.encode({"_id": {"a": 1, "b": 2}}).replace(b"\x10b\0", b"\x10a\0")

    assert index(twice + bson.encode({"_id": {"a": 2}})).keys.to_pylist() == [
        '{"a": {"$numberInt": "1"}, "a": {"$numberInt": "2"}}',
        '{"a": {"$numberInt": "2"}}',
    ]


def test_documents_lie_where_their_lengths_say_and_only_equal_bytes_have_equal_hashes() -> None:
    documents = [{"_id": 1, "v": "a"}, {"_id": 1, "v": "a"}, {"_id": 1, "v": "b"}]

    batch = index(encoded(documents))

    assert [bson.decode(batch.document(row)) for row in range(len(batch))] == documents
    assert (batch.hashes[0] == batch.hashes[1]).all()
    assert (batch.hashes[0] != batch.hashes[2]).any()
    assert (batch.key_hashes == batch.key_hashes[0]).all()


@pytest.mark.parametrize(
    ("document", "path", "found"),
    [
        ({"at": AT}, "at", 1_767_268_800_000),
        ({"x": {"at": AT, "at2": 1}}, "x.at", 1_767_268_800_000),
        ({"x": {"y": {"z": DatetimeMS(-5)}}}, "x.y.z", -5),
        ({"at": None}, "at", None),
        ({"at": "2026-01-01"}, "at", None),
        ({"at": [AT]}, "at", None),
        ({"x": [{"at": AT}]}, "x.at", None),
        ({"x": AT}, "x.at", None),
        ({"atx": AT, "a": AT}, "at", None),
        ({}, "at", None),
        ({"at": AT}, None, None),
    ],
)
def test_event_time_is_a_date_at_the_path_and_nothing_else(
    document: dict[str, Any], path: str | None, found: int | None
) -> None:
    (time,) = index(encoded([{"_id": OID} | document]), path).event_times

    assert time == (NO_EVENT_TIME if found is None else found)


def test_no_documents() -> None:
    batch = index(b"")

    assert (len(batch), batch.keys.to_pylist(), batch.offsets.tolist()) == (0, [], [0])


def test_documents_smaller_than_expected() -> None:
    batch = index(encoded([{"_id": n} for n in range(1_000)]))

    assert batch.keys.to_pylist() == [str(n) for n in range(1_000)]
    assert np.diff(batch.offsets).tolist() == [14] * 1_000


@pytest.mark.parametrize(
    ("damaged", "says"),
    [
        (encoded([{"_id": 1}])[:-1], "Document 0 of a batch"),
        (encoded([{"_id": 1}, {"_id": 2}]) + b"\x04\0", "Document 2 of a batch"),
        (encoded([{"_id": 1}]) + b"\xff\xff\xff\x7f\x10_id\0", "Document 1 of a batch"),
        (encoded([{"_id": 1}]) + encoded([{"_id": "abc"}]).replace(b"\x04\0\0\0abc", b"\x40\0\0\0abc"), "Document 1"),
    ],
)
def test_bytes_that_are_no_documents_are_refused(damaged: bytes, says: str) -> None:
    with pytest.raises(CorruptDocumentError, match=says):
        index(damaged)


def test_documents_without_an_id_are_refused_in_words() -> None:
    with pytest.raises(CorruptDocumentError, match="has no _id") as refused:
        index(encoded([{"_id": 1}, {"name": "view"}]))

    assert "views that keep _id" in str(refused.value)

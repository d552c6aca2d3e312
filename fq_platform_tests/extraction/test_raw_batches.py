"""Batches are the server's documents, byte for byte, whatever the reply looks like."""

from typing import Any

import bson
import numpy as np
import pytest
from bson import Int64
from bson.raw_bson import RawBSONDocument
from hypothesis import given, settings
from hypothesis import strategies as st
from pymongo.database import Database
from pymongo.errors import OperationFailure, ProtocolError

from fq_platform.extraction.kernels.replies import documents_in
from fq_platform.extraction.raw_batches import RawBatches, unpacked


def reply(documents: list[dict[str, Any]], **more: Any) -> bytes:
    cursor = {"firstBatch": documents, "id": Int64(7), "ns": "a.b"}
    return bson.encode({"cursor": cursor, "ok": 1.0, "note": "x", "list": [1, 2], "flag": True, "none": None} | more)


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(
        st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(0, 9) | st.text(max_size=20), max_size=4)
    )
)
def test_documents_follow_one_another_as_they_were_sent(documents: list[dict[str, Any]]) -> None:
    answer = unpacked(bytearray(reply(documents)))

    assert answer is not None
    batch = b"".join(map(bytes, answer["cursor"].pop("firstBatch")))
    assert batch == b"".join(map(bson.encode, documents))
    assert answer == {
        "cursor": {"id": 7, "ns": "a.b"}, "ok": 1.0, "note": "x", "list": [1, 2], "flag": True, "none": None,
    }  # fmt: skip


def test_reply_that_may_not_be_written_to_is_left_as_it_is() -> None:
    sent = reply([{"_id": 1}, {"_id": 2}])
    kept = bytes(bytearray(sent))

    answer = unpacked(sent)

    assert answer is not None
    assert bytes(answer["cursor"]["firstBatch"][0]) == bson.encode({"_id": 1}) + bson.encode({"_id": 2})
    assert sent == kept


def test_reply_without_a_batch_is_left_to_the_driver() -> None:
    assert unpacked(bson.encode({"ok": 0.0, "errmsg": "no", "code": 13})) is None
    assert unpacked(bson.encode({"ok": 1.0, "cursor": {"id": Int64(0), "ns": "a.b"}})) is None


@pytest.mark.parametrize("documents", [[1], [{"_id": 1}, "x"]], ids=["number", "string"])
def test_batch_of_something_else_is_an_error(documents: list[Any]) -> None:
    with pytest.raises(ProtocolError):
        unpacked(reply(documents))


def test_damaged_array_is_never_read_beyond_its_end() -> None:
    array = RawBSONDocument(bson.encode({"a": [{"_id": n, "x": "y" * n} for n in range(5)]})).raw[7:-1]
    for position in range(len(array)):
        for value in (0, 3, 127, 255):
            damaged = np.frombuffer(array, np.uint8).copy()
            damaged[position] = value

            assert -1 <= documents_in(damaged, damaged) <= len(array)


@pytest.mark.services
def test_cursor_gives_what_the_driver_gives_and_its_errors(mongo_database: Database[dict[str, Any]]) -> None:
    things = mongo_database.things
    things.insert_many([{"_id": n, "x": "y" * n} for n in range(300)])

    found = list(RawBatches(things, {"_id": {"$gte": 5}}, sort=[("_id", 1)], batch_size=50))

    driver: list[Any] = list(things.find_raw_batches({"_id": {"$gte": 5}}, sort=[("_id", 1)], batch_size=50))
    assert [bytes(batch) for batch in found] == [bytes(batch) for batch in driver]
    assert len(found) > 5
    assert list(RawBatches(mongo_database.nothing, {})) == []
    with pytest.raises(OperationFailure):
        list(RawBatches(things, {"$nonsense": 1}))

"""Split events are put together, and only what is needed is asked for."""

from typing import Any

import pytest

from fq_platform.extraction.stream_cursor import Fragments, Slice, _next_whole, _stages, _without_nested
from fq_platform.extraction.tokens import LostPositionError


def part(number: int, of: int, **fields: Any) -> dict[str, Any]:
    return {"_id": {"_data": f"t{number}"}, "splitEvent": {"fragment": number, "of": of}} | fields


def test_fragments_become_one_event_with_the_fields_of_all() -> None:
    fragments = Fragments()

    assert fragments.add(part(1, 3, operationType="update", ns={"coll": "orders"})) is None
    assert fragments.pending
    assert fragments.add(part(2, 3, fullDocument={"at": 1})) is None
    whole = fragments.add(part(3, 3, fullDocumentBeforeChange={"at": 2}))

    assert not fragments.pending
    assert whole is not None
    assert whole["_id"] == {"_data": "t3"}
    assert {name: whole[name] for name in whole.keys() - {"_id", "splitEvent"}} == {
        "operationType": "update",
        "ns": {"coll": "orders"},
        "fullDocument": {"at": 1},
        "fullDocumentBeforeChange": {"at": 2},
    }


def test_event_that_is_not_split_is_whole_and_leaves_nothing_behind() -> None:
    fragments = Fragments()
    fragments.add(part(1, 2, fullDocument={}))
    fragments.add(part(2, 2))

    event = {"_id": {"_data": "next"}, "operationType": "delete"}
    assert fragments.add(event) == event
    assert fragments.add(part(1, 1)) == part(1, 1)


@pytest.mark.parametrize("numbers", [(2,), (1, 3), (1, 1)])
def test_missing_fragment_is_noticed(numbers: tuple[int, ...]) -> None:
    fragments = Fragments()
    for number in numbers[:-1]:
        fragments.add(part(number, 3))

    with pytest.raises(LostPositionError, match="left out a part"):
        fragments.add(part(numbers[-1], 3))


def test_event_that_is_not_split_in_the_middle_of_one_that_is_is_noticed() -> None:
    fragments = Fragments()
    fragments.add(part(1, 2))

    with pytest.raises(LostPositionError):
        fragments.add({"_id": {"_data": "next"}})


def test_projection_names_each_field_once_and_none_within_another() -> None:
    assert _without_nested(["b.c", "a", "a.b", "ab", "a", "b.c.d"]) == ["a", "ab", "b.c"]


def test_projection_keeps_what_tells_an_event_apart_and_leaves_out_the_rest() -> None:
    match, project = _stages(["orders"], ["at"])

    assert {"ns.coll": {"$in": ["orders"]}} in match["$match"]["$or"]
    asked = project["$project"]
    assert {"operationType", "ns", "to", "documentKey._id", "clusterTime", "splitEvent"} <= asked.keys()
    assert {"fullDocument.at", "fullDocumentBeforeChange.at"} <= asked.keys()
    assert not {"fullDocument", "updateDescription", "documentKey"} & asked.keys()
    assert "_id" not in asked  # kept unless it is named


class ScriptedStream:
    """What pymongo's change stream does, with parts that are given and tokens as MongoDB counts fragments."""

    def __init__(self, *parts: dict[str, Any] | None, alive: bool = True) -> None:
        self.parts = list(parts)
        self.resume_token: dict[str, Any] = {"_data": "begin"}
        self.alive = alive

    def try_next(self) -> dict[str, Any] | None:
        given = self.parts.pop(0)
        self.resume_token = given["_id"] if given else {"_data": "no more"}
        return given


def test_token_moves_on_only_after_the_last_fragment() -> None:
    stream: Any = ScriptedStream(part(1, 2, operationType="update"), part(2, 2), part(1, 2), None, None)
    slice_ = Slice({"_data": "begin"})

    assert _next_whole(stream, slice_) is not None
    assert slice_.token == {"_data": "t2"}
    assert _next_whole(stream, slice_) is None
    assert (slice_.token, slice_.ended) == ({"_data": "t2"}, False)
    assert _next_whole(stream, slice_) is None
    assert (slice_.token, slice_.ended) == ({"_data": "no more"}, True)


def test_stream_that_the_server_ended_is_lost() -> None:
    stream: Any = ScriptedStream(None, alive=False)

    with pytest.raises(LostPositionError, match="ended the change stream"):
        _next_whole(stream, Slice({"_data": "begin"}))

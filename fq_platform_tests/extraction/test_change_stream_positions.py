"""The reader goes on where it stopped; where it cannot, it says so and misses nothing."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bson import Timestamp
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure

from fq_platform.errors import FqError
from fq_platform.extraction.change_stream import CollectionWindows, NoChangeStreamsError
from fq_platform.extraction.tokens import Position
from fq_platform_tests.extraction.landing import DAY1, DAY2, DAY3, noon
from fq_platform_tests.extraction.mongo_process import MongoProcess, mongo_process
from fq_platform_tests.extraction.stream_reader import DAILY, Follower, following

pytestmark = pytest.mark.services
Mongo = Database[dict[str, Any]]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MongoProcess]:
    with mongo_process(tmp_path / "mongo") as server:
        yield server


def lost_and_then_complete(follower: Follower, reason: str) -> None:
    """Assert that a look is lost, and that the one after it has what came after the first."""
    lost = follower.look()
    assert (lost.lost, lost.more) == (True, False)
    assert reason in lost.reason
    assert {name for name, changes in lost.collections.items() if changes.everything} == set(follower.collections)
    follower.database.orders.insert_one({"_id": "after", "at": noon(DAY3)})
    found = follower.look()
    assert not found.lost
    assert DAY3 in found.collections["orders"].days


def change_token(follower: Follower, token: dict[str, Any]) -> None:
    assert follower.cursor is not None
    follower.cursor = dataclasses.replace(Position.from_text(follower.cursor), token=token).to_text()


def test_another_client_goes_on_after_a_restart_of_the_server(server: MongoProcess) -> None:
    with server.database() as database:
        database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
        follower = following(database)
        database.orders.insert_one({"_id": 2, "at": noon(DAY2)})

    server.restart()

    with server.database() as database:
        database.orders.insert_one({"_id": 3, "at": noon(DAY3)})
        again = Follower(database)
        again.cursor = follower.cursor
        found = again.look()
        assert (found.lost, found.events) == (False, 2)
        assert found.collections["orders"].days == {DAY2, DAY3}


@pytest.mark.parametrize("token", [{"_data": "aa"}, {"_data": "no hex"}, {"other": 1}], ids=str)
def test_token_that_the_server_refuses_is_lost(mongo_database: Mongo, token: dict[str, Any]) -> None:
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
    follower = following(mongo_database)
    change_token(follower, token)

    lost_and_then_complete(follower, "the server cannot resume from the kept position")


def test_token_of_another_database_is_lost(mongo_database: Mongo) -> None:
    follower = following(mongo_database)
    with mongo_database.client["another"].watch() as stream:
        change_token(follower, dict(stream.resume_token or {}))

    lost_and_then_complete(follower, "the server cannot resume from the kept position")


def test_token_older_than_the_servers_history_is_lost(tmp_path: Path) -> None:
    with mongo_process(tmp_path / "mongo", "--oplog-max-entries", "50") as server, server.database() as database:
        database.orders.insert_one({"_id": "first", "at": noon(DAY1)})
        follower = following(database)
        database.orders.insert_many([{"_id": n, "at": noon(DAY2)} for n in range(2_500)])

        lost_and_then_complete(follower, "no longer be in the oplog")


def test_history_that_ends_before_the_position_is_another_one(mongo_database: Mongo) -> None:
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
    follower = following(mongo_database)
    assert follower.cursor is not None
    position = Position.from_text(follower.cursor)
    assert position.time is not None
    later = Timestamp(position.time.time + 3600, 1)
    follower.cursor = dataclasses.replace(position, time=later).to_text()

    lost_and_then_complete(follower, "history ends before")


def test_database_that_was_made_anew_is_another_one(tmp_path: Path) -> None:
    with mongo_process(tmp_path / "old") as server, server.database() as database:
        database.orders.insert_many([{"_id": n, "at": noon(DAY1)} for n in range(20)])
        old = following(database)

    with mongo_process(tmp_path / "new") as server, server.database() as database:
        database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
        follower = Follower(database)
        follower.cursor = old.cursor
        lost_and_then_complete(follower, "made anew without a word")


def test_dropped_collection_is_said_and_asks_for_all_of_it(mongo_database: Mongo) -> None:
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
    mongo_database.others.insert_one({"_id": 1, "at": noon(DAY1)})
    follower = following(mongo_database, {"orders": DAILY, "others": DAILY})

    mongo_database.orders.drop()

    dropped = follower.look()
    assert not dropped.lost
    assert {name: (c.everything, c.said) for name, c in dropped.collections.items()} == {
        "orders": (True, ["it was dropped"])
    }
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY2)})
    anew = follower.look()
    assert not anew.lost
    assert anew.collections["orders"].days == {DAY2}
    assert not anew.collections["orders"].everything


def test_drop_at_the_end_of_a_cut_look_does_not_make_the_next_one_lost(mongo_database: Mongo) -> None:
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
    follower = following(mongo_database)

    mongo_database.orders.drop()
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY2)})

    first, second = follower.look(max_events=1), follower.look()
    assert (first.more, first.collections["orders"].everything) == (True, True)
    assert (second.lost, second.collections["orders"].days) == (False, {DAY2})


def test_renamed_collection_is_said_of_both_names(mongo_database: Mongo) -> None:
    for name in ("orders", "others"):
        mongo_database[name].insert_one({"_id": name, "at": noon(DAY1)})
    follower = following(mongo_database, {"orders": DAILY, "others": DAILY, "archive": DAILY})

    mongo_database.orders.rename("archive")

    found = follower.look()
    assert not found.lost
    assert {name: (c.everything, c.said) for name, c in found.collections.items()} == {
        "orders": (True, [f"it was renamed to '{mongo_database.name}.archive'"]),
        "archive": (True, ["'orders' was renamed to it"]),
    }
    assert follower.look().collections == {}


def test_undeclared_collection_that_takes_a_declared_name_is_noticed(mongo_database: Mongo) -> None:
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
    follower = following(mongo_database)

    mongo_database.rebuilt.insert_one({"_id": 1, "at": noon(DAY2)})
    mongo_database.rebuilt.rename("orders", dropTarget=True)

    found = follower.look()
    assert not found.lost
    assert found.collections["orders"].everything
    assert "'rebuilt' was renamed to it" in found.collections["orders"].said


def test_dropped_database_is_lost_and_followed_when_it_is_back(mongo_database: Mongo) -> None:
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
    follower = following(mongo_database)

    mongo_database.client.drop_database(mongo_database.name)

    lost_and_then_complete(follower, "the database was dropped")


def test_collection_that_is_declared_later_is_compared_once_as_a_whole(mongo_database: Mongo) -> None:
    for name in ("orders", "things"):
        mongo_database[name].insert_one({"_id": 1, "at": noon(DAY1)})
    follower = following(mongo_database)
    follower.collections = {"orders": DAILY, "things": CollectionWindows()}

    found = follower.look()
    assert {name: (c.everything, c.said) for name, c in found.collections.items()} == {
        "things": (True, ["it was not declared at the last look"])
    }
    assert follower.look().collections == {}


def test_collection_that_is_declared_later_is_compared_once_even_if_the_look_was_cut(mongo_database: Mongo) -> None:
    mongo_database.orders.insert_one({"_id": 0, "at": noon(DAY1)})
    follower = following(mongo_database)
    follower.collections = {"orders": DAILY, "things": DAILY}
    mongo_database.orders.insert_many([{"_id": n, "at": noon(DAY1)} for n in (1, 2)])

    looks = [follower.look(max_events=1) for _ in range(3)]

    whole = [[name for name, changes in look.collections.items() if changes.everything] for look in looks]
    assert whole == [["things"], [], []]


def test_server_without_change_streams_is_said_in_words(tmp_path: Path) -> None:
    with mongo_process(tmp_path / "mongo", "--standalone") as server, server.database() as database:
        database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
        follower = Follower(database)

        with pytest.raises(NoChangeStreamsError, match="standalone server") as refusal:
            follower.look()
        assert "watermark" in refusal.value.fix
        follower.cursor = Position({"_data": "aa"}).to_text()
        with pytest.raises(NoChangeStreamsError):
            follower.look()


def test_user_who_may_not_read_the_stream_is_told_what_is_missing(tmp_path: Path) -> None:
    folder = tmp_path / "mongo"
    with mongo_process(folder) as server, server.database() as database:
        database.orders.insert_one({"_id": 1, "at": noon(DAY1)})
        roles = [{"role": "read", "db": "elsewhere"}]
        database.client.admin.command("createUser", "ann", pwd="pw", roles=roles)
    with mongo_process(folder, "--auth") as server, server.database(credentials="ann:pw@") as database:
        follower = Follower(database)
        with pytest.raises(FqError, match="denies the change stream of the database 'shop'") as refusal:
            follower.look()
        assert not isinstance(refusal.value, NoChangeStreamsError)
        assert "role read" in refusal.value.fix


def test_large_events_come_in_parts_and_are_taken_whole(mongo_database: Mongo) -> None:
    mongo_database.create_collection("orders", changeStreamPreAndPostImages={"enabled": True})
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY1), "text": "a" * 10_000_000})
    follower = following(mongo_database)
    mongo_database.orders.update_one({"_id": 1}, {"$set": {"at": noon(DAY2), "more": "b" * 5_000_000}})
    mongo_database.orders.insert_one({"_id": 2, "at": noon(DAY3)})

    first, second = follower.look(max_events=1), follower.look()

    assert (first.events, first.collections["orders"].days) == (1, {DAY1, DAY2})
    assert (second.events, second.collections["orders"].days) == (1, {DAY3})


def test_server_that_knows_neither_split_events_nor_images_of_before_is_read_without(
    mongo_database: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As MongoDB before 6.0 answers; the embedded server knows both."""
    watch = Database.watch

    def old_watch(self: Mongo, pipeline: list[dict[str, Any]], **options: Any) -> Any:
        for stage in pipeline:
            if "$changeStreamSplitLargeEvent" in stage:
                message = "Unrecognized pipeline stage name: '$changeStreamSplitLargeEvent'"
                raise OperationFailure(message, 40324)
        if "full_document_before_change" in options:
            message = "BSON field '$changeStream.fullDocumentBeforeChange' is an unknown field."
            raise OperationFailure(message, 40415)
        return watch(self, pipeline, **options)

    monkeypatch.setattr(Database, "watch", old_watch)
    follower = following(mongo_database)
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY2)})

    assert follower.days() == {DAY2}


def test_failure_that_has_nothing_to_do_with_the_position_keeps_it(
    mongo_database: Mongo, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = following(mongo_database)
    mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY2)})
    cursor = follower.cursor

    watch = Database.watch

    def too_slow(self: Mongo, *stages: Any, resume_after: Any = None, **options: Any) -> Any:
        if resume_after:
            raise OperationFailure("operation exceeded time limit", 50)
        return watch(self, *stages, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Database, "watch", too_slow)
        with pytest.raises(OperationFailure, match="time limit"):
            follower.look()

    assert follower.cursor == cursor
    assert follower.days() == {DAY2}


def test_bulk_of_documents_does_not_travel(mongo_uri: str, mongo_database: Mongo) -> None:
    from pymongo.monitoring import CommandListener

    sizes: list[int] = []

    class Sizes(CommandListener):
        def started(self, event: Any) -> None: ...
        def failed(self, event: Any) -> None: ...
        def succeeded(self, event: Any) -> None:
            if event.command_name in ("aggregate", "getMore"):
                sizes.append(len(str(event.reply)))

    with MongoClient[dict[str, Any]](mongo_uri, event_listeners=[Sizes()]) as client:
        follower = following(client[mongo_database.name])
        mongo_database.orders.insert_one({"_id": 1, "at": noon(DAY1), "text": "x" * 1_000_000})
        mongo_database.orders.update_one({"_id": 1}, {"$set": {"text": "y" * 1_000_000}})
        assert follower.look().events == 2

    assert max(sizes) < 10_000

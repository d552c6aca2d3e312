"""A read gives every document, whatever becomes of its cursor, and neither hurries nor outlives its consumer."""

import collections
import datetime as dt
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import bson
import pytest
from bson import ObjectId
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import AutoReconnect, OperationFailure
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent
from pymongo.read_preferences import SecondaryPreferred

from fq_platform.demo.embedded_mongo import EmbeddedMongo
from fq_platform.extraction.brackets import Bracket
from fq_platform.extraction.ranges import Range
from fq_platform.extraction.reading import ReadOptions, last_id, read
from fq_platform.extraction.windows import Window
from fq_platform.settings import Settings
from fq_platform_tests.extraction.landing import DAY2, START, noon


def document(number: int) -> dict[str, Any]:
    return {"_id": number, "at": noon(DAY2), "text": "x" * 300}


DOCUMENT = len(bson.encode(document(0)))
SMALL = ReadOptions(batch_bytes=100 * DOCUMENT, attempts=2, pause_seconds=0.01)
"""A hundred documents a batch."""


def ids(batches: Iterable[bytes]) -> list[Any]:
    return [document["_id"] for batch in batches for document in bson.decode_all(batch)]


class Witness(CommandListener):
    """Notes the commands of a client, and kills cursors as soon as they have answered.

    Args:
        uri: Whose cursors.
        doomed: Which answers are a cursor's last, by how many documents' batches were answered so far.
    """

    def __init__(self, uri: str, doomed: Callable[[int], bool]) -> None:
        self._killer: MongoClient[dict[str, Any]] = MongoClient(uri)
        self._doomed = doomed
        self.commands: collections.Counter[str] = collections.Counter()
        self.answers = 0

    def started(self, event: CommandStartedEvent) -> None:
        self.commands[event.command_name] += 1

    def failed(self, event: CommandFailedEvent) -> None:
        pass

    def succeeded(self, event: CommandSucceededEvent) -> None:
        if event.command_name in ("find", "getMore"):
            self.answers += 1
            cursor = event.reply["cursor"]
            if cursor["id"] and self._doomed(self.answers):
                name = cursor["ns"].split(".")[1]
                killed = self._killer[event.database_name].command("killCursors", name, cursors=[cursor["id"]])
                assert killed["cursorsKilled"] == [cursor["id"]]

    def close(self) -> None:
        self._killer.close()


@pytest.fixture
def watched(
    mongo_uri: str, mongo_database: Database[dict[str, Any]]
) -> Iterator[Callable[..., tuple[Collection[dict[str, Any]], Witness]]]:
    """A collection of a thousand documents, read by a client that is watched and loses the cursors that it is told."""
    mongo_database.things.insert_many([document(number) for number in range(1000)])
    opened: list[Any] = []

    def watch(doomed: Callable[[int], bool] = lambda _: False) -> tuple[Collection[dict[str, Any]], Witness]:
        witness = Witness(mongo_uri, doomed)
        client: MongoClient[dict[str, Any]] = MongoClient(mongo_uri, event_listeners=[witness])
        opened.extend([witness, client])
        return client[mongo_database.name].things, witness

    yield watch
    for each in opened:
        each.close()


def reading_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "fq-read-ahead"]


@pytest.mark.services
def test_every_document_comes_in_batches_of_about_the_size_asked_for(watched: Any) -> None:
    things, _ = watched()

    batches = list(read(things, Window(), Range.everything(), SMALL))

    assert ids(batches) == list(range(1000))
    assert [len(batch) for batch in batches] == [100 * DOCUMENT] * 10
    assert ids(read(things, Window(), Range(Bracket.NUMBER, 7, 12), SMALL)) == [7, 8, 9, 10, 11]
    assert len(list(read(things, Window(), Range.everything()))) == 1


@pytest.mark.services
def test_collection_without_documents_gives_no_batch(mongo_database: Database[dict[str, Any]]) -> None:
    assert list(read(mongo_database.things, Window(), Range.everything())) == []


@pytest.mark.services
def test_lost_cursor_goes_on_after_the_last_document_that_it_gave(watched: Any) -> None:
    things, witness = watched(lambda answers: answers == 3)

    assert ids(read(things, Window(), Range.everything(), SMALL)) == list(range(1000))
    assert witness.commands["find"] == 2
    assert witness.answers in (10, 11)


@pytest.mark.services
def test_lost_cursor_of_a_range_does_not_leave_the_range(watched: Any) -> None:
    things, _ = watched(lambda answers: answers == 2)

    assert ids(read(things, Window(), Range(Bracket.NUMBER, 100, 450), SMALL)) == list(range(100, 450))


@pytest.mark.services
def test_lost_cursor_goes_on_over_all_kinds_of_id(watched: Any) -> None:
    things, _ = watched(lambda _answers: True)
    things.delete_many({})
    every = [None, -1.5, 7, "a", "b", {"a": 1}, b"x", ObjectId(), True, dt.datetime(2026, 1, 1)]
    things.insert_many([{"_id": value} for value in reversed(every)])

    assert ids(read(things, Window(), Range.everything(), ReadOptions(batch_bytes=1, pause_seconds=0))) == every


@pytest.mark.services
def test_each_batch_that_comes_earns_new_attempts(watched: Any) -> None:
    things, witness = watched(lambda _answers: True)

    assert ids(read(things, Window(), Range.everything(), SMALL)) == list(range(1000))
    assert witness.commands["find"] in (10, 11)


@pytest.mark.services
def test_lost_cursor_of_a_day_begins_again(watched: Any) -> None:
    things, _ = watched(lambda answers: answers == 3)

    found = ids(read(things, Window("at", DAY2, START), Range.everything(), SMALL))

    assert sorted(set(found)) == list(range(1000))
    assert 300 <= len(found) - 1000 < 320


@pytest.mark.services
def test_day_that_never_gets_further_than_before_ends_with_the_error(watched: Any) -> None:
    things, witness = watched(lambda _answers: True)

    with pytest.raises(OperationFailure, match="not found"):
        list(read(things, Window("at", DAY2, START), Range.everything(), SMALL))

    assert witness.commands["find"] == 2


@pytest.mark.services
def test_error_that_no_other_cursor_would_mend_is_raised_at_once(watched: Any) -> None:
    things, witness = watched()

    with pytest.raises(OperationFailure):
        list(read(things, Window("$at", DAY2, START), Range.everything(), SMALL))

    assert witness.commands["find"] == 1
    assert reading_threads() == []


@pytest.mark.services
def test_leaving_early_ends_the_thread_and_the_cursor(watched: Any) -> None:
    things, witness = watched()
    batches = read(things, Window(), Range.everything(), SMALL)
    next(batches)
    assert len(reading_threads()) == 1

    batches.close()

    assert reading_threads() == []
    assert witness.commands["killCursors"] == 1


@pytest.mark.services
def test_one_batch_is_fetched_ahead_and_no_more(watched: Any) -> None:
    things, witness = watched()
    batches = read(things, Window(), Range.everything(), SMALL)
    next(batches)
    deadline = time.monotonic() + 10
    while witness.answers < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)

    assert witness.answers == 2
    batches.close()


@pytest.mark.services
def test_rate_is_shared_by_all_reads_with_the_same_options(watched: Any) -> None:
    things, _ = watched()
    options = ReadOptions(documents_per_second=100)
    halves = [Range(Bracket.NUMBER, 0, 150), Range(Bracket.NUMBER, 150, 300)]
    found: list[Any] = []
    threads = [
        threading.Thread(target=lambda half=half: found.extend(ids(read(things, Window(), half, options))))
        for half in halves
    ]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # The last fetch, which finds that there is no more, waits until all 300 are paid for.
    assert 2.5 < time.monotonic() - started < 30
    assert sorted(found) == list(range(300))


@pytest.mark.services
def test_pause_for_the_rate_ends_when_the_consumer_leaves(watched: Any) -> None:
    things, _ = watched()
    batches = read(things, Window(), Range.everything(), ReadOptions(documents_per_second=1))
    next(batches)
    time.sleep(0.3)
    started = time.monotonic()

    batches.close()

    assert time.monotonic() - started < 1
    assert reading_threads() == []


@pytest.mark.services
def test_read_preference_is_heeded(mongo_database: Database[dict[str, Any]]) -> None:
    things = mongo_database.things

    assert ReadOptions().applied_to(things) is things
    assert ReadOptions(read_preference="secondaryPreferred").applied_to(things).read_preference == SecondaryPreferred()


@pytest.mark.services
def test_size_of_batches_is_kept_where_the_server_tells_no_average(watched: Any) -> None:
    things, _ = watched()
    things.database.create_collection("seen", viewOn="things", pipeline=[{"$match": {"_id": {"$lt": 300}}}])

    batches = list(read(things.database.seen, Window(), Range.everything(), ReadOptions(batch_bytes=100 * 1024)))

    assert [len(batch) for batch in batches] == [100 * DOCUMENT] * 3


@pytest.mark.services
def test_server_that_restarts_in_between_is_read_on(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with EmbeddedMongo(settings) as server:
        port = int(server.uri.split(":")[2].split("/")[0])
        with MongoClient[dict[str, Any]](server.uri, serverSelectionTimeoutMS=10_000) as client:
            client.shop.things.insert_many([document(number) for number in range(1000)])
            batches = read(client.shop.things, Window(), Range.everything(), ReadOptions(batch_bytes=100 * DOCUMENT))
            first = next(batches)
            server.stop()
            with EmbeddedMongo(settings, port):
                assert ids([first, *batches]) == list(range(1000))


@pytest.mark.services
def test_server_that_stays_away_ends_the_read_with_its_error(tmp_path: Path) -> None:
    with (
        EmbeddedMongo(Settings(home=tmp_path)) as server,
        MongoClient[dict[str, Any]](server.uri, serverSelectionTimeoutMS=300) as client,
    ):
        client.shop.things.insert_many([document(number) for number in range(1000)])
        batches = read(client.shop.things, Window(), Range.everything(), SMALL)
        next(batches)
        server.stop()
        with pytest.raises(AutoReconnect):
            list(batches)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_last_id_is_found_by_the_lengths(count: int) -> None:
    documents = [{"_id": {"n": number}, "text": "x" * number} for number in range(count)]

    last = last_id(b"".join(map(bson.encode, documents)))

    assert bson.encode({"": last}) == bson.encode({"": {"n": count - 1}})

"""Looking into a real server: databases, kinds of collections, samples, indexes, and users who may do little."""

import datetime as dt
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from fq_platform.demo.embedded_mongo import EmbeddedMongo
from fq_platform.errors import FqError
from fq_platform.extraction.discover.looking import choose_database, look
from fq_platform.extraction.discover.text import sources_text
from fq_platform.extraction.source import connect, mongo_errors
from fq_platform.settings import Settings
from fq_platform.sources import Collection, load_sources
from fq_platform_tests.extraction.test_source import OPTIONS, Server

pytestmark = pytest.mark.services

TODAY = dt.date(2026, 3, 1)
T0 = dt.datetime(2026, 1, 10)
DAY = dt.timedelta(days=1)


def test_each_collection_is_sampled_and_the_others_are_named(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.orders.insert_many([{"_id": number, "at": T0 + number * DAY} for number in range(5)])
    mongo_database.orders.create_index("at")
    mongo_database.Orders.insert_one({"_id": 1})
    mongo_database.create_collection("recent", viewOn="orders", pipeline=[{"$match": {"at": {"$gt": T0}}}])
    mongo_database.create_collection("empty")
    mongo_database.create_collection("own")
    told: list[tuple[str, int, int]] = []

    found = look(
        mongo_database,
        100,
        today=TODAY,
        left_out={"own": "ours"},
        on_collection=lambda *telling: told.append(telling),
    )

    assert [(each.name, each.documents, each.sample.documents) for each in found.collections] == [
        ("Orders", 1, 1),
        ("empty", 0, 0),
    ]
    assert found.left_out["own"] == "ours"
    assert found.left_out["orders"] == "its table would have the name of that of Orders"
    assert found.left_out["recent"].startswith("a view")
    assert told == [("Orders", 1, 2), ("empty", 2, 2)]


def test_sample_of_a_large_collection_has_its_beginning_its_end_and_its_midst(
    mongo_database: Database[dict[str, Any]],
) -> None:
    mongo_database.things.insert_many([{"_id": number, "n": number} for number in range(700)])

    (found,) = look(mongo_database, 30, today=TODAY).collections

    assert found.documents == 700
    assert 20 <= found.sample.documents <= 30
    assert found.sample.shape.fields["n"].seen == found.sample.documents


def test_first_day_is_found_by_the_index_where_the_sample_misses_it(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.things.insert_many([{"_id": number, "at": T0 + DAY} for number in range(40)])
    mongo_database.things.insert_one({"_id": 20.5, "at": T0})
    mongo_database.things.insert_one({"_id": 20.6, "at": dt.datetime(1999, 1, 1)})
    mongo_database.things.create_index("at")

    (found,) = look(mongo_database, 10, today=TODAY).collections

    assert found.first_day == T0.date()


def test_index_over_some_documents_only_or_of_another_kind_is_none(mongo_database: Database[dict[str, Any]]) -> None:
    mongo_database.things.insert_one({"_id": 1, "a": T0, "b": T0, "c": T0})
    mongo_database.things.create_index([("a", 1), ("b", 1)])
    mongo_database.things.create_index("c", partialFilterExpression={"a": {"$exists": True}})

    (found,) = look(mongo_database, 10, today=TODAY).collections

    assert found.suggestion.partition_by is not None
    assert found.suggestion.partition_by.path == "a"


def test_database_without_collections_is_refused(mongo_database: Database[dict[str, Any]]) -> None:
    with pytest.raises(FqError, match=r"holds no collection that can be landed.*case-sensitive"):
        look(mongo_database, 10, today=TODAY)


def test_file_of_a_real_database_loads(mongo_database: Database[dict[str, Any]], tmp_path: Path) -> None:
    mongo_database.orders.insert_many([{"order_date": T0, "updated_at": T0, "n": n} for n in (1, 2.5)])
    file = tmp_path / "sources.yaml"

    file.write_text(sources_text(look(mongo_database, 10, today=TODAY), TODAY), encoding="utf-8")

    sources = load_sources(file)
    assert (sources.database, sources.start_date) == (mongo_database.name, T0.date())
    assert sources.collections == {
        "orders": Collection(partition_by="order_date", watermark="updated_at", types={"n": "double"})
    }


@pytest.fixture
def lone_server(tmp_path: Path) -> Iterator[str]:
    with EmbeddedMongo(Settings(home=tmp_path)) as server:
        yield server.uri


def test_database_is_the_uris_else_the_only_one(lone_server: str) -> None:
    with MongoClient[dict[str, Any]](lone_server) as client:
        with pytest.raises(FqError, match="no database to look into"):
            choose_database(client)
        client["one"].things.insert_one({})
        assert choose_database(client) == "one"
        client["two"].things.insert_one({})
        with pytest.raises(FqError, match=r"several databases: one, two.*--database NAME"):
            choose_database(client)
    with MongoClient[dict[str, Any]](lone_server.replace("/?", "/two?")) as client:
        assert client["two"].things.count_documents({}) == 1
        assert choose_database(client) == "two"


@pytest.fixture(scope="module")
def reader_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on which a user may read one of two databases, as users of Atlas often may."""
    folder = tmp_path_factory.mktemp("guarded")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Server(folder, port), MongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{port}/?{OPTIONS}") as client:
        client.admin.command("createUser", "reader", pwd="secret", roles=[{"role": "read", "db": "shop"}])
        client["shop"].orders.insert_one({"order_date": T0})
        client["private"].things.insert_one({})
    with Server(folder, port, "--auth"):
        yield f"mongodb://reader:secret@127.0.0.1:{port}/?{OPTIONS}"


def test_user_who_may_not_list_databases_is_told_to_name_one(reader_uri: str) -> None:
    with MongoClient[dict[str, Any]](reader_uri) as client:
        with pytest.raises(FqError, match=r"does not let this user list the databases.*--database NAME"):
            choose_database(client)

        (found,) = look(client["shop"], 10, today=TODAY).collections
    assert (found.name, found.documents, found.first_day) == ("orders", 1, T0.date())


def test_database_that_the_user_may_not_read_is_refused_in_words(reader_uri: str) -> None:
    with (
        pytest.raises(FqError, match=r"MongoDB denies this to the user.*Grant the role read"),
        connect(reader_uri, 10) as client,
        mongo_errors(reader_uri),
    ):
        look(client["private"], 10, today=TODAY)

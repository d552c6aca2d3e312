"""Commands read the MongoDB of MONGO_URI, else the embedded one, which they start if they must."""

from pathlib import Path

import pytest
from pymongo import MongoClient

from fq_platform.commands.source import source_client
from fq_platform.demo.embedded_mongo import EmbeddedMongo
from fq_platform.demo.endpoint import running_endpoint
from fq_platform.errors import FqError
from fq_platform.settings import Settings


def test_without_any_mongodb_both_remedies_are_named(settings: Settings) -> None:
    with (
        pytest.raises(FqError, match=r"There is no MongoDB to read.*Set MONGO_URI .* with `fq demo`"),
        source_client(settings),
    ):
        pass
    assert not settings.mongo_home.exists()


def test_server_that_is_not_there_is_told_without_the_password(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, mongo_uri="mongodb://me:secret@127.0.0.1:1/", mongo_timeout_seconds=0.2)

    with pytest.raises(FqError, match="MongoDB cannot be reached") as error, source_client(settings):
        pass

    assert "secret" not in str(error.value)


@pytest.mark.services
def test_embedded_server_is_started_for_the_command_if_its_data_are_there(settings: Settings) -> None:
    with EmbeddedMongo(settings) as mongo, MongoClient(mongo.uri) as client:
        client["shop"].things.insert_one({"_id": 7})

    with source_client(settings) as reader:
        assert reader["shop"].things.find_one() == {"_id": 7}
        assert running_endpoint(settings) is not None

    assert running_endpoint(settings) is None


@pytest.mark.services
def test_embedded_server_that_runs_is_left_running(settings: Settings) -> None:
    with EmbeddedMongo(settings) as mongo:
        with source_client(settings) as reader:
            reader.admin.command("ping")
        assert running_endpoint(settings) == mongo.uri

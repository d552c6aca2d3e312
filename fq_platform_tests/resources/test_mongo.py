"""Which MongoDB is read, and that its failures reach users as errors with a remedy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pymongo.errors import PyMongoError

from fq_platform.demo.embedded_mongo import EmbeddedMongo
from fq_platform.errors import FqError
from fq_platform.resources.mongo import MongoResource
from fq_platform.settings import get_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An FQ_HOME of its own, and no MONGO_URI, in the settings of this process."""
    monkeypatch.setenv("FQ_HOME", str(tmp_path / "fq"))
    monkeypatch.setenv("FQ_MONGO_TIMEOUT_SECONDS", "0.3")
    monkeypatch.delenv("MONGO_URI", raising=False)
    get_settings.cache_clear()
    yield tmp_path / "fq"
    get_settings.cache_clear()


def test_own_uri_wins_over_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGO_URI", "mongodb://setting")

    assert MongoResource(uri="mongodb://own").resolve_uri() == "mongodb://own"
    assert MongoResource().resolve_uri() == "mongodb://setting"


def test_no_mongodb_at_all_is_told_with_both_remedies() -> None:
    with pytest.raises(FqError, match=r"There is no MongoDB to read.*Set MONGO_URI .* or start .* `fq dev`"):
        MongoResource().resolve_uri()


@pytest.mark.services
def test_embedded_server_is_found_and_an_explicit_uri_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedMongo(get_settings()) as server:
        assert MongoResource().resolve_uri() == server.uri
        with MongoResource().database("shop") as database:
            database.things.insert_one({"_id": 1})
            assert database.name == "shop"
            assert database.things.count_documents({}) == 1

        monkeypatch.setenv("MONGO_URI", "mongodb://explicit")
        get_settings.cache_clear()
        assert MongoResource().resolve_uri() == "mongodb://explicit"


@pytest.mark.services
def test_errors_of_the_driver_come_out_as_errors_with_a_remedy(mongo_uri: str) -> None:
    with (
        pytest.raises(FqError, match="MongoDB reports an error"),
        MongoResource(uri=mongo_uri).database("x") as database,
    ):
        database.command("noSuchCommand")
    with pytest.raises(FqError, match="MongoDB: something else"), MongoResource(uri=mongo_uri).database("x"):
        raise PyMongoError("something else")
    with pytest.raises(ZeroDivisionError), MongoResource(uri=mongo_uri).database("x"):
        _ = 1 / 0


def test_unreachable_server_is_named_within_the_time_of_the_setting() -> None:
    uri = "mongodb://user:s3cretword@127.0.0.1:9"
    with (
        pytest.raises(FqError, match=r"MongoDB cannot be reached \(MONGO_URI, 127\.0\.0\.1:9\)") as error,
        MongoResource(uri=uri).database("shop"),
    ):
        pass
    assert "s3cretword" not in str(error.value)

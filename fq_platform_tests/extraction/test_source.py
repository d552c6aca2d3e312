"""What can go wrong with the server is said in words that help and never show the password."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from fq_platform.errors import FqError
from fq_platform.extraction import source
from fq_platform.extraction.source import address, connect, mongo_errors

SECRET = "s3cretword"
OPTIONS = "directConnection=true&serverMonitoringMode=poll&heartbeatFrequencyMS=60000"


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("mongodb://host", "host:27017"),
        (f"mongodb://user:{SECRET}@one:1,two:2/db?replicaSet=r", "one:1, two:2"),
        (f"mongodb://user:{SECRET}/x@host:27017/db", "host:27017"),
        (f"mongodb://user:{SECRET}", "an unreadable URI"),
        (f"user:{SECRET}", "an unreadable URI"),
        (f"mongodb://{SECRET}:{SECRET}:{SECRET}", "an unreadable URI"),
        ("", "an unreadable URI"),
    ],
)
def test_address_shows_hosts_only(uri: str, shown: str) -> None:
    assert address(uri) == shown


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "uri",
    [
        "",
        "host:27017:27017",
        "http://host",
        "mongodb://",
        f"mongodb://user:{SECRET}",
        f"user:{SECRET}@host",
        f"mongodb://user:{SECRET}@host:port",
        f"mongodb://user:{SECRET}@host:99999",
        f"mongodb://user:{SECRET}/x@host",
        f"mongodb://user:{SECRET}@x@host",
        f"mongodb://user:{SECRET}?x@host",
        f"mongodb://user:{SECRET}:x@host",
        f"mongodb://user:%zz{SECRET}@host",
        f"mongodb://user:{SECRET}@host/?a=b=c",
        f"mongodb+srv://user:{SECRET}@host:1",
    ],
)
def test_malformed_uri_is_an_error_without_the_password(uri: str) -> None:
    with pytest.raises(FqError, match=r"MONGO_URI is not usable: .*mongodb://user:password@host:port") as error:
        connect(uri, 0.1)

    assert SECRET not in str(error.value)


def test_driver_that_quotes_the_password_is_not_quoted() -> None:
    uri = f"mongodb://user:{SECRET}/x@host"

    said = str(source._unusable(uri, ValueError(f"Port must be an integer between 0 and 65535: '{SECRET}'")))

    assert said.startswith("MONGO_URI is not usable: a host, a port or an option in it cannot be read (MONGO_URI)")


def test_server_that_is_not_there_is_named_without_the_password() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.monotonic()

    with pytest.raises(FqError) as error:
        connect(f"mongodb://user:{SECRET}@127.0.0.1:{port}", 0.3)

    assert error.value.what == "MongoDB cannot be reached"
    assert error.value.where == f"MONGO_URI, 127.0.0.1:{port}"
    assert "Connection refused" in error.value.fix
    assert SECRET not in str(error.value)
    assert time.monotonic() - started < 10


@pytest.mark.services
def test_error_of_the_server_is_told_with_its_words(mongo_uri: str) -> None:
    with (
        pytest.raises(FqError, match=r"MongoDB reports an error: .*noSuchCommand"),
        connect(mongo_uri, 10) as client,
        mongo_errors(mongo_uri),
    ):
        client.admin.command("noSuchCommand")


@pytest.fixture(scope="module")
def guarded_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server that knows one user and lets nobody else in."""
    folder = tmp_path_factory.mktemp("guarded")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Server(folder, port), MongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{port}/?{OPTIONS}") as client:
        client.admin.command("createUser", "reader", pwd=SECRET, roles=["root"])
        client.shop.things.insert_one({"_id": 1})
    with Server(folder, port, "--auth"):
        yield port


class Server:
    """The embedded server with options of its own, for as long as the context lasts."""

    def __init__(self, folder: Path, port: int, *options: str) -> None:
        program = Path(sys.executable).with_name("secantusd-py")
        (folder / "server.toml").touch()
        self.port = port
        self.command = [str(program), "--config", str(folder / "server.toml"), "--host", "127.0.0.1"]
        self.command += ["--port", str(port), "--storage-path", str(folder / "data"), *options]

    def __enter__(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise TimeoutError("the server does not come up")

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.wait(60)


@pytest.mark.services
def test_right_password_reads(guarded_port: int) -> None:
    with connect(f"mongodb://reader:{SECRET}@127.0.0.1:{guarded_port}/?{OPTIONS}", 10) as client:
        assert client.shop.things.count_documents({}) == 1


@pytest.mark.services
@pytest.mark.parametrize("user", ["reader", "nobody"])
def test_wrong_user_or_password_is_named_and_not_shown(guarded_port: int, user: str) -> None:
    with pytest.raises(FqError) as error, mongo_errors("mongodb://h"):
        connect(f"mongodb://{user}:wr0ng{SECRET}@127.0.0.1:{guarded_port}/?{OPTIONS}", 10)

    assert error.value.what == "MongoDB refuses the user or password"
    assert error.value.where == f"MONGO_URI, 127.0.0.1:{guarded_port}"
    assert SECRET not in str(error.value)


@pytest.mark.services
def test_reading_without_a_password_where_one_is_needed_is_told(guarded_port: int) -> None:
    uri = f"mongodb://127.0.0.1:{guarded_port}/?{OPTIONS}"
    with pytest.raises(FqError, match="MongoDB denies this to the user"), connect(uri, 10) as client, mongo_errors(uri):
        client.shop.things.find_one()

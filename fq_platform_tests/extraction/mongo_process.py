"""An embedded MongoDB server with options of its own, which a test can stop and start again on the same data.

Belongs here: the process. Does not: the server that the other tests share (`fixtures/mongo.py`).
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import PyMongoError

SECONDS = 60


class MongoProcess:
    """A server on a folder.

    Args:
        folder: Its data, log and configuration.
        options: Further command line options.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.options = options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def uri(self, credentials: str = "") -> str:
        return f"mongodb://{credentials}127.0.0.1:{self.port}/?directConnection=true&serverMonitoringMode=poll"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "server.toml"
        config.write_text("")
        program = str(Path(sys.executable).with_name("secantusd-py"))
        place = ["--host", "127.0.0.1", "--port", str(self.port), "--storage-path", str(self.folder / "data")]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [program, "--config", str(config), *place, *self.options], stdout=log, stderr=log
            )
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                with MongoClient[dict[str, Any]](self.uri(), serverSelectionTimeoutMS=200) as client:
                    client.admin.command("hello")
                return
            except PyMongoError:
                assert self.process.poll() is None, (self.folder / "server.log").read_text()
                assert time.monotonic() < deadline, "the server did not answer"

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    @contextmanager
    def database(self, name: str = "shop", credentials: str = "") -> Iterator[Database[dict[str, Any]]]:
        """A database through a client of its own."""
        with MongoClient[dict[str, Any]](self.uri(credentials)) as client:
            yield client[name]


@contextmanager
def mongo_process(folder: Path, *options: str) -> Iterator[MongoProcess]:
    """A running server, ended afterwards."""
    server = MongoProcess(folder, *options)
    try:
        server.start()
        yield server
    finally:
        server.stop()

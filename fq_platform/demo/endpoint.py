"""Where the embedded MongoDB answers: the small file by which one process tells all others.

Belongs here: the endpoint file and whether what it says still holds. Does not: starting or stopping a server.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from fq_platform.settings import Settings

PING_SECONDS = 5
"""How long a server that is said to run may take to answer."""


@dataclass(frozen=True)
class Endpoint:
    """What the endpoint file tells about a running server.

    Args:
        uri: The URI for clients, with the options that the server needs.
        pid: The number of the server's process.
        port: The TCP port on loopback.
        owner: The number of the process that started the server; when that one ends, the server does.
    """

    uri: str
    pid: int
    port: int
    owner: int

    @classmethod
    def read(cls, settings: Settings) -> Self | None:
        """The endpoint last written; None if there is none, or if the file is not a whole one."""
        try:
            content = json.loads(endpoint_file(settings).read_text(encoding="utf-8"))
            numbers = {name: int(content[name]) for name in ("pid", "port", "owner")}
            return cls(uri=str(content["uri"]), **numbers)
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def write(self, settings: Settings) -> None:
        """Replace the endpoint file in one step, so that nobody reads half of it."""
        file = endpoint_file(settings)
        draft = file.with_suffix(".tmp")
        draft.write_text(json.dumps(asdict(self)), encoding="utf-8")
        draft.replace(file)

    def is_served(self, settings: Settings) -> bool:
        """Whether the server's process exists and serves this folder; a number may pass to another process."""
        import psutil

        try:
            return str(data_folder(settings)) in psutil.Process(self.pid).cmdline()
        except psutil.Error:
            return False

    def is_owned(self) -> bool:
        """Whether the owner lives; if not, the server is about to end, though it may still answer."""
        import psutil

        try:
            return psutil.Process(self.owner).status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def answers(self) -> bool:
        """Whether a MongoDB answers a ping there."""
        from pymongo import MongoClient
        from pymongo.errors import PyMongoError

        limit = PING_SECONDS * 1000
        try:
            with MongoClient[dict[str, object]](
                self.uri, serverSelectionTimeoutMS=limit, connectTimeoutMS=limit, socketTimeoutMS=limit
            ) as client:
                client.admin.command("ping")
        except PyMongoError:
            return False
        return True

    def ends_within(self, seconds: float, settings: Settings) -> bool:
        """Wait for the process to end, as it does by itself a moment after its owner was killed."""
        deadline = time.monotonic() + seconds
        while self.is_served(settings):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True


def running_endpoint(settings: Settings) -> str | None:
    """The URI of the embedded MongoDB of this `FQ_HOME`, if one runs.

    Reads a small file and looks at one process; connects to nothing.

    Args:
        settings: The settings, whose `mongo_home` is looked into.

    Returns:
        The URI with the client options that the server needs, or None if no server runs.
    """
    endpoint = Endpoint.read(settings)
    return endpoint.uri if endpoint and endpoint.is_owned() and endpoint.is_served(settings) else None


def endpoint_file(settings: Settings) -> Path:
    """The file that is there while a server runs (or after it was ended by force)."""
    return settings.mongo_home / "endpoint.json"


def data_folder(settings: Settings) -> Path:
    """The server's storage, with links resolved: two processes may name the same `FQ_HOME` by different ones."""
    return (settings.mongo_home / "data").resolve()

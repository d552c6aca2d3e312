"""Where the embedded MongoDB answers: the small file by which one process tells all others.

Belongs here: the endpoint file and whether what it says still holds. Does not: starting or stopping a server.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from fq_platform.server_endpoint import ServerEndpoint
from fq_platform.settings import Settings

PING_SECONDS = 5
"""How long a server that is said to run may take to answer."""


@dataclass(frozen=True, kw_only=True)
class Endpoint(ServerEndpoint):
    """What the endpoint file tells about a running server, beside its processes.

    Args:
        uri: The URI for clients, with the options that the server needs.
        port: The TCP port on loopback.
    """

    uri: str
    port: int

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

    def storage_argument(self, settings: Settings) -> str:
        """The storage on the server's command line."""
        return str(data_folder(settings))

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

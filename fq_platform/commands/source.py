"""What a command reads, without Dagster: a MongoDB or a folder of files.

Belongs here: which server, and a connection for the length of a command. Does not: reading (`extraction/`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fq_platform.errors import FqError
from fq_platform.settings import Settings

if TYPE_CHECKING:
    from pymongo import MongoClient
    from pymongo.database import Database

    from fq_platform.extraction.documents import Source
    from fq_platform.sources import Sources


@contextmanager
def opened_source(settings: Settings, sources: "Sources") -> "Iterator[Database[dict[str, Any]] | Source]":
    """Open what collections are read from: their folder, else their MongoDB database (see `source_client`).

    Args:
        settings: Which MongoDB.
        sources: Where the collections are declared.

    Yields:
        What `sync` and `verify` read.
    """
    from fq_platform.extraction.files.folder import folder_of

    folder = folder_of(sources)
    if folder is not None:
        yield folder
        return
    with source_client(settings) as client:
        yield client[sources.database]


@contextmanager
def source_client(settings: Settings) -> Iterator["MongoClient[dict[str, Any]]"]:
    """Connect to the MongoDB of `MONGO_URI`, else to the embedded one, for the length of a `with` block.

    The embedded one is the one that runs (`fq dev`); if none does, but its data are there, it is started and stopped
    at the end.

    Args:
        settings: `MONGO_URI`, and `FQ_HOME` with the embedded server's data.

    Yields:
        A client; what the driver raises inside the block comes out as `FqError`.

    Raises:
        FqError: There is neither, the server cannot be reached, refuses the credentials, or fails while it is read.
    """
    from fq_platform.extraction.source import connect, mongo_errors

    with _uri(settings) as uri, connect(uri, settings.mongo_timeout_seconds) as client, mongo_errors(uri):
        yield client


def source_uri(settings: Settings) -> str:
    """The URI of the MongoDB that a `with source_client` block is connected to; it may hold a password.

    Args:
        settings: As `source_client` was given them.
    """
    from fq_platform.demo.endpoint import running_endpoint

    if settings.mongo_uri is not None:
        return settings.mongo_uri.get_secret_value()
    running = running_endpoint(settings)
    if running is None:
        raise RuntimeError("no MongoDB is open")
    return running


@contextmanager
def _uri(settings: Settings) -> Iterator[str]:
    from fq_platform.demo.embedded_mongo import EmbeddedMongo
    from fq_platform.demo.endpoint import data_folder, running_endpoint

    if settings.mongo_uri is not None:
        yield settings.mongo_uri.get_secret_value()
        return
    data = data_folder(settings)
    if running_endpoint(settings) is None and not (data.is_dir() and any(data.iterdir())):
        raise FqError(
            "There is no MongoDB to read: MONGO_URI is not set, and the embedded one holds no data yet",
            where=f"MONGO_URI, {settings.mongo_home}",
            fix="Set MONGO_URI in the environment or in .env, or fill the embedded one with `fq demo`",
        )
    with EmbeddedMongo(settings) as mongo:
        yield mongo.uri

"""Loads the files of the IFCO application into MongoDB, so that the same rows can be read from there.

Belongs here: storing, and knowing what is stored. Does not: what a row is (`extraction/files/`).
"""

import hashlib
from typing import Any

import bson
from pymongo.database import Database

from fq_platform.errors import FqError
from fq_platform.extraction.files.folder import Folder
from fq_platform.extraction.source import connect, mongo_errors
from fq_platform.ifco import SOURCES_FILE
from fq_platform.settings import Settings
from fq_platform.sources import load_sources

MARKER_COLLECTION = "fq_demo"
"""Holds what the platform knows about the copy; no part of it."""


def load_ifco(uri: str, settings: Settings) -> dict[str, int]:
    """Store the rows of the files as documents, unless they are there already; what an earlier call stored is replaced.

    Args:
        uri: The MongoDB's URI.
        settings: `FQ_IFCO_PATH`, the folder of the files.

    Returns:
        The number of documents by collection.

    Raises:
        FqError: A file cannot be read, or the database holds collections of these names that were not loaded by this.
    """
    sources = load_sources(SOURCES_FILE)
    files = {name: collection.file for name, collection in sources.collections.items() if collection.file}
    folder = Folder(settings.ifco_path, files)
    # Files are read to their ends before anything is written.
    documents = {name: list(folder.documents(name).rows()) for name in files}
    with connect(uri, settings.mongo_timeout_seconds) as client, mongo_errors(uri):
        for name, rows in documents.items():
            _store(client[sources.database], name, rows)
    return {name: len(rows) for name, rows in documents.items()}


def _store(database: Database[dict[str, Any]], name: str, rows: list[dict[str, Any]]) -> None:
    digest = hashlib.sha256(b"".join(map(bson.encode, rows))).hexdigest()
    marker = database[MARKER_COLLECTION].find_one({"_id": name})
    if marker and marker["content"] == digest:
        return
    if marker is None and database[name].find_one(projection=["_id"]):
        raise FqError(
            f"The collection {name!r} holds documents that are not from the IFCO files",
            where=f"database {database.name}",
            fix="Let MONGO_URI name another MongoDB, or unset it to use the embedded one; nothing was changed",
        )
    # The marker comes before the first document: what stands without one was not put there by us.
    database[MARKER_COLLECTION].replace_one({"_id": name}, {"_id": name, "content": None}, upsert=True)
    database.drop_collection(name)
    database[name].insert_many(rows)
    database[MARKER_COLLECTION].replace_one({"_id": name}, {"_id": name, "content": digest})

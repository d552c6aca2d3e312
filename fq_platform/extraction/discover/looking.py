"""Looking into a MongoDB: its databases, collections, indexes, and a bounded sample of documents.

Belongs here: what is asked of the server. Does not: conclusions (`suggest.py`), or how they are written (`text.py`).
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import bson
from bson import CodecOptions, UuidRepresentation
from bson.codec_options import DatetimeConversion
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import ConfigurationError, OperationFailure

from fq_platform.errors import FqError
from fq_platform.extraction.discover.observed import Sample
from fq_platform.extraction.discover.suggest import Suggestion, first_day, suggest
from fq_platform.extraction.keys import document_key
from fq_platform.naming import normalise

SYSTEM_DATABASES = frozenset({"admin", "config", "local"})
EARLIEST = dt.date(2000, 1, 1)
"""Event times before it are taken for mistakes when the first day is chosen."""
BYTES_AT_ONCE = 64 * 2**20
"""Where a reading of a sample ends early (bytes)."""
RANDOM_FROM = 20
"""`$sample` is cheap where it takes less than one in so many documents; else the server sorts the collection."""

_RAW: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
_CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True,
    tzinfo=dt.UTC,
    uuid_representation=UuidRepresentation.UNSPECIFIED,
    unicode_decode_error_handler="surrogateescape",
    datetime_conversion=DatetimeConversion.DATETIME_AUTO,
)
_DENIED = (13, 8000)
"""Error codes of MongoDB and of Atlas."""


@dataclass(frozen=True)
class Found:
    """A collection that can be declared.

    Args:
        name: Its name.
        documents: How many it has, about.
        sample: Some of them.
        suggestion: What to say of it.
        first_day: The earliest day of its event time; None without one.
    """

    name: str
    documents: int
    sample: Sample
    suggestion: Suggestion
    first_day: dt.date | None


@dataclass(frozen=True)
class Discovery:
    """What was found in a database.

    Args:
        database: Its name.
        collections: In the order of their names.
        left_out: Collections that cannot be declared, and why.
    """

    database: str
    collections: list[Found]
    left_out: Mapping[str, str] = field(default_factory=dict)


def choose_database(client: MongoClient[dict[str, Any]]) -> str:
    """The database that is meant if none is named: that of the URI, else the only one there is.

    Args:
        client: Connected.

    Returns:
        The database's name.

    Raises:
        FqError: There is none, there are several, or the user may not list them.
    """
    try:
        return client.get_default_database().name
    except ConfigurationError:  # the URI names none
        pass
    try:
        names = [name for name in client.list_database_names() if name not in SYSTEM_DATABASES]
    except OperationFailure as error:
        if error.code not in _DENIED:
            raise
        raise FqError(
            "MongoDB does not let this user list the databases",
            where="MONGO_URI",
            fix="Name one: fq discover --database NAME",
        ) from None
    if len(names) == 1:
        return names[0]
    raise FqError(
        f"There are several databases: {', '.join(sorted(names))}" if names else "There is no database to look into",
        where="MONGO_URI",
        fix="Name one: fq discover --database NAME" if names else "Let MONGO_URI name a MongoDB that holds data",
    )


def look(
    database: Database[dict[str, Any]],
    documents: int,
    *,
    today: dt.date,
    left_out: Mapping[str, str] | None = None,
    on_collection: Callable[[str, int, int], None] | None = None,
) -> Discovery:
    """Look into a database's collections.

    Args:
        database: The database.
        documents: The most documents to read of each collection.
        today: The last day that an event time is taken seriously for.
        left_out: Collections that are not to be looked into, and why.
        on_collection: Told, before each collection: its name, its number from 1, and how many there are.

    Returns:
        What was found.

    Raises:
        FqError: The database does not exist or holds no collection that can be declared.
    """
    names, reasons = _declarable(database, left_out or {})
    found = []
    for number, name in enumerate(names, 1):
        if on_collection:
            on_collection(name, number, len(names))
        found.append(_look_at(database.get_collection(name, codec_options=_RAW), documents, today))
    if not found:
        raise FqError(
            f"The database {database.name!r} holds no collection that can be landed",
            where="--database",
            fix="Correct the name; names of databases are case-sensitive",
        )
    return Discovery(database.name, found, reasons)


def _declarable(database: Database[dict[str, Any]], left_out: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The names of collections that can be landed, in order; the others with the reason."""
    # Only what the user may read, and no more than names and kinds: this is allowed where all else is not.
    listed = database.list_collections(nameOnly=True, authorizedCollections=True)
    kinds = {entry["name"]: entry.get("type", "collection") for entry in listed}
    names: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for name in sorted(kinds):
        table = normalise(name).lower()
        if name.startswith("system."):
            reasons[name] = "a system collection"
        elif name in left_out:
            reasons[name] = left_out[name]
        elif kinds[name] == "view":
            reasons[name] = "a view: land the collections that it is made of"
        elif kinds[name] != "collection":
            reasons[name] = f"of the kind {kinds[name]}, in which an _id need not be unique"
        elif table in names:
            reasons[name] = f"its table would have the name of that of {names[table]}"
        else:
            names[table] = name
    return list(names.values()), reasons


def _look_at(collection: Collection[Any], documents: int, today: dt.date) -> Found:
    count = collection.estimated_document_count()
    sample = Sample()
    for document in _some(collection, count, documents):
        sample.see(document)
    indexed = _indexed(collection)
    suggestion = suggest(sample, indexed)
    event = suggestion.partition_by
    first = None
    if event:
        seen = [*sample.dates[event.path].values(), *(_earliest(collection, event.path) if event.indexed else ())]
        first = first_day(seen, not_before=EARLIEST, not_after=today)
    return Found(collection.name, max(count, sample.documents), sample, suggestion, first)


def _some(collection: Collection[Any], count: int, documents: int) -> Iterator[dict[str, Any]]:
    """Documents from the beginning, the end and the midst of a collection, each once."""
    if count <= documents:
        yield from _decoded(collection.find(limit=documents, batch_size=100))
        return
    part = max(1, documents // 3)
    met: set[str] = set()
    readings: list[Callable[[], Any]] = [
        lambda: collection.find(limit=part, batch_size=100, sort=[("_id", 1)]),
        lambda: collection.find(limit=part, batch_size=100, sort=[("_id", -1)]),
    ]
    if count >= RANDOM_FROM * part:
        readings.append(lambda: collection.aggregate([{"$sample": {"size": part}}], batchSize=100))
    for reading in readings:
        for document in _decoded(reading()):
            key = document_key(document["_id"])
            if key not in met:
                met.add(key)
                yield document


def _decoded(cursor: Any) -> Iterator[dict[str, Any]]:
    size = 0
    with cursor:
        for document in cursor:
            yield bson.decode(document.raw, _CODEC)
            size += len(document.raw)
            if size >= BYTES_AT_ONCE:
                return


def _indexed(collection: Collection[Any]) -> set[str]:
    """The paths by which documents are found without reading all."""
    return {
        index["key"][0][0]
        for index in collection.index_information().values()
        if "partialFilterExpression" not in index and not index.get("hidden") and index["key"][0][1] in (1, -1)
    }


def _earliest(collection: Collection[Any], path: str) -> Iterator[dt.datetime]:
    """The earliest date at a path, found by its index."""
    begin = dt.datetime.combine(EARLIEST, dt.time(), dt.UTC)
    for document in collection.find({path: {"$gte": begin}}, [path], sort=[(path, 1)], limit=1):
        value: Any = bson.decode(document.raw, _CODEC)
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, dt.datetime):
            yield value

"""The source: connecting to MongoDB, and its errors in words.

Belongs here: the client, and what a user can do about an error. Does not: reading documents (`reading.py`).
"""

import difflib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote_plus

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import ConfigurationError, ConnectionFailure, InvalidURI, OperationFailure, PyMongoError
from pymongo.uri_parser import parse_uri

from fq_platform.errors import FqError

_AUTHENTICATION_FAILED, _UNAUTHORIZED = 18, 13
_PASSING = frozenset(
    {6, 7, 43, 50, 89, 91, 133, 134, 175, 189, 202, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436}
)
"""Codes of errors that pass: elections, shutdowns, network between members, a cursor or a query that took too long."""


def address(uri: str) -> str:
    """The hosts of a MongoDB URI, without user, password or options."""
    try:
        nodes = parse_uri(uri, validate=False, connect_timeout=0)["nodelist"]
        return ", ".join(f"{host}:{port}" for host, port in nodes)
    except (PyMongoError, ValueError):
        named = re.fullmatch(r"mongodb(?:\+srv)?://(?:.*@)?([^@/?]*).*", uri, re.DOTALL)
        # Without a scheme, or with a port that is no number, what looks like a host may be a user and a password.
        return (
            named[1]
            if named and named[1] and re.fullmatch(r"[^:]*(:\d+)?(,[^:]*(:\d+)?)*", named[1])
            else "an unreadable URI"
        )


@contextmanager
def mongo_errors(uri: str) -> Iterator[None]:
    """Turn what pymongo raises into errors that say what to do.

    Args:
        uri: The URI in use; only its hosts are shown.

    Raises:
        FqError: For every error of the driver or the server.
    """
    where = f"MONGO_URI, {address(uri)}"
    try:
        yield
    except (InvalidURI, ConfigurationError) as error:
        raise _unusable(uri, error) from error
    except ConnectionFailure as error:
        raise FqError(
            "MongoDB cannot be reached",
            where=where,
            fix=f"Check that it runs and that this machine may connect. The driver said: {_short(error)}",
            transient=True,
        ) from error
    except OperationFailure as error:
        if error.code == _AUTHENTICATION_FAILED:
            raise FqError(
                "MongoDB refuses the user or password",
                where=where,
                fix="Correct them in MONGO_URI; if the user lives in another database, add ?authSource=<database>",
            ) from error
        if error.code == _UNAUTHORIZED:
            raise FqError(
                f"MongoDB denies this to the user: {_short(error)}", where=where, fix="Grant the role read on it"
            ) from error
        raise FqError(
            f"MongoDB reports an error: {_short(error)}",
            where=where,
            fix="Run again; nothing was landed half",
            transient=error.code in _PASSING,
        ) from error
    except PyMongoError as error:
        raise FqError(f"MongoDB: {_short(error)}", where=where, fix="Run again; nothing was landed half") from error


def _unusable(uri: str, error: Exception) -> FqError:
    said = str(error).rstrip(".")
    # A password with an unescaped / or : is taken for a host, a port or an option, and may be quoted in the complaint.
    password = uri.rpartition("@")[0].partition("://")[2].partition(":")[2]
    pieces = {text for piece in re.split(r"[/?#@:,&=]", password) for text in (piece, unquote_plus(piece)) if text}
    if any(re.search(rf"(?<!\w){re.escape(piece)}(?!\w)", said) for piece in pieces):
        said = "a host, a port or an option in it cannot be read"
    return FqError(
        f"MONGO_URI is not usable: {said}",
        where="MONGO_URI",
        fix="Write it as mongodb://user:password@host:port, with %-escapes for : / ? # @ in user and password",
    )


def _short(error: Exception) -> str:
    return str(error).split(", full error:")[0].split(", Timeout:")[0][:300]


def connect(uri: str, timeout_seconds: float) -> MongoClient[dict[str, Any]]:
    """Connect to MongoDB and see that it answers.

    Args:
        uri: Any MongoDB URI, `mongodb+srv` included.
        timeout_seconds: How long to look for a server (seconds).

    Returns:
        A client; the caller closes it.

    Raises:
        FqError: The server cannot be reached, the URI is malformed, or the credentials are refused.
    """
    with mongo_errors(uri):
        try:
            client: MongoClient[dict[str, Any]] = MongoClient(
                uri, serverSelectionTimeoutMS=int(timeout_seconds * 1000), tz_aware=True, appname="fq-platform"
            )
        except (ValueError, TypeError) as error:  # so the driver says that a port or an option is not what it must be
            raise _unusable(uri, error) from error
        try:
            client.admin.command("ping")
        except PyMongoError:
            client.close()
            raise
    return client


def require_collection(database: Database[dict[str, Any]], collection: str) -> None:
    """See that a declared collection exists: an absent one must not look like a deletion of all its documents.

    Args:
        database: The database of the sources file.
        collection: The declared collection's name.

    Raises:
        FqError: There is no such collection; similar names are offered.
    """
    names = database.list_collection_names()
    if collection in names:
        return
    near = difflib.get_close_matches(collection, names, n=3) or sorted(names)[:5]
    hint = f"It has {', '.join(near)}" if near else "It has no collections at all"
    raise FqError(
        f"The collection {collection!r} does not exist in the database {database.name!r}",
        where="sources file (FQ_SOURCES)",
        fix=f"{hint}. Correct the name, or remove it from the sources file",
    )

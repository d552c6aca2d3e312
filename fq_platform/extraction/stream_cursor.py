"""A database's change stream as whole events, in slices that end, whatever the server can and cannot do.

Belongs here: opening, resuming, putting split events together, and telling a lost position from other failures. Does
not: what an event means for the lake (`change_stream.py`).
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bson import Timestamp
from pymongo.change_stream import ChangeStream
from pymongo.database import Database
from pymongo.errors import OperationFailure

from fq_platform.errors import FqError
from fq_platform.extraction.tokens import LostPositionError

Event = Mapping[str, Any]
Token = Mapping[str, Any]

WAIT_SECONDS = 1.0
"""How long the server may wait for an event before it says that there is none; shards need a while to agree on it."""
_UNAUTHORIZED = 13
_WITHOUT_CHANGE_STREAMS = {
    40573: "it is a standalone server, not a replica set",
    148: "it runs without majority read concern",
    376: "they are not enabled",
    115: "it does not know the command",
    238: "they are not implemented",
    59: "it does not know the command",
}
"""Server's error code to why there are no change streams."""
_UNKNOWN_STAGE = 40324
_PASSING = frozenset({50, 91, 262, 11600, 11602, 13436})
"""Codes of failures that have nothing to do with the position: time limits, a server that stops or starts."""
_BEFORE = "fullDocumentBeforeChange"
_EVENT_FIELDS = ("operationType", "ns", "to", "documentKey._id", "clusterTime", "splitEvent")


class NoChangeStreamsError(FqError):
    """The server has no change streams: look by watermark instead (`changes.py`)."""


@dataclass
class Slice:
    """What one look at the stream came to, filled while its events are read.

    Args:
        token: After which event the next look begins; only ever after a whole event.
        time: The cluster time of the last whole event.
        ended: Whether the stream had nothing more to give.
    """

    token: Token
    time: Timestamp | None = None
    ended: bool = False


class DatabaseStream:
    """The change stream of a database's declared collections, without the documents' bulk.

    Args:
        database: The database.
        collections: The declared collections' names; other collections' events do not travel.
        fields: Dotted paths of the documents' fields that are needed, now and before the change.
    """

    def __init__(
        self, database: Database[dict[str, Any]], collections: Iterable[str], fields: Iterable[str] = ()
    ) -> None:
        self._database = database
        self._fields = _without_nested(fields)
        self._stages = _stages(list(collections), self._fields)

    def fresh_token(self) -> Token:
        """A token that stands for now: resuming from it gives every later event.

        Returns:
            The token.

        Raises:
            NoChangeStreamsError: The server has none.
            FqError: The user may not read them.
        """
        try:
            with self._open(None, WAIT_SECONDS) as stream:
                token = stream.resume_token
        except OperationFailure as error:
            raise self._in_words(error) from error
        if token is None:
            raise self._none_here("it gives no resume token before the first event")
        return dict(token)

    def events(
        self, slice_: Slice, *, seconds: float, limit: int, wait_seconds: float = WAIT_SECONDS
    ) -> Iterator[Event]:
        """Read on from a token until the stream has nothing more, or time or number are used up.

        Args:
            slice_: Holds the token to begin at, and is brought up to date before each event is given.
            seconds: When to end (seconds from now); an event that the server has begun to send is still taken whole.
            limit: The most events.
            wait_seconds: How long the server may wait before it says that there is nothing more (seconds).

        Yields:
            Whole events, in the server's order.

        Raises:
            LostPositionError: The token cannot be resumed from, or the stream came to its end for good. Whether it is
                the token's fault, or the server lets nobody read, shows when a fresh token is asked for.
        """
        deadline = time.monotonic() + seconds
        try:
            with self._open(slice_.token, min(seconds, wait_seconds)) as stream:
                while limit > 0 and time.monotonic() < deadline:
                    event = _next_whole(stream, slice_)
                    if event is None:
                        return
                    limit -= 1
                    yield event
        except OperationFailure as error:
            if error.code in _PASSING or error.has_error_label("ResumableChangeStreamError"):
                raise
            raise LostPositionError(f"the server cannot resume from the kept position: {_said(error)}") from error

    def _open(self, token: Token | None, wait_seconds: float) -> ChangeStream[dict[str, Any]]:
        """Open the stream with as much as the server knows: images of before (6.0), large events split (7.0)."""
        documents: dict[str, Any] = {"full_document": "updateLookup"} if self._fields else {}
        before: dict[str, Any] = {"full_document_before_change": "whenAvailable"} if self._fields else {}
        split: list[Mapping[str, Any]] = [{"$changeStreamSplitLargeEvent": {}}]
        while True:
            try:
                return self._database.watch(
                    [*self._stages, *split],
                    resume_after=token,
                    max_await_time_ms=max(1, int(wait_seconds * 1000)),
                    **documents,
                    **before,
                )
            except OperationFailure as error:
                if split and "$changeStreamSplitLargeEvent" in str(error):
                    split = []
                elif before and _BEFORE in str(error):
                    before = {}
                else:
                    raise

    def _in_words(self, error: OperationFailure) -> Exception:
        if error.code in _WITHOUT_CHANGE_STREAMS:
            return self._none_here(_WITHOUT_CHANGE_STREAMS[error.code])
        if error.code == _UNKNOWN_STAGE and "$changeStream'" in str(error):
            return self._none_here("it does not know them")
        if error.code == _UNAUTHORIZED:
            return FqError(
                f"MongoDB denies the change stream of the database {self._database.name!r} to the user: {_said(error)}",
                where="MONGO_URI",
                fix="Grant the role read on the database; it holds the actions find and changeStream",
            )
        return error

    def _none_here(self, why: str) -> NoChangeStreamsError:
        return NoChangeStreamsError(
            f"The MongoDB of the database {self._database.name!r} has no change streams: {why}",
            where="MONGO_URI",
            fix="Declare a watermark in the sources file to find changes by, or run MongoDB as a replica set",
        )


def _stages(names: list[str], fields: Iterable[str]) -> list[Mapping[str, Any]]:
    """What follows `$changeStream`: which events, and which parts of them."""
    concerned = [
        {"ns.coll": {"$in": names}},
        {"to.coll": {"$in": names}},
        {"operationType": {"$in": ["dropDatabase", "invalidate"]}},
    ]
    parts = [f"{image}.{path}" for path in fields for image in ("fullDocument", _BEFORE)]
    return [{"$match": {"$or": concerned}}, {"$project": dict.fromkeys([*_EVENT_FIELDS, *parts], 1)}]


def _without_nested(paths: Iterable[str]) -> list[str]:
    """The paths that do not lie in another one: a projection may not name both."""
    distinct = sorted(set(paths))
    return [path for path in distinct if not any(path.startswith(f"{other}.") for other in distinct)]


def _next_whole(stream: ChangeStream[dict[str, Any]], slice_: Slice) -> Event | None:
    """The next event, whole, with the slice brought up to date; None if there is none now."""
    fragments = Fragments()
    while (part := stream.try_next()) is not None:
        event = fragments.add(part)
        if event is None:
            continue
        if event.get("operationType") == "invalidate":
            raise LostPositionError("the server ended the change stream, since the database was dropped")
        # Only now: a token inside a split event would begin the next look in the middle of it.
        slice_.token = dict(stream.resume_token or event["_id"])
        slice_.time = event.get("clusterTime", slice_.time)
        return event
    if not stream.alive:
        raise LostPositionError("the server ended the change stream")
    if not fragments.pending and stream.resume_token is not None:
        slice_.token, slice_.ended = dict(stream.resume_token), True
    return None


class Fragments:
    """Puts the parts of a split event together."""

    def __init__(self) -> None:
        self._parts: dict[str, Any] = {}
        self._number = 0

    @property
    def pending(self) -> bool:
        """Whether an event has begun that is not whole yet."""
        return self._number > 0

    def add(self, part: Event) -> Event | None:
        """Take in the next thing that the stream gave.

        Args:
            part: An event or a fragment of one.

        Returns:
            The whole event, once its last fragment is there.

        Raises:
            LostPositionError: A fragment is missing.
        """
        split = part.get("splitEvent") or {"fragment": 1, "of": 1}
        if split["fragment"] != self._number + 1:
            raise LostPositionError("the server left out a part of a split event")
        self._parts |= part
        self._number = split["fragment"]
        if self._number < split["of"]:
            return None
        whole, self._parts, self._number = self._parts, {}, 0
        return whole


def _said(error: OperationFailure) -> str:
    return str(error).split(", full error:")[0][:300]

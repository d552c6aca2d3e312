"""Where to look, told by MongoDB's change stream: which windows hold what was inserted, changed, moved or deleted.

Belongs here: what events mean for windows. Does not: how the stream is read (`stream_cursor.py`), where the position is
kept (`tokens.py`), what the lake holds (`lakehouse/window_lookup.py`), or finding out what changed (`sync.py`).
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from bson import Timestamp
from pymongo.database import Database

from fq_platform.extraction.codec import CODEC
from fq_platform.extraction.keys import document_key
from fq_platform.extraction.stream_cursor import WAIT_SECONDS, DatabaseStream, Event, NoChangeStreamsError, Slice
from fq_platform.extraction.tokens import LostPositionError, Position
from fq_platform.extraction.windows import owner, value_at

__all__ = ["CollectionChanges", "CollectionWindows", "NoChangeStreamsError", "StreamChanges", "read_changes"]

FindWindows = Callable[[str, Collection[str]], frozenset[dt.date]]
"""Of a collection's name and documents' keys: the days in which the lake holds any of them."""

MAX_EVENTS = 50_000
"""Events read in one call, so that a call takes bounded time and memory."""
_CLOCK_SLACK_SECONDS = 30
"""How far the router of a sharded cluster may be behind the time that another one told."""
_CHANGES = frozenset({"insert", "update", "replace", "delete"})


@dataclass(frozen=True)
class CollectionWindows:
    """How a declared collection is cut into windows.

    Args:
        field: Dotted path of the event-time field; None where the collection has no days.
        start_date: The first day of the collection's partitions; None where it has none.
        last_day: The last day that has a window at this time, normally today; None for no end.
        zone: The time zone whose days are meant, as an IANA name or a ZoneInfo.
    """

    field: str | None = None
    start_date: dt.date | None = None
    last_day: dt.date | None = None
    zone: str | ZoneInfo = "UTC"

    def days_of(self, image: Any) -> set[dt.date]:
        """The day whose window owns a document.

        Args:
            image: The document, of which the event-time field is enough; anything else where the server has none.

        Returns:
            One day; none where the document is unknown or the collection has no days.
        """
        if self.field is None or self.start_date is None or not isinstance(image, Mapping):
            return set()
        return {owner(value_at(image, self.field), self.start_date, self.last_day, self.zone)}


@dataclass
class CollectionChanges:
    """What the stream told of one collection.

    Args:
        days: The days to look at.
        everything: Whether every window must be looked at; always so where a collection without days changed.
        events: How many events there were.
        keys: Documents whose former day only the lake could tell. A run that was in flight meanwhile can land one of
            them where it no longer is: give them to the next look again once such runs have ended.
        said: What happened to the collection as a whole, in words: dropped, renamed.
    """

    days: set[dt.date] = field(default_factory=set)
    everything: bool = False
    events: int = 0
    keys: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)

    def all_of_it(self, why: str) -> None:
        """Have every window looked at."""
        self.everything = True
        if why not in self.said:
            self.said.append(why)


@dataclass(frozen=True)
class StreamChanges:
    """What one look at the stream came to.

    Args:
        collections: The collections that have something to look at.
        position: Where the next look begins; to be kept once the windows are sure to be looked at.
        events: How many events were read.
        lost: Whether events may be unknown, so that every window of every collection must be compared. The position is
            then older than any comparison that begins now, so nothing in between is missed.
        reason: Why it is lost, in words; empty if it is not.
        more: Whether the look ended by its limits, so that the next one will find more at once.
        until: When the last event happened; None if there was none.
        silent: Declared collections of which MongoDB streams no changes, views and time series: look by watermark.
    """

    collections: Mapping[str, CollectionChanges]
    position: Position
    events: int = 0
    lost: bool = False
    reason: str = ""
    more: bool = False
    until: dt.datetime | None = None
    silent: frozenset[str] = frozenset()


def read_changes(
    database: Database[dict[str, Any]],
    collections: Mapping[str, CollectionWindows],
    position: Position | None,
    *,
    find_windows: FindWindows,
    again: Mapping[str, Collection[str]] | None = None,
    time_budget_seconds: float = 10.0,
    max_events: int = MAX_EVENTS,
    wait_seconds: float = WAIT_SECONDS,
) -> StreamChanges:
    """Read what the change stream has to tell since a position, one stream for all declared collections.

    The first look, and one whose position is lost, reads nothing: it says that everything must be compared and takes a
    position for the look after.

    Args:
        database: The source.
        collections: The declared collections.
        position: Where the last look ended; None for the first one.
        find_windows: Asks the lake where documents are, for those of which the server keeps no image of before.
        again: By collection, keys of earlier looks to ask the lake for once more (`CollectionChanges.keys`).
        time_budget_seconds: When to stop reading (seconds); asking the lake comes on top.
        max_events: The most events to read.
        wait_seconds: How long the server may wait for an event before the look ends with nothing more (seconds).

    Returns:
        The windows to look at, and where to go on.

    Raises:
        NoChangeStreamsError: The server has no change streams; look by watermark.
        FqError: The user may not read them.
    """
    source = database.with_options(codec_options=CODEC)
    fields = [windows.field for windows in collections.values() if windows.field]
    stream = DatabaseStream(source, collections, fields)
    if position is None:
        return _everything(source, stream, collections, "there was no look before")
    at = Slice(position.token, position.time)
    found = {name: CollectionChanges() for name in collections}
    known = {name: position.collections.get(name, "") for name in collections}
    try:
        _require_history(source, position)
        for event in stream.events(at, seconds=time_budget_seconds, limit=max_events, wait_seconds=wait_seconds):
            _take_in(event, source.name, collections, found, known)
        infos = _infos(source, collections)
        if at.ended:
            known = _identities(infos, collections, known)
    except LostPositionError as error:
        return _everything(source, stream, collections, str(error))
    for name in collections.keys() - position.collections.keys():
        found[name].all_of_it("it was not declared at the last look")
    for name, changes in found.items():
        keys = changes.keys.union((again or {}).get(name, ()))
        if keys and not changes.everything:
            changes.days |= find_windows(name, keys)
    return StreamChanges(
        {name: changes for name, changes in found.items() if changes.days or changes.everything or changes.events},
        Position(at.token, at.time, known),
        events=sum(changes.events for changes in found.values()),
        more=not at.ended,
        until=at.time.as_datetime() if at.time and at.time != position.time else None,
        silent=_silent(infos),
    )


def _take_in(
    event: Event,
    database: str,
    collections: Mapping[str, CollectionWindows],
    found: Mapping[str, CollectionChanges],
    known: dict[str, str],
) -> None:
    """Note what one event tells; `known` forgets the identity of collections that are replaced."""
    operation = event.get("operationType", "")
    name = event.get("ns", {}).get("coll")
    if operation in _CHANGES:
        if name in found:
            found[name].events += 1
            _take_in_change(event, operation, collections[name], found[name])
        return
    target = event.get("to", {})
    told = {name: _told(operation, target)} if name else dict.fromkeys(found, "the database was dropped")
    if target.get("db") == database and target.get("coll") != name:
        told[target.get("coll")] = f"{name!r} was renamed to it"
    for concerned in told.keys() & found.keys():
        found[concerned].events += 1
        found[concerned].all_of_it(told[concerned])
        known[concerned] = ""


def _told(operation: str, target: Mapping[str, str]) -> str:
    if operation == "rename":
        return f"it was renamed to {'.'.join(target.values())!r}"
    return "it was dropped" if operation == "drop" else f"the server told of its {operation}"


def _take_in_change(event: Event, operation: str, windows: CollectionWindows, changes: CollectionChanges) -> None:
    """Note the days that a changed document is in and was in."""
    if windows.field is None:
        changes.everything = True
        return
    now, before = event.get("fullDocument"), event.get("fullDocumentBeforeChange")
    changes.days |= windows.days_of(now) | windows.days_of(before)
    if operation != "insert" and not isinstance(before, Mapping):
        changes.keys.add(document_key(event["documentKey"]["_id"]))


def _require_history(database: Database[dict[str, Any]], position: Position) -> None:
    """See that the server has reached what was read: one restored from a backup has not, but may take the token."""
    now = _server_time(database)
    if position.time is not None and now is not None and now.time + _CLOCK_SLACK_SECONDS < position.time.time:
        raise LostPositionError("the server's history ends before the kept position: it was restored, or is another")


def _server_time(database: Database[dict[str, Any]]) -> Timestamp | None:
    time = database.client.admin.command("ping").get("operationTime")
    return time if isinstance(time, Timestamp) else None


def _infos(database: Database[dict[str, Any]], collections: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """What the server says of the declared collections that exist."""
    return {info["name"]: info for info in database.list_collections(filter={"name": {"$in": list(collections)}})}


def _identities(
    infos: Mapping[str, Mapping[str, Any]], collections: Collection[str], known: Mapping[str, str]
) -> dict[str, str]:
    """The UUIDs of declared collections, empty for one that has none, with a look at what they were.

    Raises:
        LostPositionError: A collection is not the one it was, and the stream did not tell.
    """
    now = {name: bytes(info.get("info", {}).get("uuid", b"")).hex() for name, info in infos.items()}
    for name in collections:
        if known.get(name) and known[name] != now.get(name):
            raise LostPositionError(
                f"the collection {name!r} was made anew without a word in the change stream: "
                "the database was restored, or is another"
            )
    return {name: now.get(name, "") for name in collections}


def _silent(infos: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(name for name, info in infos.items() if info.get("type", "collection") != "collection")


def _everything(
    database: Database[dict[str, Any]], stream: DatabaseStream, collections: Collection[str], reason: str
) -> StreamChanges:
    """Have all compared, with a position that is taken before any comparison can begin."""
    token, time = stream.fresh_token(), _server_time(database)
    infos = _infos(database, collections)
    found = {name: CollectionChanges(everything=True) for name in collections}
    position = Position(token, time, _identities(infos, collections, {}))
    return StreamChanges(found, position, lost=True, reason=reason, silent=_silent(infos))

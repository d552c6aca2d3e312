"""A look at MongoDB: by its change stream, and by watermark where there is none.

Belongs here: bounding the time, and turning what is found into units. Does not: the stream, the watermark and the lake
themselves (`extraction/`, `lakehouse/`).
"""

import datetime as dt
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from fq_platform.automation.mongo_changes.blocks import Unit
from fq_platform.automation.mongo_changes.idle import raw_table
from fq_platform.automation.mongo_changes.memory import Memory, everything
from fq_platform.settings import get_settings
from fq_platform.sources import Sources

if TYPE_CHECKING:
    from pymongo.database import Database

    from fq_platform.extraction.change_stream import FindWindows, StreamChanges

STREAM_SECONDS = 10.0
"""For reading events; together with the others well below the 60 seconds that Dagster gives to a tick."""
WAIT_SECONDS = 1.0
"""How long MongoDB may wait for an event before the look ends."""
LOOKUP_SECONDS = 10.0
"""For asking the lake where documents are."""
WATERMARK_SECONDS = 25.0
"""From the beginning, until no further collection is looked at by its watermark."""
SETTLE = dt.timedelta(seconds=60)
"""The age from which on watermarks are settled: transactions that wrote them have ended by then (MongoDB's limit), and
clocks that differ by less have done no harm."""
_MOST_UNSETTLED = 20_000
"""Documents remembered as seen; beyond, a day may be compared twice."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass
class Look:
    """What a look came to.

    Args:
        units: What is to be compared.
        whole: Collections of which everything is to be compared.
        keys: By collection, documents that only the lake could place (`CollectionChanges.keys`).
        events: How many events of the change stream were read.
        by_mark: Collections that were looked at by watermark: deletions in them are not seen.
        unwatched: Collections that there is nothing to look at by.
        lost: Why everything is compared; empty if it is not.
        more: Whether there is more to see at once.
        said: What else is worth telling, in words.
    """

    units: set[Unit] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)
    keys: dict[str, set[str]] = field(default_factory=dict)
    events: int = 0
    by_mark: list[str] = field(default_factory=list)
    unwatched: list[str] = field(default_factory=list)
    lost: str = ""
    more: bool = False
    said: list[str] = field(default_factory=list)

    def take_whole(self, sources: Sources, name: str, today: dt.date) -> None:
        """Have all of a collection compared."""
        self.units |= everything(sources, name, today)
        self.whole.add(name)


def look(
    database: "Database[dict[str, Any]]",
    sources: Sources,
    memory: Memory,
    again: Mapping[str, Collection[str]],
    today: dt.date,
) -> Look:
    """Look at what has changed since the last time.

    Args:
        database: The source.
        sources: Which collections are watched.
        memory: Where to begin; is given where to go on.
        again: By collection, documents to ask the lake for once more.
        today: The last day that has a partition.

    Returns:
        What was found.

    Raises:
        FqError: MongoDB or the catalog does not do what is asked; nothing was taken note of.
    """
    from fq_platform.extraction.change_stream import NoChangeStreamsError

    begun = time.monotonic()
    found = Look()
    try:
        silent = _by_stream(database, sources, memory, again, today, found)
    except NoChangeStreamsError as error:
        silent = frozenset(sources.collections)
        found.said.append(error.what)
    memory.marks = {name: mark for name, mark in memory.marks.items() if name in silent}
    memory.unsettled = {name: marks for name, marks in memory.unsettled.items() if name in silent}
    _by_watermark(database, sources, memory, sorted(silent), today, found, begun + WATERMARK_SECONDS)
    return found


def _by_stream(
    database: "Database[dict[str, Any]]",
    sources: Sources,
    memory: Memory,
    again: Mapping[str, Collection[str]],
    today: dt.date,
    found: Look,
) -> frozenset[str]:
    """Read the change stream; gives the collections that it does not tell of."""
    from fq_platform.extraction.change_stream import read_changes
    from fq_platform.extraction.tokens import LostPositionError, Position

    position, damaged = None, ""
    try:
        position = Position.from_text(memory.position) if memory.position else None
    except LostPositionError as error:
        damaged = str(error)
    lookup = _Lookup(sources)
    changes = read_changes(
        database,
        _windows(sources, today),
        position,
        find_windows=lookup,
        again=again,
        time_budget_seconds=STREAM_SECONDS,
        wait_seconds=WAIT_SECONDS,
    )
    memory.position = changes.position.to_text()
    found.lost = damaged or changes.reason
    found.events, found.more = changes.events, changes.more
    _take_in(changes, sources, today, found)
    for name in lookup.too_slow:
        found.take_whole(sources, name, today)
        found.said.append(f"{name}: where its deleted documents were took too long to find out, so all is compared")
    return changes.silent


def _take_in(changes: "StreamChanges", sources: Sources, today: dt.date, found: Look) -> None:
    for name, told in changes.collections.items():
        found.said += [f"{name}: {words}" for words in told.said]
        if told.everything:
            found.take_whole(sources, name, today)
        elif sources.collections[name].partition_by:
            found.units |= {(name, day) for day in told.days}
            found.keys[name] = told.keys


def _windows(sources: Sources, today: dt.date) -> dict[str, Any]:
    from fq_platform.extraction.change_stream import CollectionWindows

    return {
        name: CollectionWindows(options.partition_by, sources.start_date, today, sources.zone)
        if options.partition_by
        else CollectionWindows()
        for name, options in sources.collections.items()
    }


class _Lookup:
    """Asks the lake where documents are, as long as there is time, which begins with the first question.

    Args:
        sources: Names the raw tables.
    """

    def __init__(self, sources: Sources) -> None:
        self.too_slow: list[str] = []
        self._sources = sources
        self._find: FindWindows | None = None

    def __call__(self, collection: str, keys: Collection[str]) -> frozenset[dt.date]:
        from fq_platform.lakehouse.storage import storage_errors
        from fq_platform.lakehouse.window_lookup import LookupTooSlowError

        with storage_errors(raw_table(self._sources, collection).qualified):
            try:
                return self._finder()(collection, keys)
            except LookupTooSlowError:
                self.too_slow.append(collection)
                return frozenset()

    def _finder(self) -> "FindWindows":
        from fq_platform.lakehouse.catalog import open_catalog
        from fq_platform.lakehouse.window_lookup import window_finder

        if self._find is None:
            until = time.monotonic() + LOOKUP_SECONDS
            self._find = window_finder(open_catalog(get_settings()), partial(raw_table, self._sources), until=until)
        return self._find


def _by_watermark(
    database: "Database[dict[str, Any]]",
    sources: Sources,
    memory: Memory,
    names: list[str],
    today: dt.date,
    found: Look,
    until: float,
) -> None:
    """Look at the collections of which no stream tells, in turn, as long as there is time."""
    found.unwatched = [name for name in names if not sources.collections[name].watermark]
    found.by_mark = [name for name in names if sources.collections[name].watermark]
    begin, memory.turn = memory.turn, ""
    for number, name in enumerate(sorted(found.by_mark, key=lambda name: (name < begin, name))):
        if number and time.monotonic() > until:
            memory.turn, found.more = name, True
            return
        _look_at(database, sources, name, memory, today, found)


def _look_at(
    database: "Database[dict[str, Any]]", sources: Sources, name: str, memory: Memory, today: dt.date, found: Look
) -> None:
    """Look at one collection; the first time it is compared as a whole, and followed from where it stands now."""
    from fq_platform.extraction.changes import changes_since, newest_date

    options = sources.collections[name]
    watermark = options.watermark or ""
    if name not in memory.marks:
        settled = dt.datetime.now(dt.UTC) - SETTLE
        memory.marks[name] = newest_date(database, name, field=watermark, until=settled) or _EPOCH
        found.take_whole(sources, name, today)
        return
    changes = changes_since(
        database,
        name,
        watermark=watermark,
        since=memory.marks[name],
        partition_by=options.partition_by,
        start_date=sources.start_date,
        last_day=today,
        zone=sources.zone,
        settle=SETTLE,
        unsettled=memory.unsettled.get(name, ()),
    )
    if changes.documents:
        found.units |= {(name, day) for day in changes.days} if options.partition_by else {(name, None)}
    memory.marks[name] = changes.watermark or memory.marks[name]
    memory.unsettled[name] = frozenset(sorted(changes.unsettled)[:_MOST_UNSETTLED])
    found.more = found.more or changes.more

"""Where to look: which windows hold documents whose watermark rose since the last look.

Belongs here: asking MongoDB by watermark. Does not: finding out what changed (`sync.py`); deletions leave no watermark
and are found when their window is compared.
"""

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from pymongo.database import Database
from pymongo.errors import ExecutionTimeout

from fq_platform.errors import FqError
from fq_platform.extraction.codec import CODEC
from fq_platform.extraction.keys import document_key
from fq_platform.extraction.windows import owner, value_at

LIMIT = 50_000
"""Documents looked at in one call, so that a call takes bounded time."""
SECONDS = 20
"""How long MongoDB may take for one call; with an index it takes a moment."""
_NO_TIME = dt.timedelta(0)


class TooSlowError(FqError):
    """MongoDB was not done in time, most likely for want of an index."""


@dataclass(frozen=True)
class Changes:
    """What a look at a collection found.

    Args:
        days: The days whose windows own changed documents; empty for a collection without days.
        documents: How many changed documents were seen.
        watermark: Where the next look begins; None if no document has a watermark.
        unsettled: Marks of documents that the next look sees once more: give them to it.
        more: Whether the look ended by its limit, so that the next one will find more at once.
    """

    days: frozenset[dt.date] = field(default_factory=frozenset)
    documents: int = 0
    watermark: dt.datetime | None = None
    unsettled: frozenset[str] = frozenset()
    more: bool = False


def changes_since(
    database: Database[dict[str, Any]],
    collection: str,
    *,
    watermark: str,
    since: dt.datetime | None,
    partition_by: str | None,
    start_date: dt.date,
    last_day: dt.date | None = None,
    zone: str | ZoneInfo = "UTC",
    limit: int = LIMIT,
    settle: dt.timedelta = _NO_TIME,
    unsettled: Collection[str] = (),
) -> Changes:
    """Look for documents whose watermark lies after the last one seen, oldest first.

    A call ends after `limit` documents, but never between two with the same watermark, so that the next call can
    begin strictly after it. Watermarks that lie in the future are left to a later look.

    A writer whose clock is late, or whose transaction lasts, lets a watermark appear behind one that was seen already.
    So the next look begins before the watermarks that are younger than `settle`, and leaves out what it knows.

    Args:
        database: The source.
        collection: The collection's name.
        watermark: Dotted path of the watermark field, a date; it should have an index.
        since: The last watermark seen; None for the first look, which sees every document.
        partition_by: Dotted path of the event-time field; None for a collection without days.
        start_date: The first day of the collection's partitions.
        last_day: The last day that has a window at this time; None for no end.
        zone: The time zone whose days are meant.
        limit: The number of documents after which the call may end.
        settle: The age from which on a watermark is no longer preceded by new ones.
        unsettled: Of the last look (`Changes.unsettled`).

    Returns:
        The days concerned and the new watermark.

    Raises:
        TooSlowError: MongoDB takes too long.
    """
    # One document dated far ahead must not blind all later looks; it is looked at when its time has come.
    now = dt.datetime.now(dt.UTC)
    mark_range: dict[str, Any] = {"$lte": now} | ({"$gt": since} if since else {})
    fields = [name for name in (watermark, partition_by) if name]
    found: set[dt.date] = set()
    young: set[str] = set()
    seen, documents, met, last, more = frozenset(unsettled), 0, since, since, False
    cursor = database.get_collection(collection, codec_options=CODEC).find(
        {watermark: mark_range}, fields, max_time_ms=SECONDS * 1000
    )
    try:
        with cursor.sort(watermark, 1) as ordered:
            for number, document in enumerate(ordered):
                mark = value_at(document, watermark)
                if number >= limit and mark != met:
                    more = True
                    break
                if isinstance(mark, dt.datetime):
                    met = mark
                    if mark > now - settle:
                        young.add(_sign(document, mark))
                    else:
                        last = mark
                if seen and _sign(document, mark) in seen:
                    continue
                documents += 1
                if partition_by:
                    found.add(owner(value_at(document, partition_by), start_date, last_day, zone))
    except ExecutionTimeout as error:
        raise _too_slow(collection, watermark) from error
    return Changes(frozenset(found), documents, last, frozenset(young), more)


def newest_date(
    database: Database[dict[str, Any]], collection: str, *, field: str, until: dt.datetime, seconds: float = SECONDS
) -> dt.datetime | None:
    """The newest date that documents have in a field, up to some moment.

    Args:
        database: The source.
        collection: The collection's name.
        field: Dotted path of the field, such as the watermark; it should have an index.
        until: The moment (aware of its zone).
        seconds: How long MongoDB may take (seconds).

    Returns:
        The date; None if there is none, or if it is reached through an array.

    Raises:
        TooSlowError: MongoDB takes too long.
    """
    source = database.get_collection(collection, codec_options=CODEC)
    try:
        newest = source.find_one({field: {"$lte": until}}, [field], sort=[(field, -1)], max_time_ms=int(seconds * 1000))
    except ExecutionTimeout as error:
        raise _too_slow(collection, field) from error
    found = value_at(newest, field) if newest else None
    return found if isinstance(found, dt.datetime) else None


def _sign(document: Mapping[str, Any], mark: Any) -> str:
    """What tells this state of this document from others, short enough to be kept for many."""
    return hashlib.blake2b(
        f"{document_key(document['_id'])} {mark}".encode("utf-8", "surrogatepass"), digest_size=8
    ).hexdigest()


def _too_slow(collection: str, field: str) -> TooSlowError:
    return TooSlowError(
        f"MongoDB took too long to look for dates in the field {field!r} of the collection {collection!r}",
        where=f"sources file, {collection}",
        fix=f"Create an index: db.getCollection({collection!r}).createIndex({{{field!r}: 1}})",
    )

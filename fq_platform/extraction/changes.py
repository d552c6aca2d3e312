"""Where to look: which windows hold documents whose watermark rose since the last look.

Belongs here: asking MongoDB by watermark. Does not: finding out what changed (`sync.py`); deletions leave no watermark
and are found when their window is compared.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from pymongo.database import Database

from fq_platform.extraction.codec import CODEC
from fq_platform.extraction.windows import owner, value_at

LIMIT = 50_000
"""Documents looked at in one call, so that a call takes bounded time."""


@dataclass(frozen=True)
class Changes:
    """What a look at a collection found.

    Args:
        days: The days whose windows own changed documents; empty for a collection without days.
        documents: How many changed documents were seen.
        watermark: Where the next look begins; None if no document has a watermark.
    """

    days: frozenset[dt.date] = field(default_factory=frozenset)
    documents: int = 0
    watermark: dt.datetime | None = None


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
) -> Changes:
    """Look for documents whose watermark lies after the last one seen, oldest first.

    A call ends after `limit` documents, but never between two with the same watermark, so that the next call can
    begin strictly after it. Watermarks that lie in the future are left to a later look.

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

    Returns:
        The days concerned and the new watermark.
    """
    # One document dated far ahead must not blind all later looks; it is looked at when its time has come.
    mark_range: dict[str, Any] = {"$lte": dt.datetime.now(dt.UTC)} | ({"$gt": since} if since else {})
    fields = [name for name in (watermark, partition_by) if name]
    found: set[dt.date] = set()
    documents, last = 0, since
    cursor = database.get_collection(collection, codec_options=CODEC).find({watermark: mark_range}, fields)
    with cursor.sort(watermark, 1) as ordered:
        for document in ordered:
            mark = value_at(document, watermark)
            if documents >= limit and mark != last:
                break
            documents += 1
            if isinstance(mark, dt.datetime):
                last = mark
            if partition_by:
                found.add(owner(value_at(document, partition_by), start_date, last_day, zone))
    return Changes(frozenset(found), documents, last)

"""Windows: the parts of a collection that are compared and landed one at a time.

Belongs here: which documents a window owns, as a rule and as a MongoDB filter. Does not: reading them.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

DAY = dt.timedelta(days=1)
LAST_INSTANT = dt.datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=dt.UTC)
"""The last event time that a day can own (BSON dates count milliseconds)."""


@dataclass(frozen=True)
class Window:
    """One day of a collection, or all of it.

    The day that equals `start_date` also owns every document whose event time is no date, is missing, lies before
    that day, or lies beyond the year 9999: so each document has exactly one owner and none is left out.

    Args:
        field: Dotted path of the event-time field; None where the collection is not partitioned.
        day: The UTC day; None where the collection is not partitioned.
        start_date: The first day of the collection's partitions; None where it is not partitioned.
    """

    field: str | None = None
    day: dt.date | None = None
    start_date: dt.date | None = None

    @property
    def filter(self) -> dict[str, Any]:
        """The MongoDB filter that selects exactly the documents of this window."""
        if self.field is None or self.day is None or self.start_date is None:
            return {}
        if self.day == self.start_date:
            return {"$nor": [{self.field: _dates(self.day + DAY) | {"$lte": LAST_INSTANT}}]}
        return {self.field: _dates(self.day) | {"$lt": _midnight(self.day + DAY)}}

    def __str__(self) -> str:
        return self.day.isoformat() if self.day else "the whole collection"


def _dates(start: dt.date) -> dict[str, Any]:
    """Dates from `start` on. An array of dates would match several days, so arrays are left to the first window."""
    return {"$gte": _midnight(start), "$not": {"$type": "array"}}


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)


def daily(field: str, start_date: dt.date, first: dt.date, last: dt.date) -> Iterator[Window]:
    """The windows of a run of days.

    Args:
        field: Dotted path of the event-time field.
        start_date: The first day of the collection's partitions.
        first: The first day wanted, not before `start_date`.
        last: The last day wanted, inclusive.

    Yields:
        One window a day, in order.
    """
    for offset in range((last - first).days + 1):
        yield Window(field, first + dt.timedelta(days=offset), start_date)


def owner(value: Any, start_date: dt.date) -> dt.date:
    """The day whose window owns a document with this event time (the rule that `Window.filter` states for MongoDB).

    Args:
        value: The event-time field as pymongo decodes it; None where it is missing.
        start_date: The first day of the collection's partitions.

    Returns:
        The UTC day of a date after `start_date` and before the year 10000, else `start_date`.
    """
    if not isinstance(value, dt.datetime):
        return start_date
    return max(value.astimezone(dt.UTC).date() if value.tzinfo else value.date(), start_date)

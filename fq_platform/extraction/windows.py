"""Windows: the parts of a collection that are compared and landed one at a time.

Belongs here: which documents a window owns, as a rule and as a MongoDB filter. Does not: reading them.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
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
        """A MongoDB filter that an index can serve; it selects every document of this window and perhaps some more.

        The exact rule is `owns`. Stating it here (no array anywhere on the path) would cost the index on some servers.
        """
        if self.field is None or self.day is None or self.start_date is None:
            return {}
        if self.day == self.start_date:
            later = {self.field: {"$gte": _midnight(self.day + DAY), "$lte": LAST_INSTANT}}
            steps = self.field.split(".")
            paths = [".".join(steps[:length]) for length in range(1, len(steps) + 1)]
            return {"$or": [{"$nor": [later]}, *({path: {"$type": "array"}} for path in paths)]}
        return {self.field: {"$gte": _midnight(self.day), "$lt": _midnight(self.day + DAY)}}

    def owns(self, document: Mapping[str, Any]) -> bool:
        """Whether a document belongs to this window.

        Args:
            document: As pymongo decodes it with the time zone UTC; its event-time field is enough.

        Returns:
            True for exactly one of a collection's windows. An array, at the end of the path or on the way, can hold
            dates of several days and therefore counts as no date.
        """
        if self.field is None or self.day is None or self.start_date is None:
            return True
        return owner(value_at(document, self.field), self.start_date) == self.day

    def __str__(self) -> str:
        return self.day.isoformat() if self.day else "the whole collection"


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
    """The day whose window owns a document with this event time.

    Args:
        value: The event-time field as pymongo decodes it; None where it is missing.
        start_date: The first day of the collection's partitions.

    Returns:
        The UTC day of a date after `start_date` and before the year 10000, else `start_date`.
    """
    if not isinstance(value, dt.datetime):
        return start_date
    return max(value.astimezone(dt.UTC).date() if value.tzinfo else value.date(), start_date)


def value_at(document: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; None where the path ends early or meets an array on the way."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value

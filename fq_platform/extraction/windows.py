"""Windows: the parts of a collection that are compared and landed one at a time.

Belongs here: which documents a window owns, as a rule and as a MongoDB filter. Does not: reading them.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from bson.datetime_ms import DatetimeMS

DAY = dt.timedelta(days=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)
_DAY_MS = DAY // _MILLISECOND
_YEAR_10000 = (dt.date.max.toordinal() + 1 - _EPOCH.toordinal()) * _DAY_MS
"""The instant (ms) from which on there is no calendar, in any zone."""


@dataclass(frozen=True)
class Window:
    """One day of a collection, or all of it.

    A day owns the documents whose event time lies in it. The day that equals `start_date` also owns all others: those
    whose event time is missing, null, no date, reached through an array, before that day, or after `last_day`. So the
    windows from `start_date` to `last_day` own each document of the collection exactly once.

    Args:
        field: Dotted path of the event-time field; None where the collection is not partitioned.
        day: The day; None where the collection is not partitioned.
        start_date: The first day of the collection's partitions; None where it is not partitioned.
        last_day: The last day that has a window at this time, normally today; None for no end before the year 10000.
            The same for all windows of one sync.
        zone: The time zone whose days are meant, as an IANA name or a ZoneInfo.
    """

    field: str | None = None
    day: dt.date | None = None
    start_date: dt.date | None = None
    last_day: dt.date | None = None
    zone: str | ZoneInfo = "UTC"

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone", _zone(self.zone))

    @property
    def is_first(self) -> bool:
        """Whether this is the window that owns what no other does."""
        return self.day is not None and self.day == self.start_date

    @property
    def filter(self) -> dict[str, Any]:
        """A MongoDB filter that an index can serve; it selects every document of this window and perhaps some more.

        The exact rule is `owns_mask`. Stating it here (no array anywhere on the path) would cost the index on some
        servers. What no other window owns is found by a scan of the collection, which only the first window needs.
        """
        if self.field is None or self.day is None:
            return {}
        begin, end = self._bounds()
        inside = {self.field: {"$gte": DatetimeMS(begin), "$lte": DatetimeMS(end - 1)}}
        if not self.is_first:
            return inside
        steps = self.field.split(".")
        paths = [".".join(steps[:length]) for length in range(1, len(steps) + 1)]
        return {"$or": [{"$nor": [inside]}, *({path: {"$type": "array"}} for path in paths)]}

    def owns_mask(self, event_times: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which of many documents belong to this window.

        Args:
            event_times: The event times (int64[n], ms since the epoch); the least int64 for what is no date.

        Returns:
            bool[n]; each document is True in exactly one of a collection's windows.
        """
        if self.day is None:
            return np.ones(len(event_times), dtype=np.bool_)
        begin, end = self._bounds()
        inside = (event_times >= begin) & (event_times < end)
        return ~inside if self.is_first else inside

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
        return owner(value_at(document, self.field), self.start_date, self.last_day, self.zone) == self.day

    def _bounds(self) -> tuple[int, int]:
        """The event times (ms) from which and before which this window owns them; the first one owns what is outside.

        Empty where there is nothing between.
        """
        if self.day is None:
            raise ValueError("a window without a day has no bounds")
        end = _end(self.last_day, self.zone)
        if self.is_first:
            begin = _after(self.day, self.zone)
            return begin, max(begin, end)
        begin = _begin(self.day, self.zone)
        return begin, max(begin, min(_after(self.day, self.zone), end))

    def __str__(self) -> str:
        return self.day.isoformat() if self.day else "the whole collection"


def daily(
    field: str,
    start_date: dt.date,
    first: dt.date,
    last: dt.date,
    *,
    last_day: dt.date | None = None,
    zone: str | ZoneInfo = "UTC",
) -> Iterator[Window]:
    """The windows of a run of days.

    Args:
        field: Dotted path of the event-time field.
        start_date: The first day of the collection's partitions.
        first: The first day wanted, not before `start_date`.
        last: The last day wanted, inclusive.
        last_day: The last day that has a window at this time; `today(zone)` unless there is a reason.
        zone: The time zone whose days are meant.

    Yields:
        One window a day, in order.
    """
    for offset in range((last - first).days + 1):
        yield Window(field, first + dt.timedelta(days=offset), start_date, last_day, zone)


def owner(value: Any, start_date: dt.date, last_day: dt.date | None = None, zone: str | ZoneInfo = "UTC") -> dt.date:
    """The day whose window owns a document with this event time.

    Args:
        value: The event-time field as pymongo decodes it; None where it is missing.
        start_date: The first day of the collection's partitions.
        last_day: The last day that has a window at this time; None for no end before the year 10000.
        zone: The time zone whose days are meant.

    Returns:
        The day of a date from `start_date` to `last_day`, else `start_date`.
    """
    if isinstance(value, dt.datetime):
        instant = ((value if value.tzinfo else value.replace(tzinfo=dt.UTC)) - _EPOCH) // _MILLISECOND
    elif isinstance(value, DatetimeMS):
        instant = int(value)
    else:
        return start_date
    zone = _zone(zone)
    if not _after(start_date, zone) <= instant < _end(last_day, zone):
        return start_date
    # The day in UTC, and from there to the day in the zone, which begins earlier or later.
    day = dt.date.fromordinal(min(_EPOCH.toordinal() + instant // _DAY_MS, dt.date.max.toordinal()))
    while instant < _begin(day, zone):
        day -= DAY
    while instant >= _after(day, zone):
        day += DAY
    return day


def today(zone: str | ZoneInfo = "UTC") -> dt.date:
    """The day that it is now in a time zone."""
    return dt.datetime.now(_zone(zone)).date()


def value_at(document: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path; None where the path ends early or meets an array on the way."""
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _zone(zone: str | ZoneInfo) -> ZoneInfo:
    return zone if isinstance(zone, ZoneInfo) else ZoneInfo(zone)


@cache
def _begin(day: dt.date, zone: str | ZoneInfo) -> int:
    """The instant (ms) at which a day begins.

    Where a clock is put forward at midnight, this is the first instant after; where it is put back over midnight, it
    is the first of the two: a day is always one piece.
    """
    return (dt.datetime(day.year, day.month, day.day, tzinfo=_zone(zone)) - _EPOCH) // _MILLISECOND


def _after(day: dt.date, zone: str | ZoneInfo) -> int:
    """The instant (ms) at which a day is over."""
    return _begin(day + DAY, zone) if day < dt.date.max else _YEAR_10000


def _end(last_day: dt.date | None, zone: str | ZoneInfo) -> int:
    """The instant (ms) from which on no day owns anything."""
    return _after(last_day or dt.date.max, zone)

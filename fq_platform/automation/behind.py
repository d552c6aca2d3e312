"""Which days of a table are behind what it is made of, since when, and whether they have been asked for.

Belongs here: the bookkeeping, as values that a cursor can hold. Does not: where the news comes from (`following.py`).
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fq_platform.lakehouse.day_spans import Days, days_in, spans

Day = dt.date | None
"""A day; None stands for the whole of a table without days."""

HOUR = 3600.0
LONGEST_WAIT = 24 * HOUR


@dataclass(frozen=True)
class Lag:
    """How far behind a day is.

    Args:
        changed: When what it is made of changed last (seconds since 1970).
        requested: When it was asked for last; None if it was not.
        requests: How often it was asked for since it last changed.
    """

    changed: float
    requested: float | None = None
    requests: int = 0

    def is_due(self, now: float) -> bool:
        """Whether it is to be asked for: not yet since it changed, or in vain and long enough ago.

        A run that fails is taken up once more by its tags; what fails then, fails for hours: so the waits grow.
        """
        if self.requested is None or self.requested < self.changed:
            return True
        return now >= self.requested + min(HOUR * 2 ** (self.requests - 1), LONGEST_WAIT)


@dataclass
class Behind:
    """The days of one table that are behind.

    Args:
        seen: Up to which event of the instance this takes account of everything (its id).
        lags: The days that are behind.
    """

    seen: int
    lags: dict[Day, Lag] = field(default_factory=dict)

    def changed(self, days: Iterable[Day], at: float) -> None:
        """Note that what some days are made of changed, and they were not made."""
        for day in days:
            lag = self.lags.get(day)
            if lag is None or lag.changed < at:
                self.lags[day] = Lag(at) if lag is None else replace(lag, changed=at, requests=0)

    def requested(self, days: Iterable[Day], at: float) -> None:
        """Note that some days were asked for; those that are not behind are no news."""
        for day in days:
            lag = self.lags.get(day)
            if lag is not None and (lag.requested is None or lag.requested < at):
                self.lags[day] = replace(lag, requested=at, requests=lag.requests + 1)

    def made(self, day: Day, begun: float) -> None:
        """Note that a day was made by a step that began then: it has read what was there at that time."""
        lag = self.lags.get(day)
        if lag is not None and begun >= lag.changed:
            del self.lags[day]

    def due(self, now: float) -> Days:
        """The days to ask for."""
        return frozenset(day for day, lag in self.lags.items() if lag.is_due(now))

    def to_json(self) -> str:
        """What a cursor holds: days that have the same story stand together."""
        alike: dict[Lag, list[Day]] = {}
        for day, lag in self.lags.items():
            alike.setdefault(lag, []).append(day)
        stories = [
            {"days": spans(frozenset(days)), "changed": lag.changed, "requested": lag.requested, "times": lag.requests}
            for lag, days in alike.items()
        ]
        return json.dumps({"seen": self.seen, "behind": stories}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Behind | None":
        """Read what `to_json` wrote; None if it is none that this version wrote."""
        try:
            found = json.loads(text)
            return cls(found["seen"], dict(_lags(found["behind"])))
        except (ValueError, KeyError, TypeError):
            return None


def _lags(stories: Iterable[Mapping[str, Any]]) -> Iterable[tuple[Day, Lag]]:
    for story in stories:
        lag = Lag(story["changed"], story["requested"], story["times"])
        for day in days_in(story["days"]):
            yield day, lag

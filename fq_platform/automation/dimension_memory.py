"""What the sensor of dimensions remembers of one dimension from tick to tick.

Belongs here: the bookkeeping, as a value that a cursor can hold. Does not: looking at tables (`dimension_changes.py`).
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fq_platform.lakehouse.day_spans import days_in, spans

FIRST_WAIT = dt.timedelta(minutes=30).total_seconds()
LONGEST_WAIT = dt.timedelta(days=1).total_seconds()


@dataclass(frozen=True)
class Memory:
    """What is known of one dimension.

    Facts are looked at once more, some time after a change: a run that had read the dimension before it changed may
    have published after the first look, and a run that was asked for may have failed.

    Args:
        settled: The snapshot with which all facts are known to agree; None for not known.
        seen: The snapshot with which they were compared last.
        again: When they are compared again (seconds since 1970); None if that is not needed.
        upto: The snapshot that settles if nothing is found then.
        wait: How long the last wait was (seconds).
        asked: The days asked for since.
    """

    settled: int | None = None
    seen: int | None = None
    again: float | None = None
    upto: int | None = None
    wait: float = 0
    asked: frozenset[dt.date | None] = frozenset()

    def needs_look(self, newest: int, now: float) -> bool:
        """Whether the facts have to be compared with the newest snapshot."""
        return newest != self.seen or self._is_over(now)

    def looked(self, newest: int, found: Iterable[dt.date], now: float) -> tuple["Memory", frozenset[dt.date]]:
        """Take account of a comparison.

        Args:
            newest: The snapshot that was compared.
            found: The days whose facts do not agree with it.
            now: When that was.

        Returns:
            What to remember, and the days to ask for.
        """
        stale = frozenset(found)
        if not self._is_over(now):  # what was asked for may still be under way
            days = stale - self.asked
            waiting = replace(self, seen=newest, asked=self.asked | days)
            return (waiting if self.again else replace(waiting, again=now + FIRST_WAIT, upto=newest)), days
        if not stale:
            done = Memory(settled=self.upto, seen=newest)
            return (done if newest == self.upto else replace(done, again=now + FIRST_WAIT, upto=newest)), stale
        wait = min(max(self.wait, FIRST_WAIT / 2) * 2, LONGEST_WAIT)
        return replace(self, seen=newest, again=now + wait, upto=newest, wait=wait, asked=stale), stale

    def _is_over(self, now: float) -> bool:
        return self.again is not None and now >= self.again

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it; snapshots as texts, since JSON's numbers are not always 64 bits wide."""
        ids = {name: getattr(self, name) for name in ("settled", "seen", "upto")}
        return {
            **{name: None if id_ is None else str(id_) for name, id_ in ids.items()},
            "again": self.again,
            "wait": self.wait,
            "asked": spans(self.asked),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Memory":
        """Read what `to_json` wrote."""
        ids = {name: None if found[name] is None else int(found[name]) for name in ("settled", "seen", "upto")}
        return cls(**ids, again=found["again"], wait=found["wait"], asked=days_in(found["asked"]))

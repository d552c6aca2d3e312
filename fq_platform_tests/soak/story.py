"""What happens on which day of a soak, at which hour.

Each event is the name of something that the shop does, or that is done to MongoDB or to the daemon.
"""

from collections.abc import Iterator
from typing import NamedTuple

OUTAGE, BACK, RESTART, CRASH = "outage", "back", "restart", "crash"
"""MongoDB ends; it is there again; the daemon is stopped and started; it is killed while runs wait in the queue."""


class Moment(NamedTuple):
    """Things that happen at about the same time, in this order; the shop has gone on before."""

    day: int
    hour: float
    events: tuple[str, ...]


SHORT_DAYS = 4
SHORT = (
    Moment(0, 12, ("correct", "rename", "delete", "move", "change_schema", "break_invoice", "date_ahead", CRASH)),
    Moment(0, 13, ("mend_invoice", "find_again")),
    Moment(1, 9, ("burst",)),
    Moment(1, 12, (OUTAGE,)),
    Moment(3, 13, (BACK, RESTART, "correct", "delete")),
)
"""Every kind of event in as few moments as may be: each costs a cascade of runs."""


def story(days: int) -> Iterator[Moment]:
    """What happens in so many days: the short story, or a long one made of regular events."""
    if days == SHORT_DAYS:
        yield from SHORT
        return
    outage = days // 2
    for day in range(days):
        if not outage < day < outage + 2:
            yield Moment(day, 9.5 if day != outage + 2 else 13, tuple(_morning(day, outage)))
        if day % 3 == 1 and not outage <= day <= outage + 2:
            yield Moment(day, 17.25, tuple(_afternoon(day)))


def _morning(day: int, outage: int) -> Iterator[str]:
    if day == outage + 2:
        yield from (BACK, RESTART)
    if day == 0:
        return
    if day % 2 == 0:
        yield "correct"
    if day % 3 == 0:
        yield "delete"
    if day % 4 == 0:
        yield "move"
    if day % 4 == 1 and day > 1:
        yield "find_again"
    if day % 9 == 2:
        yield "rename"
    if day == 15:
        yield "change_schema"
    if day % 20 == 19:
        yield "burst"
    if day % 25 == 8:
        yield "break_invoice"
    if day % 25 == 9:
        yield "mend_invoice"
    if day in (11, 44):
        yield CRASH
    if day == outage:
        yield OUTAGE


def _afternoon(day: int) -> Iterator[str]:
    yield "correct"
    if day % 2:
        yield "date_ahead"

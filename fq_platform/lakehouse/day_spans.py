"""Sets of days as short texts: neighbouring days stand together.

Belongs here: writing and reading them. Does not: what the days are of.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Set

Days = frozenset[dt.date | None]
"""Days; None stands for the whole of a table without days."""

_DAY = dt.timedelta(days=1)
_SPAN = "..."


def spans(days: Set[dt.date | None]) -> list[str | None]:
    """Write days briefly: neighbouring days as `<first>...<last>`."""
    dated = sorted(day for day in days if day is not None)
    found: list[tuple[dt.date, dt.date]] = []
    for day in dated:
        if found and found[-1][1] + _DAY == day:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    texts = [str(first) if first == last else f"{first}{_SPAN}{last}" for first, last in found]
    return [None, *texts] if None in days else [*texts]


def days_in(texts: Iterable[str | None]) -> Days:
    """Read what `spans` wrote."""
    return frozenset(day for text in texts for day in _span(text))


def _span(text: str | None) -> Iterator[dt.date | None]:
    if text is None:
        yield None
        return
    first, _, last = text.partition(_SPAN)
    day, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last or first)
    while day <= end:
        yield day
        day += _DAY

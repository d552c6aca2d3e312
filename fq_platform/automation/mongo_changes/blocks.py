"""Units of comparison, and how few runs take care of many of them.

Belongs here: sets of collections and days, as text and as the blocks that runs are asked for. Does not: when a run is
asked for (`requests.py`).
"""

import datetime as dt
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from pydantic import BaseModel, ConfigDict

Unit = tuple[str, dt.date | None]
"""A collection and one of its days; None for a collection without days, which is compared as a whole."""
Ranges = Mapping[str, Sequence[str]]
"""Units as text: collection to ranges of days, `2026-03-01/2026-03-04`, or `whole`."""

MOST_SPANS = 8
"""More spans than this are joined, days between them included: a run costs more than a day that did not change."""
_WHOLE = "whole"
_DAY = dt.timedelta(days=1)


class Block(BaseModel):
    """What one run compares.

    Args:
        whole: Collections without days.
        dated: Collections of which a range of days is compared.
        first: The first of these days; None if there are none.
        last: The last one, inclusive.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    whole: tuple[str, ...] = ()
    dated: tuple[str, ...] = ()
    first: dt.date | None = None
    last: dt.date | None = None

    @property
    def collections(self) -> tuple[str, ...]:
        """Whose raw tables the run brings up to date."""
        return (*self.whole, *self.dated)

    def units(self) -> set[Unit]:
        """All that the run compares."""
        found: set[Unit] = {(name, None) for name in self.whole}
        if self.first and self.last:
            found |= {(name, day) for name in self.dated for day in _days(self.first, self.last)}
        return found

    def only(self, collections: Collection[str]) -> "Block":
        """The part of it that concerns some collections."""
        whole = tuple(name for name in self.whole if name in collections)
        dated = tuple(name for name in self.dated if name in collections)
        return Block(whole=whole, dated=dated, first=self.first, last=self.last) if dated else Block(whole=whole)

    def __str__(self) -> str:
        days = f" {self.first}" + (f" to {self.last}" if self.last != self.first else "") if self.dated else ""
        return "; ".join(filter(None, [f"{', '.join(self.dated)}{days}", ", ".join(self.whole)]))


def blocks(units: Collection[Unit], *, longest: int) -> list[Block]:
    """Cover units with few runs.

    Each span of days in which the same collections are concerned is a block; if these are many, near ones are joined.

    Args:
        units: What is to be compared.
        longest: The most days of a block; 0 for no limit.

    Returns:
        The blocks, newest days first; the first one takes the collections without days along.
    """
    by_day: dict[dt.date, list[str]] = {}
    for name, day in sorted(units, key=_order):
        if day is not None:
            by_day.setdefault(day, []).append(name)
    spans = _spans(by_day)
    if len(spans) > MOST_SPANS:
        spans = _joined(by_day)
    found = [piece for span in spans for piece in _cut(span, longest)][::-1]
    whole = tuple(sorted(name for name, day in units if day is None))
    if whole:
        head, rest = (found[0], found[1:]) if found else (Block(), [])
        return [head.model_copy(update={"whole": whole}), *rest]
    return found


def _spans(by_day: Mapping[dt.date, list[str]]) -> list[Block]:
    """The days, in order, without those between."""
    spans: list[Block] = []
    for day in sorted(by_day):
        names = tuple(by_day[day])
        if spans and spans[-1].last == day - _DAY and spans[-1].dated == names:
            spans[-1] = spans[-1].model_copy(update={"last": day})
        else:
            spans.append(Block(dated=names, first=day, last=day))
    return spans


def _joined(by_day: Mapping[dt.date, list[str]]) -> list[Block]:
    """As many spans as there may be, parted where the gaps between days are widest."""
    days = sorted(by_day)
    widest = sorted(range(1, len(days)), key=lambda at: days[at] - days[at - 1], reverse=True)[: MOST_SPANS - 1]
    edges = [0, *sorted(at for at in widest if days[at] - days[at - 1] > _DAY), len(days)]
    spans = []
    for begin, end in itertools.pairwise(edges):
        names = {name for day in days[begin:end] for name in by_day[day]}
        spans.append(Block(dated=tuple(sorted(names)), first=days[begin], last=days[end - 1]))
    return spans


def _cut(span: Block, longest: int) -> Iterator[Block]:
    """Pieces of at most so many days, in order."""
    begin, last = span.first, span.last
    while begin and last and longest and (last - begin).days >= longest:
        end = begin + (longest - 1) * _DAY
        yield span.model_copy(update={"first": begin, "last": end})
        begin = end + _DAY
    yield span.model_copy(update={"first": begin})


def _order(unit: Unit) -> tuple[str, dt.date]:
    return unit[0], unit[1] or dt.date.min


def to_ranges(units: Iterable[Unit]) -> Ranges:
    """Units as text, short even if they are many."""
    found: dict[str, list[str]] = {}
    for name, day in sorted(units, key=_order):
        ranges = found.setdefault(name, [])
        if day is None:
            ranges.append(_WHOLE)
            continue
        begin, _, end = ranges[-1].partition("/") if ranges else ("", "", "")
        if end == str(day - _DAY):
            ranges[-1] = f"{begin}/{day}"
        else:
            ranges.append(f"{day}/{day}")
    return found


def from_ranges(ranges: Ranges) -> set[Unit]:
    """Read what `to_ranges` wrote.

    Raises:
        ValueError: It is something else.
    """
    units: set[Unit] = set()
    for name, texts in ranges.items():
        for text in texts:
            if text == _WHOLE:
                units.add((name, None))
                continue
            first, _, last = text.partition("/")
            units.update((name, day) for day in _days(dt.date.fromisoformat(first), dt.date.fromisoformat(last)))
    return units


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    for offset in range((last - first).days + 1):
        yield first + offset * _DAY

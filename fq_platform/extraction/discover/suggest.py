"""What a sources file had better say of a collection, given what a sample of it looks like.

Belongs here: the rules of thumb. Does not: reading MongoDB, or writing the file (`text.py`).
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from fq_platform.extraction.discover.observed import INTEGERS, Observed, Sample
from fq_platform.naming import normalise

ENOUGH = 0.99
"""The part of the documents that must have a date for it to say where they belong."""

_WATERMARK = re.compile(r"updat|modif|chang|touch|mtime|last_?(write|written|saved)")
_CREATION = re.compile(r"creat|insert|regist|joined|signed_?up")
_NO_EVENT = re.compile(r"delet|remov|expir|due|birth|valid|until|end|next|last|deadline|cancel|schedul|plan")
_EVENT = re.compile(r"(^|_)(date|day|at|on|time|timestamp|ts|when)$")


@dataclass(frozen=True)
class DateField:
    """A date field that is fit for something.

    Args:
        path: Its dotted path.
        share: The part of the documents (0 to 1) that have a date there.
        indexed: Whether MongoDB finds documents by it without reading all.
    """

    path: str
    share: float
    indexed: bool


@dataclass(frozen=True)
class Suggestion:
    """What to say of a collection.

    Args:
        partition_by: The event time, if there is one.
        watermark: What every insert and update raises, if there is such a field.
        unindexed: A date that would do as event time if it had an index.
        types: Dotted path of a column to its type, and why.
    """

    partition_by: DateField | None = None
    watermark: DateField | None = None
    unindexed: DateField | None = None
    types: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def suggest(sample: Sample, indexed: AbstractSet[str]) -> Suggestion:
    """Draw conclusions from a sample.

    Args:
        sample: Some documents.
        indexed: The dotted paths that an index begins with.

    Returns:
        Suggestions; a person is to look at them.
    """
    dates = [
        DateField(path, sample.share(path), path in indexed)
        for path in sample.dates
        if path != "_id" and sample.share(path) >= ENOUGH
    ]
    watermark = min(
        (date for date in dates if _WATERMARK.search(_word(date)) and _is_latest(sample, date)),
        key=lambda date: not date.indexed,
        default=None,
    )
    # A day of an unindexed field costs a look at every document: only a name that says "event" is worth that.
    events = sorted((not date.indexed, _weakness(date), number) for number, date in enumerate(dates) if _is_event(date))
    chosen = next((dates[number] for unindexed, weakness, number in events if not unindexed or not weakness), None)
    spare = dates[events[0][2]] if events and chosen is None else None
    return Suggestion(chosen, watermark, spare, {path: (name, why) for path, name, why in _types(sample.shape)})


def _word(date: DateField) -> str:
    """The field's own name in lower case, its words apart: `createdAt` is `created_at`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", date.path.rpartition(".")[2]).lower()


def _is_event(date: DateField) -> bool:
    word = _word(date)
    return not _WATERMARK.search(word) and not _NO_EVENT.search(word)


def _weakness(date: DateField) -> int:
    """0 if the name says that something happened then, 1 if it says that the document was created, else 2."""
    word = _word(date)
    if _CREATION.search(word):
        return 1
    return 0 if _EVENT.search(word) else 2


def _is_latest(sample: Sample, date: DateField) -> bool:
    """Whether it never lies before the document's creation, where the sample tells both."""
    marks = sample.dates[date.path]
    creations = [dates for path, dates in sample.dates.items() if _CREATION.search(_word(DateField(path, 0, False)))]
    return all(marks[number] >= created for dates in creations for number, created in dates.items() if number in marks)


def _types(observed: Observed, above: str = "") -> Iterator[tuple[str, str, str]]:
    """Columns whose type is not left to what is met first: path, type, reason."""
    for name, child in observed.fields.items():
        path = f"{above}{normalise(name)}"
        if path == "_id":
            continue
        while child.elements and not child.types.keys() - {"array", "null"}:
            child = child.elements  # arrays are transparent in paths
        if child.keys_are_data:
            yield path, "map", f"{len(child.fields):,} different names"
        else:
            yield from _number(path, child)
            yield from _types(child, f"{path}.")


def _number(path: str, values: Observed) -> Iterator[tuple[str, str, str]]:
    integers = sum(values.types[kind] for kind in INTEGERS)
    doubles, decimals = values.types["double"], values.types["decimal"]
    if decimals and (integers or doubles):
        yield path, "decimal", "decimals among other numbers"
    elif integers and values.fractions:
        yield path, "double", "whole numbers and fractions"


def first_day(dates: Iterable[dt.datetime], *, not_before: dt.date, not_after: dt.date) -> dt.date | None:
    """The earliest day (UTC) that is likely to be meant.

    Args:
        dates: Event times.
        not_before: Earlier days are taken for mistakes.
        not_after: Later days are taken for mistakes, too.

    Returns:
        The day; None if there is none.
    """
    return min((date.date() for date in dates if not_before <= date.date() <= not_after), default=None)

"""What is asked for in a sync: collections and days, as tables and windows.

Belongs here: the choice, and the refusal of days that there are not. Does not: which documents a window owns
(`windows.py`).
"""

import datetime as dt
import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fq_platform.errors import FqError
from fq_platform.extraction.windows import Window, daily
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.sources import Sources


@dataclass(frozen=True)
class Scope:
    """The part of one collection that is to be compared and landed.

    Args:
        collection: The collection's name.
        table: Its raw table.
        windows: In order of days; one without a day for a collection that is not partitioned.
        partition: The partition or range of partitions, as the snapshot's summary names it; empty without days.
    """

    collection: str
    table: TableName
    windows: Sequence[Window]
    partition: str = ""


def scope(
    sources: Sources,
    collection: str,
    first: dt.date | None = None,
    last: dt.date | None = None,
    *,
    today: dt.date | None = None,
) -> Scope:
    """The windows of some days of a collection, or all that it has until today.

    Args:
        sources: The sources file, which declares the collection.
        collection: The collection's name.
        first: The first day; None for the first of all. Without effect where the collection has no days.
        last: The last day, inclusive; None for today.
        today: The day that it is in the sources file's time zone, if not the real one.

    Returns:
        The windows and the table that they belong to.
    """
    table = TableName(Layer.RAW, sources.table(collection), sources.app)
    field = sources.collections[collection].partition_by
    if field is None:
        return Scope(collection, table, [Window()])
    today = today or sources.today()
    first, last = first or sources.start_date, last or today
    windows = list(daily(field, sources.start_date, first, last, last_day=today, zone=sources.zone))
    return Scope(collection, table, windows, str(first) if first == last else f"{first}...{last}")


def asked_for(
    sources: Sources,
    collections: Sequence[str] = (),
    first: dt.date | None = None,
    last: dt.date | None = None,
    *,
    today: dt.date | None = None,
) -> list[Scope]:
    """What a person asks for, checked.

    Args:
        sources: The sources file.
        collections: Names of collections; none means all that are declared, or, if days are asked for, all with days.
        first: The first day asked for, if any.
        last: The last day asked for, inclusive, if any.
        today: The day that it is in the sources file's time zone, if not the real one.

    Returns:
        One scope a collection, in the order asked for.

    Raises:
        FqError: A collection is not declared, has no days though days are asked for, or a day has no window.
    """
    today = today or sources.today()
    names = list(dict.fromkeys(collections)) or list(sources.collections)
    _require_declared(sources, names)
    if first or last:
        _require_windows(sources, first, last, today)
        dated = [name for name in names if sources.collections[name].partition_by]
        undated = [name for name in collections if name not in dated]
        if undated or not dated:
            raise _without_days(undated or names)
        names = dated
    elif today < sources.start_date and any(sources.collections[name].partition_by for name in names):
        raise _not_begun(sources, sources.start_date, today)
    return [scope(sources, name, first, last, today=today) for name in names]


def _require_declared(sources: Sources, names: Iterable[str]) -> None:
    for name in names:
        if name not in sources.collections:
            near = difflib.get_close_matches(name, sources.collections, n=3) or list(sources.collections)[:5]
            raise FqError(
                f"The collection {name!r} is not declared",
                where="sources file (FQ_SOURCES)",
                fix=f"It declares {', '.join(near)}. Correct the name, or add it there",
            )


def _require_windows(sources: Sources, first: dt.date | None, last: dt.date | None, today: dt.date) -> None:
    for day in filter(None, (first, last)):
        if day < sources.start_date:
            raise FqError(
                f"{day} lies before the first day, {sources.start_date}",
                where="start_date in the sources file (FQ_SOURCES)",
                fix=f"Documents of earlier days belong to {sources.start_date}: ask for that day, "
                "or set start_date to an earlier one",
            )
        if day > today:
            raise _not_begun(sources, day, today)
    if first and last and first > last:
        raise FqError(f"{first} lies after {last}", where="--from, --to", fix="Give the earlier day first")


def _not_begun(sources: Sources, day: dt.date, today: dt.date) -> FqError:
    return FqError(
        f"{day} has not begun: in {sources.time_zone} it is {today}",
        where="time_zone in the sources file (FQ_SOURCES)",
        fix=f"Until it has, documents of that day belong to the first one, {sources.start_date}",
    )


def _without_days(names: Sequence[str]) -> FqError:
    plural = len(names) > 1
    return FqError(
        f"{', '.join(names)} {'have' if plural else 'has'} no days: no partition_by is declared",
        where="sources file (FQ_SOURCES)",
        fix=f"Leave out the days: {'they are' if plural else 'it is'} always compared whole",
    )

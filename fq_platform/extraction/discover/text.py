"""What was found, written as a sources file with what was seen as comments.

Belongs here: words and layout. Does not: looking or concluding.
"""

import datetime as dt
import re
from collections.abc import Iterator

import yaml

from fq_platform.extraction.discover.looking import Discovery, Found
from fq_platform.extraction.discover.observed import ARRAY, NULL, OBJECT, Observed
from fq_platform.extraction.discover.suggest import DateField

MOST_LINES = 150
"""Paths listed of a collection."""
WIDEST = 40
"""Characters to which paths are padded."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def sources_text(found: Discovery, today: dt.date) -> str:
    """The sources file.

    Args:
        found: What `look` found.
        today: The day to name, and the first day if no collection has days.

    Returns:
        YAML, ending in a line feed; `load_sources` accepts it as it is.
    """
    return "\n".join(_lines(found, today)) + "\n"


def _lines(found: Discovery, today: dt.date) -> Iterator[str]:
    start, why = _start_date(found, today)
    yield f"# What `fq discover` saw in the database {_scalar(found.database)} on {today}, and what it suggests."
    yield "# Look through it, correct it, and let FQ_SOURCES name it. docs/extraction.md says what can stand here."
    yield f"app: {_app(found.database)}  # tables are raw.{_app(found.database)}_<collection>"
    yield f"database: {_scalar(found.database)}"
    yield f"start_date: {start}  # {why}"
    yield "time_zone: UTC  # whose midnights bound the days"
    yield "collections:"
    for collection in found.collections:
        yield ""
        yield from _collection(collection)
    if found.left_out:
        yield ""
        yield "# Left out:"
        for name, reason in found.left_out.items():
            yield f"#   {_scalar(name)}: {reason}"


def _start_date(found: Discovery, today: dt.date) -> tuple[dt.date, str]:
    days = {collection.name: collection.first_day for collection in found.collections if collection.first_day}
    if not days:
        return today, "without effect: no collection has days"
    name, day = min(days.items(), key=lambda item: item[1])
    return day, f"the earliest day of {_scalar(name)}; documents without a usable date belong to it"


def _app(database: str) -> str:
    """The database's name as an app may be called."""
    name = re.sub(r"[^a-z0-9]+", "_", database.lower()).strip("_")
    return name if name[:1].isalpha() else f"db_{name}".rstrip("_")


def _collection(found: Found) -> Iterator[str]:
    sample, suggestion = found.sample, found.suggestion
    looked = "all" if sample.documents >= found.documents else f"{sample.documents:,}"
    number = f"{found.documents:,} {'document' if found.documents == 1 else 'documents'}"
    yield f"  # {number}, {looked} looked at:" if sample.documents else "  # no documents"
    yield from (f"  #   {line}" for line in _schema(sample.shape))
    options = list(_options(found))
    yield f"  {_scalar(found.name)}:" if options else f"  {_scalar(found.name)}: {{}}"
    yield from options
    if sample.documents and not suggestion.watermark:
        yield "    # no watermark: it has no date, such as updated_at, that every change raises; no sensor looks at it"
    if suggestion.unindexed:
        yield (
            f"    # {_scalar(suggestion.unindexed.path)} could be its partition_by, but has no index: "
            "each day would take a look at all documents"
        )


def _options(found: Found) -> Iterator[str]:
    suggestion = found.suggestion
    if suggestion.partition_by:
        yield f"    partition_by: {_scalar(suggestion.partition_by.path)}  # {_reason(suggestion.partition_by)}"
    if suggestion.watermark:
        yield f"    watermark: {_scalar(suggestion.watermark.path)}  # {_reason(suggestion.watermark)}"
    if suggestion.types:
        yield "    types:"
        for path, (name, why) in suggestion.types.items():
            yield f"      {path}: {name}  # {why}"


def _reason(date: DateField) -> str:
    where = "in every document looked at" if date.share == 1 else f"in {_percent(date.share)} of those looked at"
    return f"{where}, {'indexed' if date.indexed else 'NOT INDEXED: give it an index'}"


def _schema(shape: Observed) -> list[str]:
    """A line for each path: its types, and how often it is there, if not always."""
    paths = list(_paths(shape, "", shape.types[OBJECT]))
    width = min(WIDEST, max((len(path) for path, _ in paths[:MOST_LINES]), default=0))
    lines = [f"{path:<{width}}  {types}" for path, types in paths[:MOST_LINES]]
    return lines + ([f"... and {len(paths) - MOST_LINES:,} more paths"] if len(paths) > MOST_LINES else [])


def _paths(shape: Observed, above: str, objects: int) -> Iterator[tuple[str, str]]:
    for name, child in shape.fields.items():
        yield from _path(child, f"{above}{_scalar(name)}", objects)


def _path(here: Observed, path: str, holders: int) -> Iterator[tuple[str, str]]:
    """One path and those below it; `holders` is the number of values it would have if it were never missing."""
    yield path, _types(here, holders)
    if here.types[ARRAY] and here.elements:
        yield from _path(here.elements, f"{path}[]", here.elements.seen)
    if here.types[OBJECT]:
        if here.keys_are_data:
            values = here.values_of_map()
            yield from _path(values, f"{path}.*", values.seen)
        else:
            yield from _paths(here, f"{path}.", here.types[OBJECT])


def _types(here: Observed, holders: int) -> str:
    """Such as `decimal 98 %, string 2 %`; a share that is all goes without saying."""
    missing = holders - here.seen
    counts = [*here.types.most_common(), *([("missing", missing)] if missing > 0 else [])]
    counts.sort(key=lambda item: item[0] in (NULL, "missing"))
    if len(counts) == 1:
        return counts[0][0]
    return ", ".join(f"{name} {_percent(count / holders)}" for name, count in counts)


def _percent(share: float) -> str:
    """A share in whole percent; what is not nothing, and not all, never looks like it."""
    if 0 < share < 0.01:
        return "<1 %"
    return ">99 %" if 0.99 < share < 1 else f"{share:.0%}".replace("%", " %")


def _scalar(name: str) -> str:
    """A name as YAML takes it, in one line; in quotes if it is not plain."""
    if _PLAIN.fullmatch(name):
        return name
    dumped = yaml.dump(name, Dumper=yaml.SafeDumper, default_style='"', allow_unicode=True, width=float("inf"))
    return dumped.rstrip("\n")

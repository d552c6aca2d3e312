"""Days that need no comparison when everything is compared: neither MongoDB nor the lake has anything of them.

Belongs here: finding them cheaply. Does not: deciding when everything is compared (`looking.py`, `memory.py`).
"""

import datetime as dt
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from fq_platform.automation.mongo_changes.blocks import Unit
from fq_platform.automation.mongo_changes.memory import everything
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.settings import get_settings
from fq_platform.sources import Sources

if TYPE_CHECKING:
    from pymongo.database import Database

KEPT = dt.timedelta(days=8)
"""The last days are compared even if they are empty: whether they exist is what completeness is asked first."""
SECONDS = 5.0
"""For finding them out; what is not found out is compared."""
_DAY = dt.timedelta(days=1)


def idle(
    database: "Database[dict[str, Any]]", sources: Sources, collections: Collection[str], today: dt.date
) -> set[Unit]:
    """Days between the last one of which there is anything, and the last few.

    Args:
        database: The source.
        sources: The sources file.
        collections: Those of which everything is about to be compared, and which no run reads now.
        today: The last day that has a partition.

    Returns:
        The units that can be left out.

    Raises:
        FqError: The catalog cannot be read.
    """
    until = time.monotonic() + SECONDS
    found: set[Unit] = set()
    for name in collections:
        if sources.collections[name].partition_by is None or time.monotonic() > until:
            continue
        last = _last_day(database, sources, name, today)
        if last is not None:
            found |= {
                (name, day)
                for _, day in everything(sources, name, today)
                if day and max(last, sources.start_date) < day <= today - KEPT
            }
    return found


def _last_day(
    database: "Database[dict[str, Any]]", sources: Sources, collection: str, today: dt.date
) -> dt.date | None:
    """The last day of which MongoDB or the lake has anything; None if it cannot be told."""
    from pyiceberg.exceptions import NoSuchTableError

    from fq_platform.extraction.changes import TooSlowError, newest_date
    from fq_platform.lakehouse.catalog import open_catalog
    from fq_platform.lakehouse.storage import storage_errors
    from fq_platform.lakehouse.window_lookup import newest_window

    field = sources.collections[collection].partition_by or ""
    midnight = dt.datetime.combine(today + _DAY, dt.time.min, sources.zone)
    try:
        newest = newest_date(database, collection, field=field, until=midnight, seconds=SECONDS)
    except TooSlowError:
        return None
    if newest is None:
        return None
    table = raw_table(sources, collection)
    with storage_errors(table.qualified):
        try:
            landed = newest_window(open_catalog(get_settings()).load_table(table.identifier))
        except NoSuchTableError:
            landed = None
    return max(newest.astimezone(sources.zone).date(), landed or dt.date.min)


def raw_table(sources: Sources, collection: str) -> TableName:
    """The raw table of a collection, where the layout places it."""
    return layout_of(get_settings()).place(TableName(Layer.RAW, sources.table(collection), sources.app))

"""The version of what a raw table holds of a day: by it, what follows tells news from a run that found none.

It is told by the table, not by the run: a run that is ended after its commit has told nobody, and the one that is
launched in its place finds nothing to do.

Belongs here: the versions. Does not: comparing them (`automation/materialisations.py`).
"""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from fq_platform.automation.materialisations import CONTENT_VERSION
from fq_platform.lakehouse.day_spans import days_in, spans

if TYPE_CHECKING:
    from pyiceberg.table import Table

Versions = Mapping[dt.date | None, dict[str, str]]
"""Day, or None for all of a table without days, to what a materialisation says of its version."""


def content_versions(table: "Table", column: str, days: Collection[dt.date | None]) -> Versions:
    """Say of each day which version of it a raw table holds.

    Rows are only ever appended to it, so their number tells; a table that was dropped and landed anew has another id.

    Args:
        table: The raw table.
        column: The DATE column of its windows.
        days: The days; None for all of a table without days.

    Returns:
        Day to what a materialisation says of its version; nothing if the table's metadata cannot tell.
    """
    from fq_platform.lakehouse.day_counts import rows_of_days

    counted: dict[dt.date, int] = {}
    for text in spans({day for day in days if day is not None}):  # apart: between the first day and today lies all else
        neighbours = {day for day in days_in([text]) if day is not None}
        counted |= rows_of_days(table, column, neighbours, None) or {}
    found: dict[dt.date | None, dict[str, str]] = {}
    for day in days:
        rows = _rows(table) if day is None else counted.get(day)
        found[day] = {} if rows is None else {CONTENT_VERSION: f"{table.metadata.table_uuid}:{rows}"}
    return found


def _rows(table: "Table") -> str | None:
    """The rows of the whole table, as its newest snapshot has counted them."""
    snapshot = table.current_snapshot()
    if snapshot is None:
        return "0"
    return snapshot.summary.additional_properties.get("total-records") if snapshot.summary else None

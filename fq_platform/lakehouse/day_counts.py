"""Rows of single days of a table, from its manifests: no data file is opened.

Belongs here: counting where partitions and files are alike. Does not: counting rows that have to be looked at.
"""

import datetime as dt
from collections.abc import Set

from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, GreaterThanOrEqual, LessThanOrEqual
from pyiceberg.table import Table
from pyiceberg.transforms import DayTransform, IdentityTransform
from pyiceberg.types import DateType

_EPOCH = dt.date(1970, 1, 1)


def rows_of_days(table: Table, column: str, days: Set[dt.date], snapshot: int | None) -> dict[dt.date, int] | None:
    """Count the rows of some days.

    Args:
        table: The table.
        column: Its DATE or TIMESTAMP column.
        days: The days (UTC).
        snapshot: The snapshot that counts; None for the current one.

    Returns:
        The rows of each of these days; None if the files do not tell, since they are not parted by day, or rows in
        them are deleted by others.
    """
    position = _day_field(table, column)
    if position is None:
        return None
    counts = dict.fromkeys(days, 0)
    scan = table.scan(row_filter=_between(table, column, days), snapshot_id=snapshot)
    for task in scan.plan_files() if days else ():
        if task.delete_files or task.file.spec_id != table.spec().spec_id:
            return None
        value = task.file.partition[position]
        day = None if value is None else _EPOCH + dt.timedelta(days=value)
        if day in counts:
            counts[day] += task.file.record_count
    return counts


def _day_field(table: Table, column: str) -> int | None:
    """Which field of the partition is the day of the column."""
    source = table.schema().find_field(column, case_sensitive=False)
    for position, field in enumerate(table.spec().fields):
        by_day = isinstance(field.transform, DayTransform) or (
            isinstance(field.transform, IdentityTransform) and isinstance(source.field_type, DateType)
        )
        if by_day and field.source_id == source.field_id:
            return position
    return None


def _between(table: Table, column: str, days: Set[dt.date]) -> BooleanExpression:
    field = table.schema().find_field(column, case_sensitive=False)
    if not days or not isinstance(field.field_type, DateType):
        return AlwaysTrue()
    return And(
        GreaterThanOrEqual(term=field.name, value=min(days).isoformat()),
        LessThanOrEqual(term=field.name, value=max(days).isoformat()),
    )

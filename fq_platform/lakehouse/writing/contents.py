"""What rows consist of, by day, so that equal content is recognised and stray rows are refused.

Belongs here: counting and fingerprints of whole frames. Does not: the hash of a row (`lakehouse/fingerprint.py`).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name that every PySpark reader knows
from pyspark.sql.types import StructType

from fq_platform.errors import FqError
from fq_platform.lakehouse.fingerprint import row_hash
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.spark_schema import quote
from fq_platform.lakehouse.spark_table import Window, any_of

Content = Mapping[dt.date | None, tuple[int, object]]
"""Number and fingerprint of the rows of each day; all rows stand under None in a table without windows."""


def contents(
    table: TableName,
    windows: Sequence[Window] | None,
    new: DataFrame,
    *present: DataFrame,
    hashed: bool | None = None,
) -> list[Content]:
    """What the new rows, and the present ones if given, consist of: found in one pass over both.

    Args:
        table: The table, for the complaint.
        windows: What the new rows are the content of; None for the whole table.
        new: The new rows.
        *present: The rows in the windows now, in the same columns.
        hashed: Whether fingerprints are taken; by default if there is something to compare with.

    Returns:
        The content of the new rows, then that of the present ones.

    Raises:
        FqError: Some of the new rows are outside the windows.
    """
    frames = [new, *present]
    schema = new.schema
    day, outside = _position(table, windows, schema)
    row = row_hash(schema) if (bool(present) if hashed is None else hashed) else F.lit(0)
    sides = [
        frame.select(F.lit(side).alias("side"), day.alias("day"), outside.alias("outside"), row.alias("hash"))
        for side, frame in enumerate(frames)
    ]
    groups = (
        reduce(lambda above, below: above.union(below), sides)
        .groupBy("side", "day", "outside")
        .agg(F.count("*").alias("rows"), F.sum("hash").alias("fingerprint"))
        .collect()
    )
    strays = {group["day"]: group["rows"] for group in groups if group["outside"] and group["side"] == 0}
    if windows is not None and strays:
        raise _outside(table, windows, strays)
    return [
        {group["day"]: (group["rows"], group["fingerprint"]) for group in groups if group["side"] == side}
        for side in range(len(frames))
    ]


def fingerprint(content: Content) -> str:
    """The content as one text: number of rows and sum of their hashes."""
    total = sum(int(str(found)) for _, found in content.values())
    return f"{sum(rows for rows, _ in content.values())}:{total}"


def _position(table: TableName, windows: Sequence[Window] | None, schema: StructType) -> tuple[Column, Column]:
    """The day of a row, and whether the row lies outside the windows."""
    if not windows:
        return F.lit(None).cast("date"), F.lit(windows is not None)
    inside = F.expr(any_of(windows, table, schema))
    return F.to_date(F.col(quote(windows[0].column))), ~F.coalesce(inside, F.lit(False))


def _outside(table: TableName, windows: Sequence[Window], strays: Mapping[dt.date | None, int]) -> FqError:
    if not windows:
        return FqError(
            f"{sum(strays.values())} rows were made although no window was asked for; nothing was written",
            where=table.qualified,
            fix="Return no rows where there is nothing to replace",
        )
    column = windows[0].column
    days = sorted(day for day in strays if day)
    found = [f"from {days[0]} to {days[-1]}"] if days else []
    if None in strays:
        found.append("null")
    asked = " and ".join(f"from {window.start} to {window.end}" for window in windows[:3])
    more = f" and {len(windows) - 3} more" if len(windows) > 3 else ""
    return FqError(
        f"{sum(strays.values())} rows have {column} {' or '.join(found)}, outside the run's "
        f"window {asked}{more}: a re-run would never replace them; nothing was written",
        where=table.qualified,
        fix=f"Filter them out in the transform, or correct how it derives {column}",
    )

"""How many rows of a table each of a run's partitions has, in whatever time zone and of whatever length these are.

Belongs here: attributing rows to partitions. Does not: writing, or telling Dagster.
"""

import datetime as dt
import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from fq_platform.io_managers.scope import Partitions
from fq_platform.lakehouse.read_point import ReadPoint
from fq_platform.lakehouse.table_options import WriteMode

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from fq_platform.lakehouse.spark_table import Written
    from fq_platform.lakehouse.table_options import Target

_DAY = 24 * 60 * 60


def rows_by_partition(
    spark: "SparkSession", target: "Target", partitions: Partitions, written: "Written"
) -> dict[str, int]:
    """Count the rows that each partition has after a write.

    Nothing is read where the write replaced the partitions, since it counted their rows, and they consist of the days
    by which it did; else one column of them is.

    Args:
        spark: The session.
        target: The table written.
        partitions: The run's partitions.
        written: What the write says of itself.

    Returns:
        Rows by partition key, in order of time; 0 where there are none.
    """
    spans = partitions.spans
    # The days of a DATE column are those of the partitions' zone, whatever instants they begin at.
    is_date = _is_date(partitions.column, written)
    bounds = [[_epoch(at.replace(tzinfo=dt.UTC) if is_date else at) for at in span] for span in spans.values()]
    step = math.gcd(*(bound for pair in bounds for bound in pair))
    if not _replaced(target):
        counts: Iterable[tuple[int, int]] = _counted(spark, target, partitions, written, step)
    elif len(spans) <= 1:
        return dict.fromkeys(spans, written.rows)
    elif step % _DAY == 0:
        counts = _days(written.rows_by_day)
    else:
        counts = _counted(spark, target, partitions, written, step)
    keys, starts, rows = list(spans), [start for start, _ in bounds], dict.fromkeys(spans, 0)
    for instant, count in counts:
        rows[keys[bisect_right(starts, instant) - 1]] += count
    return rows


def _replaced(target: "Target") -> bool:
    """Whether what was written is all that the partitions now have."""
    return target.options.mode in (WriteMode.OVERWRITE, WriteMode.CREATE_OR_REPLACE)


def _epoch(instant: dt.datetime) -> int:
    return int(instant.timestamp())


def _is_date(column: str, written: "Written") -> bool:
    from pyspark.sql.types import DateType

    return any(
        field.name.lower() == column.lower() and isinstance(field.dataType, DateType) for field in written.schema
    )


def _days(rows_by_day: Mapping[dt.date | None, int]) -> Iterable[tuple[int, int]]:
    """Midnight of each day in UTC (seconds since 1970), and the rows of that day."""
    for day, rows in rows_by_day.items():
        if day is not None:
            yield _epoch(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)), rows


def _counted(
    spark: "SparkSession", target: "Target", partitions: Partitions, written: "Written", step: int
) -> Iterable[tuple[int, int]]:
    """The start of each stretch of `step` seconds, which lies within one partition, and its rows in the table."""
    from pyspark.sql import functions as F  # noqa: N812 - the name that every PySpark reader knows

    from fq_platform.lakehouse.spark_read import read
    from fq_platform.lakehouse.spark_schema import quote

    table = read(spark, target.table, point=ReadPoint(written.snapshot_id), windows=partitions.windows())
    if table is None:
        return []
    seconds = F.unix_seconds(F.col(quote(partitions.column)).cast("timestamp"))
    groups = table.groupBy(F.floor(seconds / step).alias("stretch")).agg(F.count("*").alias("rows")).collect()
    return [(group["stretch"] * step, group["rows"]) for group in groups]

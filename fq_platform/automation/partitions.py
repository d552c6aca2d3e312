"""The daily partitions that all dated tables share.

Belongs here: the partitions definition and its translation to days. Does not: which documents a day owns
(`extraction/windows.py`).
"""

import datetime as dt

import dagster as dg

from fq_platform.sources import Sources

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
PARTITION = "dagster/partition"


def daily_partitions(sources: Sources) -> dg.DailyPartitionsDefinition:
    """Days from a first day to today, today included so that it can be refreshed while it lasts.

    Args:
        sources: The sources file, for its start date and its time zone.

    Returns:
        The partitions definition, the same for every dated table of a sources file.
    """
    return dg.DailyPartitionsDefinition(
        start_date=sources.start_date.isoformat(), timezone=sources.time_zone, end_offset=1
    )


def days(context: dg.AssetExecutionContext) -> list[dt.date]:
    """The days that a run is asked for, one or a contiguous range.

    Args:
        context: Of a daily-partitioned asset.

    Returns:
        The days in order.
    """
    return [dt.date.fromisoformat(key) for key in context.partition_keys]


def range_tags(first: dt.date, last: dt.date) -> dict[str, str]:
    """The run tags that make one run of all days from `first` to `last`, both inclusive."""
    return {RANGE_START: first.isoformat(), RANGE_END: last.isoformat()}


def partition_range(run: dg.DagsterRun) -> tuple[str, str] | None:
    """The first and the last partition that a run makes, both inclusive; None for a run without partitions."""
    one = run.tags.get(PARTITION)
    first, last = run.tags.get(RANGE_START, one), run.tags.get(RANGE_END, one)
    return (first, last) if first and last else None

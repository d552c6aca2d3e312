"""The daily partitions that all dated tables share.

Belongs here: the partitions definition and its translation to days. Does not: which documents a day owns
(`extraction/windows.py`).
"""

import datetime as dt

import dagster as dg

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"


def daily_partitions(start_date: dt.date) -> dg.DailyPartitionsDefinition:
    """Days in UTC from a first day to today, today included so that it can be refreshed while it lasts.

    Args:
        start_date: The sources file's start date.

    Returns:
        The partitions definition; equal for equal start dates.
    """
    return dg.DailyPartitionsDefinition(start_date=start_date.isoformat(), timezone="UTC", end_offset=1)


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

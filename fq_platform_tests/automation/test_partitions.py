"""The daily partitions follow the sources file's first day and time zone."""

import datetime as dt

import dagster as dg
from dagster._core.definitions.partitions.context import partition_loading_context

from fq_platform.automation.partitions import daily_partitions
from fq_platform.sources import Collection, Sources


def partitions(zone: str) -> dg.DailyPartitionsDefinition:
    sources = Sources(
        app="a", database="d", start_date=dt.date(2026, 3, 28), time_zone=zone, collections={"c": Collection()}
    )
    return daily_partitions(sources)


def test_days_begin_at_midnight_of_the_time_zone_also_when_clocks_change() -> None:
    windows = [partitions("Europe/Berlin").time_window_for_partition_key(f"2026-03-{day}") for day in (28, 29, 30)]

    assert [window.start.astimezone(dt.UTC).isoformat() for window in windows] == [
        "2026-03-27T23:00:00+00:00",
        "2026-03-28T23:00:00+00:00",
        "2026-03-29T22:00:00+00:00",
    ]
    assert windows[1].end == windows[2].start


def test_today_is_a_partition_from_its_first_moment_in_the_time_zone() -> None:
    noon = dt.datetime(2026, 4, 1, 12, tzinfo=dt.UTC)

    with partition_loading_context(effective_dt=noon):
        assert partitions("UTC").get_last_partition_key() == "2026-04-01"
        assert partitions("Pacific/Kiritimati").get_last_partition_key() == "2026-04-02"
        assert partitions("UTC").get_first_partition_key() == "2026-03-28"

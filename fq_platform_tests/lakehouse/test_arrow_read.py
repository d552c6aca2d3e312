"""Tables are read as Arrow without a JVM: the right rows, columns and nulls, a batch at a time."""

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table
from pyiceberg.types import StringType

from fq_platform.errors import FqError
from fq_platform.lakehouse.arrow_read import TableRows
from fq_platform.lakehouse.read_point import ReadOptions, Since, read_point
from fq_platform.lakehouse.spark_table import Window

BERLIN = ZoneInfo("Europe/Berlin")


def rows(table: Table, *windows: Window, **options: Any) -> TableRows:
    return TableRows(table, read_point(table, ReadOptions(**options)), windows or None)


def numbers(found: TableRows) -> list[int]:
    return sorted(found.to_table()["n"].to_pylist())


def make(lake: Catalog, kind: pa.DataType, values: list[Any]) -> Table:
    """A table of values, each with its number."""
    data = pa.table({"Day": pa.array(values, kind), "n": range(len(values))})
    table = lake.create_table("analytics.dated", data.schema)
    table.append(data)
    return table


def instants(zone: Any) -> list[dt.datetime | None]:
    """The edges of the second of January in a zone, and nothing."""
    start = dt.datetime(2026, 1, 2, tzinfo=zone)
    second, microsecond = dt.timedelta(seconds=1), dt.timedelta(microseconds=1)
    end = start + dt.timedelta(days=1)
    return [start - microsecond, start, start + second, end - microsecond, end, None]


def second_of_january(zone: Any) -> Window:
    return Window("day", dt.datetime(2026, 1, 2, tzinfo=zone), dt.datetime(2026, 1, 3, tzinfo=zone))


@pytest.mark.parametrize("zone", [dt.UTC, BERLIN, ZoneInfo("America/New_York")], ids=str)
def test_window_of_timestamps_holds_its_start_and_not_its_end(lake: Catalog, zone: Any) -> None:
    table = make(lake, pa.timestamp("us", "UTC"), instants(zone))
    assert numbers(rows(table, second_of_january(zone))) == [1, 2, 3]


@pytest.mark.parametrize("zone", [dt.UTC, BERLIN], ids=str)
def test_window_of_timestamps_without_zone_counts_them_in_utc(lake: Catalog, zone: Any) -> None:
    values = [value and value.astimezone(dt.UTC).replace(tzinfo=None) for value in instants(zone)]
    table = make(lake, pa.timestamp("us"), values)
    assert numbers(rows(table, second_of_january(zone))) == [1, 2, 3]


@pytest.mark.parametrize("zone", [dt.UTC, BERLIN], ids=str)
def test_window_of_dates_is_the_day_of_its_own_zone(lake: Catalog, zone: Any) -> None:
    table = make(lake, pa.date32(), [dt.date(2026, 1, 1), dt.date(2026, 1, 2), dt.date(2026, 1, 3), None])
    assert numbers(rows(table, second_of_january(zone))) == [1]


def test_windows_that_do_not_touch_leave_out_what_lies_between(lake: Catalog) -> None:
    days = [dt.date(2026, 1, day) for day in range(1, 6)]
    table = make(lake, pa.date32(), days)
    windows = [
        Window("day", dt.datetime(2026, 1, day, tzinfo=dt.UTC), dt.datetime(2026, 1, day + 1, tzinfo=dt.UTC))
        for day in (1, 3, 5)
    ]
    assert numbers(rows(table, *windows)) == [0, 2, 4]
    assert TableRows(table, read_point(table, ReadOptions()), []).to_table().num_rows == 0


def test_column_that_cannot_be_a_window_is_named(lake: Catalog) -> None:
    table = make(lake, pa.string(), ["a"])
    with pytest.raises(FqError, match="The column day, by which the rows are partitioned, is string"):
        rows(table, second_of_january(dt.UTC)).to_table()


def test_past_and_branches_have_the_columns_of_today(lake: Catalog) -> None:
    table = make(lake, pa.date32(), [dt.date(2026, 1, 1)])
    first = table.metadata.current_snapshot_id
    assert first is not None
    table.manage_snapshots().create_branch(first, "audit").commit()
    with table.update_schema() as change:
        change.add_column("added", StringType())
    for past in (rows(table, as_of=first), rows(table, branch="audit")):
        assert past.to_table().to_pylist() == [{"Day": dt.date(2026, 1, 1), "n": 0, "added": None}]
    assert rows(table).to_table()["added"].to_pylist() == [None]
    assert rows(table, since=Since(first)).schema.names == ["Day", "n", "added"]


def test_increment_holds_only_appended_rows(lake: Catalog) -> None:
    table = make(lake, pa.date32(), [dt.date(2026, 1, 1)])
    first = table.metadata.current_snapshot_id
    assert first is not None
    assert numbers(rows(table, since=Since(first))) == []
    table.append(pa.table({"Day": pa.array([dt.date(2026, 1, 2), dt.date(2026, 1, 3)]), "n": [7, 8]}))
    assert numbers(rows(table, since=Since(first))) == [7, 8]
    assert numbers(rows(table, second_of_january(dt.UTC), since=Since(first))) == [7]


def test_empty_table_has_its_columns(lake: Catalog) -> None:
    table = lake.load_table("analytics.fct_orders")
    assert rows(table).to_table().schema.names == ["order_id"]
    assert rows(table).reader().read_all().num_rows == 0


def test_stream_opens_one_file_after_the_other(lake: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    table = make(lake, pa.date32(), [dt.date(2026, 1, 1)])
    for number in range(1, 5):
        table.append(pa.table({"Day": pa.array([None], pa.date32()), "n": [number]}))
    found = rows(table)
    opened: list[str] = []
    new_input = table.io.new_input
    monkeypatch.setattr(table.io, "new_input", lambda path: (opened.append(path), new_input(path))[1])
    reader = found.reader()
    reader.read_next_batch()
    assert len([path for path in opened if path.endswith(".parquet")]) == 1
    assert reader.read_all().num_rows == 4


def test_null_and_empty_lists_stay_apart(lake: Catalog) -> None:
    lists = pa.array([[{"sku": "a"}], [], None], pa.list_(pa.struct([("sku", pa.string())])))
    table = lake.create_table("analytics.lists", pa.schema([("lines", lists.type)]))
    table.append(pa.table({"lines": lists}))
    assert rows(table).to_table()["lines"].to_pylist() == [[{"sku": "a"}], [], None]


def test_file_that_is_gone_is_named(lake: Catalog) -> None:
    table = make(lake, pa.date32(), [dt.date(2026, 1, 1)])
    found = rows(table)
    for file in table.inspect.files()["file_path"].to_pylist():
        Path(file.removeprefix("file://")).unlink()
    with pytest.raises(FqError, match=r"is gone.*iceberg\.analytics\.dated"):
        found.to_table()

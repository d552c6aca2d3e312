"""The lake tells in which windows documents are, newest version first, without opening files that cannot hold them."""

import datetime as dt
import time

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.io.pyarrow import PyArrowFile
from pyiceberg.table import Table

from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.changelog import WINDOW, open_changelog
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.lakehouse.window_lookup import LookupTooSlowError, live_windows, newest_window, window_finder
from fq_platform.settings import Settings

DAY1, DAY2, DAY3 = (dt.date(2026, 1, day) for day in (1, 2, 3))
T0 = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
Row = tuple[str, str, dt.date | None, int]
"""Key, operation, window, minutes after T0."""


def table_of(collection: str) -> TableName:
    return TableName(Layer.RAW, f"app_{collection}", "app")


def opened(catalog: Catalog, settings: Settings, collection: str, *, partitioned: bool) -> Table:
    name = table_of(collection)
    return open_changelog(catalog, name, layout_of(settings).location(name), partitioned=partitioned).table


@pytest.fixture
def catalog(settings: Settings) -> Catalog:
    return open_catalog(settings)


@pytest.fixture
def table(catalog: Catalog, settings: Settings) -> Table:
    return opened(catalog, settings, "orders", partitioned=True)


def append(table: Table, *rows: Row) -> None:
    """One commit, with a file for each window."""
    keys, operations, days, minutes = zip(*rows, strict=True)
    table.append(
        pa.table(
            {
                "_id": pa.array(keys, pa.string()),
                "_fq_op": pa.array(operations, pa.string()),
                WINDOW: pa.array(days, pa.date32()),
                "_fq_extracted_at": pa.array(
                    [T0 + dt.timedelta(minutes=n) for n in minutes], pa.timestamp("us", "UTC")
                ),
            }
        )
    )


def test_live_document_is_in_its_window(table: Table) -> None:
    append(table, ("a", "insert", DAY1, 0), ("b", "insert", DAY2, 0), ("c", "insert", DAY3, 0))
    append(table, ("b", "update", DAY2, 1))

    assert live_windows(table, {"a"}) == {DAY1}
    assert live_windows(table, ["a", "b", "a"]) == {DAY1, DAY2}
    assert live_windows(table, {"x"}) == frozenset()
    assert live_windows(table, {"a", "x", "zz"}) == {DAY1}
    assert live_windows(table, set()) == frozenset()


def test_newest_version_of_each_window_decides(table: Table) -> None:
    append(table, ("a", "delete", DAY1, 5), ("b", "delete", DAY1, 0), ("c", "insert", DAY1, 0))
    append(table, ("a", "insert", DAY1, 0), ("b", "insert", DAY1, 5))
    append(table, ("c", "delete", DAY1, 1), ("c", "insert", DAY2, 2))

    assert live_windows(table, {"a"}) == frozenset()
    assert live_windows(table, {"b"}) == {DAY1}
    assert live_windows(table, {"c"}) == {DAY2}


def test_document_that_two_windows_hold_for_now_is_in_both(table: Table) -> None:
    append(table, ("a", "insert", DAY1, 0), ("a", "insert", DAY2, 1))

    assert live_windows(table, {"a"}) == {DAY1, DAY2}


def test_keys_of_all_lengths_and_scripts_are_found_among_many(table: Table) -> None:
    odd = ["", '"5"', "ä", "\U0001f600" * 30, "x" * 100, "\uffff", "-5"]
    keys = [f"{n:024x}" for n in range(0, 3_000, 3)] + odd
    append(table, *((key, "insert", DAY1, 0) for key in keys))

    for key in [*odd, keys[0], keys[500]]:
        assert live_windows(table, {key}) == {DAY1}, key
    assert live_windows(table, set(keys)) == {DAY1}
    assert live_windows(table, {f"{n:024x}" for n in range(1, 3_000, 3)}) == frozenset()


def test_files_that_hold_none_of_the_keys_are_not_opened(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    def key(number: int) -> str:
        return f"{number:08x}{'0' * 16}"  # as ObjectIds: what comes first differs

    for day, first in ((DAY1, 0), (DAY2, 100), (DAY3, 200)):
        append(table, *((key(first + n), "insert", day, 0) for n in range(50)))
    opened: list[str] = []
    plain_open = PyArrowFile.open

    def recording_open(self: PyArrowFile, seekable: bool = True) -> object:
        if self.location.endswith(".parquet"):
            opened.append(self.location)
        return plain_open(self, seekable)

    monkeypatch.setattr(PyArrowFile, "open", recording_open)

    def days_in_opened_files(*numbers: int) -> list[str]:
        opened.clear()
        live_windows(table, {key(number) for number in numbers})
        return sorted(location.partition("_fq_window=")[2][:10] for location in set(opened))

    assert days_in_opened_files(110) == ["2026-01-02"]
    assert days_in_opened_files(10, 210) == ["2026-01-01", "2026-01-03"]
    assert days_in_opened_files(60, 160, 999) == []


def test_collection_that_was_never_landed_has_no_windows(catalog: Catalog, table: Table) -> None:
    append(table, ("a", "insert", DAY1, 0))
    find = window_finder(catalog, table_of)

    assert find("orders", {"a"}) == {DAY1}
    assert find("visits", {"a"}) == frozenset()


def test_collection_without_days_names_none(catalog: Catalog, settings: Settings) -> None:
    table = opened(catalog, settings, "things", partitioned=False)
    append(table, ("a", "insert", None, 0))

    assert live_windows(table, {"a"}) == frozenset()


def test_lookup_gives_up_when_its_time_is_over(catalog: Catalog, table: Table) -> None:
    append(table, ("a", "insert", DAY1, 0))
    finder = window_finder(catalog, table_of, until=time.monotonic() - 1)

    with pytest.raises(LookupTooSlowError, match="0 of 1 files"):
        finder("orders", {"a"})
    assert live_windows(table, {"a"}, until=time.monotonic() + 60) == {DAY1}


def test_the_last_day_that_has_rows(catalog: Catalog, settings: Settings, table: Table) -> None:
    assert newest_window(table) is None
    append(table, ("a", "insert", DAY1, 0), ("b", "insert", DAY3, 0))
    append(table, ("c", "insert", DAY2, 0))
    whole = opened(catalog, settings, "things", partitioned=False)
    append(whole, ("a", "insert", None, 0))

    assert newest_window(table) == DAY3
    assert newest_window(whole) is None

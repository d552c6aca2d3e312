"""Windows hold exactly the rows of the last write, whatever the files look like."""

import datetime as dt

import pytest

from fq_platform_tests.lakehouse.writing.conftest import NewLake, days, rows_of

pytestmark = pytest.mark.services

FIRST, SECOND, THIRD, FOURTH = (dt.date(2026, 1, day) for day in (1, 2, 3, 4))


def test_several_windows_are_replaced_in_one_snapshot_and_what_lies_between_stays(lake: NewLake) -> None:
    table = lake()
    table.write(rows_of("1, 1", "2, 2", "3, 3", "4, 4"), days((1, 4)))
    told = table.write(rows_of("1, 10", "3, 30", "3, 31"), days(1, (3, 4)))
    assert table.rows() == [(FIRST, 10), (SECOND, 2), (THIRD, 30), (THIRD, 31)]
    assert table.snapshots == 2
    assert told.rows_by_day == {FIRST: 1, THIRD: 2}
    assert (told.changed, told.table_rows) == (True, 4)


def test_equal_content_of_several_windows_commits_nothing(lake: NewLake) -> None:
    table = lake()
    table.write(rows_of("1, 1", "2, 2", "3, 3"), days((1, 3)))
    told = table.write(rows_of("3, 3", "1, 1"), days(1, 3))
    assert (told.changed, told.rows, table.snapshots) == (False, 2, 1)


def test_row_between_the_windows_is_refused(lake: NewLake) -> None:
    table = lake()
    table.write(rows_of("1, 1"), days(1))
    told = table.refusal(rows_of("1, 2", "2, 2"), days(1, 3))
    assert "1 rows have day from 2026-01-02 to 2026-01-02, outside" in told.what


def test_no_window_at_all_takes_no_row(lake: NewLake) -> None:
    table = lake()
    table.write(rows_of("1, 1"), days(1))
    assert table.write(rows_of("1, 1") + " WHERE false", []).changed is False
    assert "no window was asked for" in table.refusal(rows_of("1, 2"), []).what
    assert table.rows() == [(FIRST, 1)]


@pytest.mark.parametrize(
    "partition_by",
    [("months(day)",), ("bucket(2, n)",), ("truncate(10, n)", "day"), ()],
    ids=["months", "bucket", "identity", "none"],
)
def test_window_that_is_part_of_a_file_is_replaced_row_by_row(lake: NewLake, partition_by: tuple[str, ...]) -> None:
    table = lake(partition_by=partition_by)
    table.write(rows_of("1, 1", "2, 2", "3, 3"), days((1, 3)))
    before = table.table.current_snapshot()
    told = table.write(rows_of("2, 20"), days(2))
    assert table.rows() == table.pyiceberg_rows() == [(FIRST, 1), (SECOND, 20), (THIRD, 3)]
    assert told.table_rows == 3
    assert told.snapshot_id == table.table.current_snapshot().snapshot_id  # type: ignore[union-attr]
    assert set(table.table.metadata.refs) == {"main"}
    assert before is not None
    # Only what readers of main could see counts: nobody saw the window empty.
    assert [entry.snapshot_id for entry in table.table.history()] == [before.snapshot_id, told.snapshot_id]

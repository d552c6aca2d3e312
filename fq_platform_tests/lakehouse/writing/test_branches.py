"""What is written to a branch is seen there, and `main` does not move."""

import datetime as dt

import pytest

from fq_platform.lakehouse.table_options import WriteMode
from fq_platform_tests.lakehouse.writing.conftest import NewLake, days, rows_of

pytestmark = pytest.mark.services

FIRST, SECOND = dt.date(2026, 1, 1), dt.date(2026, 1, 2)


@pytest.mark.parametrize("mode", [WriteMode.OVERWRITE, WriteMode.APPEND, WriteMode.MERGE])
def test_first_rows_of_a_table_may_go_to_a_branch(lake: NewLake, mode: WriteMode) -> None:
    table = lake(mode, keys=("day",) if mode is WriteMode.MERGE else ())
    told = table.on("audit_1").write(rows_of("1, 1"), days(1))
    assert table.rows() == []
    assert table.table.current_snapshot() is None
    assert table.rows(branch="audit_1") == [(FIRST, 1)]
    assert told.snapshot_id == table.table.snapshot_by_name("audit_1").snapshot_id  # type: ignore[union-attr]
    assert (told.changed, told.table_rows) == (True, 1)
    assert set(table.table.metadata.refs) == {"audit_1"}


@pytest.mark.parametrize("mode", [WriteMode.OVERWRITE, WriteMode.APPEND, WriteMode.MERGE])
def test_branch_begins_at_the_head_of_main_and_goes_its_own_way(lake: NewLake, mode: WriteMode) -> None:
    table = lake(mode, keys=("day",) if mode is WriteMode.MERGE else ())
    table.write(rows_of("1, 1"), days(1))
    main = table.table.current_snapshot()
    audit = table.on("audit_1")
    audit.write(rows_of("2, 2"), days(2))
    table.write(rows_of("2, 9"), days(2))
    audit.write("SELECT DATE '2026-01-03' AS day, 3 AS n, 'x' AS added", days(3))
    assert table.rows("day", "n") == [(FIRST, 1), (SECOND, 9)]
    assert [n for (n,) in table.rows("n", branch="audit_1")] == [1, 2, 3]
    assert main is not None


@pytest.mark.parametrize("mode", [WriteMode.OVERWRITE, WriteMode.CREATE_OR_REPLACE])
def test_equal_content_makes_neither_branch_nor_snapshot(lake: NewLake, mode: WriteMode) -> None:
    table = lake(mode, dated=False)
    table.write("SELECT 1 AS n")
    before = table.table.metadata_location
    told = table.on("audit_1").write("SELECT 1 AS n")
    assert (told.changed, table.snapshots) == (False, 1)
    assert told.snapshot_id == table.table.current_snapshot().snapshot_id  # type: ignore[union-attr]
    assert table.table.metadata_location == before


def test_part_of_a_file_is_replaced_on_a_branch(lake: NewLake) -> None:
    table = lake(partition_by=())
    table.write(rows_of("1, 1", "2, 2"), days((1, 2)))
    table.on("audit_1").write(rows_of("2, 20"), days(2))
    assert [n for (n,) in table.rows("n")] == [1, 2]
    assert [n for (n,) in table.rows("n", branch="audit_1")] == [1, 20]
    assert set(table.table.metadata.refs) == {"main", "audit_1"}

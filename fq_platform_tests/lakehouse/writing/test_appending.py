"""Rows are added once for each run, however often the run's step is executed."""

import datetime as dt

import pytest

from fq_platform.lakehouse.table_options import WriteMode
from fq_platform_tests.lakehouse.writing.conftest import NewLake, days, rows_of

pytestmark = pytest.mark.services

FIRST, SECOND = dt.date(2026, 1, 1), dt.date(2026, 1, 2)
RUN = {"fq.run-id": "a", "fq.asset": "x", "fq.partition": "2026-01-01"}


def test_runs_append_and_no_rows_commit_nothing(lake: NewLake) -> None:
    table = lake(WriteMode.APPEND)
    assert table.write(rows_of("1, 1"), days(1)).changed is True
    told = table.write(rows_of("1, 1", "1, 2"), days(1))
    assert table.rows() == [(FIRST, 1), (FIRST, 1), (FIRST, 2)]
    assert (told.rows_by_day, told.table_rows) == ({FIRST: 2}, 3)
    assert table.write(rows_of("1, 1") + " WHERE false", days(1)).changed is False
    assert table.snapshots == 2
    assert "outside the run's window" in table.refusal(rows_of("2, 2"), days(1)).what


def test_step_that_is_executed_again_appends_nothing_twice(lake: NewLake) -> None:
    table = lake(WriteMode.APPEND)
    first = table.write(rows_of("1, 1", "1, 2"), days(1), **RUN)
    table.write(rows_of("1, 9"), days(1), **RUN | {"fq.run-id": "b"})
    again = table.write(rows_of("1, 2", "1, 1"), days(1), **RUN)
    assert (again.changed, again.rows, again.snapshot_id) == (False, 2, table.table.current_snapshot().snapshot_id)  # type: ignore[union-attr]
    assert first.snapshot_id != again.snapshot_id
    assert [n for _, n in table.rows()] == [1, 2, 9]


def test_run_that_is_executed_again_is_known_by_its_root(lake: NewLake) -> None:
    table = lake(WriteMode.APPEND)
    table.write(rows_of("1, 1"), days(1), **RUN)
    table.write(rows_of("1, 1"), days(1), **RUN | {"fq.run-id": "b", "fq.root-run-id": "a"})
    assert table.snapshots == 1


def test_other_asset_or_partition_of_the_same_run_appends(lake: NewLake) -> None:
    table = lake(WriteMode.APPEND)
    table.write(rows_of("1, 1"), days(1), **RUN)
    table.write(rows_of("2, 1"), days(2), **RUN | {"fq.partition": "2026-01-02"})
    table.write(rows_of("1, 1"), days(1), **RUN | {"fq.asset": "y"})
    assert len(table.rows()) == 3


def test_step_that_now_makes_other_rows_replaces_those_it_appended(lake: NewLake) -> None:
    table = lake(WriteMode.APPEND)
    table.write(rows_of("1, 1", "1, 2"), days(1), **RUN)
    table.write(rows_of("1, 9"), days(1), **RUN | {"fq.run-id": "b"})
    again = table.write(rows_of("1, 2", "1, 3"), days(1), **RUN)
    assert again.changed is True
    assert table.rows() == table.pyiceberg_rows() == [(FIRST, 2), (FIRST, 3), (FIRST, 9)]
    assert table.write(rows_of("1, 3", "1, 2"), days(1), **RUN).changed is False


def test_rows_that_were_compacted_cannot_be_told_from_others(lake: NewLake) -> None:
    table = lake(WriteMode.APPEND)
    table.write(rows_of("1, 1"), days(1), **RUN)
    table.write(rows_of("1, 9"), days(1), **RUN | {"fq.run-id": "b"})
    table.spark.sql(
        f"CALL iceberg.system.rewrite_data_files(table => '{table.target.table.dotted}', "
        "options => map('rewrite-all', 'true'))"
    )
    told = table.refusal(rows_of("1, 2"), days(1), **RUN)
    assert "whose files have been rewritten since" in told.what
    assert "Start a new run" in told.fix
    assert table.write(rows_of("1, 1"), days(1), **RUN).changed is False

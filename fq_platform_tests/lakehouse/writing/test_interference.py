"""What others do to a table while it is written: their commits stay, and what makes it impossible is said."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from pyspark.sql import SparkSession

from fq_platform.errors import FqError
from fq_platform.lakehouse import spark_write
from fq_platform.lakehouse.table_options import WriteMode
from fq_platform.lakehouse.writing import job
from fq_platform.lakehouse.writing.job import Job
from fq_platform_tests.lakehouse.writing.conftest import Lake, NewLake, days, rows_of

pytestmark = pytest.mark.services

FIRST, SECOND = dt.date(2026, 1, 1), dt.date(2026, 1, 2)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Does something, once, between a write's look at the table and its commit."""

    def once(act: Callable[[], object]) -> None:
        prepare, pending = Job.prepare, [act]

        def prepared(self: Job, *args: object, **options: object) -> object:
            state = prepare(self, *args, **options)  # type: ignore[arg-type]
            if pending:
                pending.pop()()
            return state

        monkeypatch.setattr(Job, "prepare", prepared)

    return once


def test_overwrite_of_another_window_does_not_conflict(lake: NewLake, meanwhile: Callable) -> None:
    table = lake()
    table.write(rows_of("1, 1", "2, 2"), days((1, 2)))
    spark, name = table.spark, table.target.table.qualified
    meanwhile(lambda: spark.sql(rows_of("2, 20")).writeTo(name).overwritePartitions())
    table.write(rows_of("1, 10"), days(1))
    assert table.rows() == [(FIRST, 10), (SECOND, 20)]


def test_last_overwrite_of_the_same_window_wins_wholly(lake: NewLake, meanwhile: Callable) -> None:
    table = lake()
    table.write(rows_of("1, 1"), days(1))
    spark, name = table.spark, table.target.table.qualified
    meanwhile(lambda: spark.sql(rows_of("1, 2", "1, 3")).writeTo(name).overwritePartitions())
    table.write(rows_of("1, 10"), days(1))
    assert table.rows() == [(FIRST, 10)]


def test_merge_is_made_again_upon_what_was_committed_meanwhile(lake: NewLake, meanwhile: Callable) -> None:
    table = lake(WriteMode.MERGE, keys=("n",), dated=False)
    table.write("SELECT id AS n, 'old' AS v FROM range(3)")
    spark, name = table.spark, table.target.table.qualified
    meanwhile(lambda: spark.sql("SELECT 7L AS n, 'theirs' AS v").writeTo(name).append())
    told = table.write("SELECT id AS n, 'new' AS v FROM range(2, 10, 5)")
    assert table.rows() == [(0, "old"), (1, "old"), (2, "new"), (7, "new")]
    assert told.counts == {"inserted": 0, "updated": 2, "deleted": 0, "unchanged": 0}
    assert set(table.table.metadata.refs) == {"main"}


def test_column_that_two_writers_add_is_added_once(lake: NewLake, monkeypatch: pytest.MonkeyPatch) -> None:
    table = lake(dated=False)
    table.write("SELECT 1 AS n")
    look, pending = Job.changes, [1]

    def changes(self: Job, state: object) -> object:
        found = look(self, state)  # type: ignore[arg-type]
        if pending:
            pending.pop()
            table.spark.sql(f"ALTER TABLE {table.target.table.qualified} ADD COLUMN added STRING")
        return found

    monkeypatch.setattr(Job, "changes", changes)
    table.write("SELECT 2 AS n, 'x' AS added")
    assert table.rows() == [(2, "x")]


def test_table_that_two_writers_make_is_made_once(lake: NewLake, monkeypatch: pytest.MonkeyPatch) -> None:
    table, make = lake(WriteMode.APPEND, dated=False), job.create

    def both(*given: Any) -> None:
        make(*given)
        make(*given)

    monkeypatch.setattr(job, "create", both)
    table.write("SELECT 1 AS n")
    assert table.rows() == [(1,)]


def dropped(table: Lake) -> str:
    return f"DROP TABLE {table.target.table.qualified}"


def narrowed(table: Lake) -> str:
    return f"ALTER TABLE {table.target.table.qualified} DROP COLUMN n"


@pytest.mark.parametrize("mode", [WriteMode.OVERWRITE, WriteMode.APPEND, WriteMode.MERGE])
@pytest.mark.parametrize(("act", "said"), [(dropped, "was dropped by somebody"), (narrowed, "columns were changed")])
def test_table_that_is_no_longer_what_it_was_is_said(
    lake: NewLake, meanwhile: Callable, mode: WriteMode, act: Callable[[Lake], str], said: str
) -> None:
    table = lake(mode, keys=("day",) if mode is WriteMode.MERGE else ())
    table.write(rows_of("1, 1"), days(1))
    meanwhile(lambda: table.spark.sql(act(table)))
    with pytest.raises(FqError) as told:
        table.write(rows_of("2, 2"), days(2))
    assert said in told.value.what
    assert told.value.where == table.target.table.qualified
    assert "Run again" in told.value.fix


def test_commit_whose_answer_was_lost_is_recognised(lake: NewLake, monkeypatch: pytest.MonkeyPatch) -> None:
    table = lake(WriteMode.APPEND)
    append, pending = spark_write._MODES[WriteMode.APPEND], [1]

    def lost(job: Job) -> object:
        written = append(job)
        if pending:
            pending.pop()
            raise RuntimeError("org.apache.iceberg.exceptions.CommitStateUnknownException: connection reset")
        return written

    monkeypatch.setitem(spark_write._MODES, WriteMode.APPEND, lost)
    told = table.write(rows_of("1, 1"), days(1), plain="no run is known")
    assert table.rows() == [(FIRST, 1)]
    assert table.snapshots == 1
    assert told.snapshot_id == table.table.current_snapshot().snapshot_id  # type: ignore[union-attr]


def test_other_errors_pass_as_they_are(lake: NewLake, spark: SparkSession) -> None:
    with pytest.raises(Exception, match="who knows"):
        lake(dated=False).write("SELECT CAST(raise_error('who knows') AS STRING) AS n")

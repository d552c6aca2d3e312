"""The table becomes what the rows and the declaration say, and its history stays."""

import datetime as dt

import pytest

from fq_platform.lakehouse.table_options import WriteMode
from fq_platform.lakehouse.writing.partitioning import present_partition_fields, present_sort_fields
from fq_platform_tests.lakehouse.writing.conftest import NewLake, rows_of

pytestmark = pytest.mark.services

FIRST = dt.date(2026, 1, 1)


def test_columns_types_partitions_and_order_are_replaced_at_once_and_history_stays(lake: NewLake) -> None:
    table = lake(WriteMode.CREATE_OR_REPLACE, partition_by=("days(day)", "bucket(4, n)"))
    first = table.write(rows_of("1, 1, 'x'", columns="day, n, dropped"))
    location = table.table.location()
    assert location.endswith(table.target.table.name)
    assert table.table.current_snapshot().summary["fq.run-id"].startswith("run-")  # type: ignore[union-attr, index]
    other = table.declare(partition_by=("truncate(2, n)",), sort_by=("n DESC",))
    told = other.write("SELECT 'text' AS n, DATE '2026-01-01' AS day", **{"fq.run-id": "other"})
    assert other.rows() == other.pyiceberg_rows() == [("text", FIRST)]
    assert [str(field) for field in present_partition_fields(other.table)] == ["truncate(2, n)"]
    assert [str(field) for field in present_sort_fields(other.table)] == ["n DESC NULLS LAST"]
    assert other.table.location() == location
    assert told.snapshot_id == other.table.current_snapshot().snapshot_id  # type: ignore[union-attr]
    # The option `snapshot-id` would read with today's types, of which text is none that the old files can give.
    then = other.spark.sql(f"SELECT * FROM {other.target.table.qualified} VERSION AS OF {first.snapshot_id}")
    assert [tuple(row) for row in then.collect()] == [(FIRST, 1, "x")]


def test_equal_columns_and_content_commit_nothing_and_other_content_replaces(lake: NewLake) -> None:
    table = lake(WriteMode.CREATE_OR_REPLACE, sort_by=("n",))
    table.write(rows_of("1, 1", "2, 2"))
    before = table.table.metadata_location
    assert table.write(rows_of("2, 2", "1, 1")).changed is False
    assert table.table.metadata_location == before
    told = table.write(rows_of("1, 3"))
    assert (told.changed, told.table_rows, table.snapshots) == (True, 1, 2)
    assert table.rows() == [(FIRST, 3)]


def test_branch_takes_other_rows_but_no_other_columns(lake: NewLake) -> None:
    table = lake(WriteMode.CREATE_OR_REPLACE)
    assert "does not exist yet" in table.on("audit_1").refusal(rows_of("1, 1")).what
    table.write(rows_of("1, 1"))
    table.on("audit_1").write(rows_of("1, 2"))
    assert (table.rows(), table.rows(branch="audit_1")) == ([(FIRST, 1)], [(FIRST, 2)])
    told = table.on("audit_1").refusal("SELECT 1 AS other")
    assert "which a branch cannot have to itself" in told.what
    assert "branch audit_1" in told.where


def test_what_cannot_be_partitioned_by_is_refused_before_anything_is_replaced(lake: NewLake) -> None:
    table = lake(WriteMode.CREATE_OR_REPLACE)
    table.write(rows_of("1, 1"))
    told = table.declare(partition_by=("hours(missing)",)).refusal(rows_of("1, 2"))
    assert "The column missing, which fq/partition_by names, is missing" in told.what

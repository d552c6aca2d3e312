"""Readers name a moment, a branch or an increment; what cannot be read is said before anything is."""

import datetime as dt

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from fq_platform.errors import FqError
from fq_platform.lakehouse.read_point import ReadOptions, ReadPoint, Since, read_point


@pytest.fixture
def table(lake: Catalog) -> Table:
    """A table of one BIGINT column that was never written to."""
    return lake.create_table("analytics.numbers", pa.schema([("n", pa.int64())]))


def append(table: Table, *numbers: int, branch: str = "main") -> int:
    """Append numbers; returns the snapshot's id."""
    table.append(pa.table({"n": pa.array(numbers, pa.int64())}), branch=branch)
    return table.refs()[branch].snapshot_id


def refusal(table: Table, options: ReadOptions) -> str:
    with pytest.raises(FqError) as refused:
        read_point(table, options)
    return str(refused.value)


def test_table_without_snapshots_has_no_rows_to_read(table: Table) -> None:
    assert read_point(table, ReadOptions()) == ReadPoint(None)


def test_newest_snapshot_is_read_unless_something_else_is_asked_for(table: Table) -> None:
    append(table, 1)
    newest = append(table, 2)
    assert read_point(table, ReadOptions()) == ReadPoint(newest)
    assert read_point(table, ReadOptions(branch="main")) == ReadPoint(newest)


def test_moment_means_the_snapshot_that_was_newest_then(table: Table) -> None:
    first, second = append(table, 1), append(table, 2)
    at = {entry.snapshot_id: dt.datetime.fromtimestamp(entry.timestamp_ms / 1000, dt.UTC) for entry in table.history()}
    just_before = at[second] - dt.timedelta(milliseconds=1)
    assert read_point(table, ReadOptions(as_of=at[second])) == ReadPoint(second)
    assert read_point(table, ReadOptions(as_of=just_before)) == ReadPoint(first)
    assert read_point(table, ReadOptions(as_of=first)) == ReadPoint(first)


def test_moment_before_the_first_snapshot_is_refused_with_when_that_was(table: Table) -> None:
    long_ago = ReadOptions(as_of=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert "the table was never written to" in refusal(table, long_ago)
    append(table, 1)
    message = refusal(table, long_ago)
    assert "No snapshot is as old as 2020-01-01T00:00:00+00:00: the oldest that is kept is of " in message
    assert "iceberg.analytics.numbers" in message


def test_branches_and_tags_are_read_by_their_names(table: Table) -> None:
    first = append(table, 1)
    table.manage_snapshots().create_branch(first, "audit").create_tag(first, "month_end").commit()
    audited, newest = append(table, 2, branch="audit"), append(table, 3)
    assert read_point(table, ReadOptions(branch="audit")) == ReadPoint(audited)
    assert read_point(table, ReadOptions(branch="month_end")) == ReadPoint(first)
    assert read_point(table, ReadOptions()) == ReadPoint(newest)


def test_unknown_branch_is_refused_with_those_that_exist(table: Table) -> None:
    append(table, 1)
    message = refusal(table, ReadOptions(branch="audit_1"))
    assert "The table has no branch audit_1" in message
    assert "Name one that it has: main" in message


def test_increment_excludes_its_start_and_includes_its_end(table: Table) -> None:
    first, second, third = append(table, 1), append(table, 2), append(table, 3)
    assert read_point(table, ReadOptions(since=Since(first))) == ReadPoint(third, after=first)
    assert read_point(table, ReadOptions(since=Since(first, until=second))) == ReadPoint(second, after=first)
    assert read_point(table, ReadOptions(since=Since(third))) == ReadPoint(third, after=third)


def test_increment_of_a_branch_ends_at_the_branch(table: Table) -> None:
    first = append(table, 1)
    table.manage_snapshots().create_branch(first, "audit").commit()
    audited = append(table, 2, branch="audit")
    append(table, 3)
    assert read_point(table, ReadOptions(branch="audit", since=Since(first))) == ReadPoint(audited, after=first)


def test_range_with_anything_but_appends_is_no_increment(table: Table) -> None:
    first = append(table, 1, 2)
    table.delete("n = 1")
    removed = table.metadata.current_snapshot_id
    append(table, 3)
    message = refusal(table, ReadOptions(since=Since(first)))
    assert f"Snapshot {removed} of " in message
    assert "did not only append rows (" in message
    assert removed is not None
    assert read_point(table, ReadOptions(since=Since(removed))).after == removed


def test_increment_that_runs_backwards_or_sideways_is_refused(table: Table) -> None:
    first, second = append(table, 1), append(table, 2)
    table.manage_snapshots().create_branch(first, "audit").commit()
    sideways = append(table, 3, branch="audit")
    for since in (Since(second, until=first), Since(sideways)):
        assert f"Snapshot {since.after} does not lead to snapshot" in refusal(table, ReadOptions(since=since))


def test_snapshots_that_expired_or_never_were_are_refused(table: Table) -> None:
    first = append(table, 1)
    append(table, 2)
    table.maintenance.expire_snapshots().by_id(first).commit()
    for gone in (first, 7):
        for options in (ReadOptions(as_of=gone), ReadOptions(since=Since(gone))):
            message = refusal(table, options)
            assert f"The table has no snapshot {gone}: it has expired, or is another table's" in message
            assert "The oldest snapshot that is kept is of" in message


@pytest.mark.parametrize("other", [{"branch": "audit"}, {"since": Since(1)}], ids=["branch", "increment"])
def test_moment_excludes_what_else_names_snapshots(other: dict[str, object]) -> None:
    with pytest.raises(FqError, match="asks for both a moment"):
        ReadOptions(as_of=1, **other)  # type: ignore[arg-type]  # either of the two

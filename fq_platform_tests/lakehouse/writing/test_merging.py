"""Rows are updated, inserted and deleted by their keys, and no other row is touched."""

import datetime as dt

import pytest

from fq_platform.lakehouse.table_options import WriteMode
from fq_platform_tests.lakehouse.writing.conftest import NewLake, days, rows_of

pytestmark = pytest.mark.services

FIRST, SECOND = dt.date(2026, 1, 1), dt.date(2026, 1, 2)


def values(*rows: str, columns: str = "id, name") -> str:
    return f"SELECT * FROM VALUES {', '.join(f'({row})' for row in rows)} AS t({columns})"


def test_rows_are_updated_inserted_and_deleted(lake: NewLake) -> None:
    table = lake(WriteMode.MERGE, keys=("id",), dated=False)
    first = table.write(values("1, 'a'", "2, 'b'", "3, 'c'"))
    assert first.counts == {"inserted": 3, "updated": 0, "deleted": 0, "unchanged": 0}
    told = table.write(
        values("1, 'a', 'update'", "2, 'B', 'update'", "3, NULL, 'delete'", "4, 'd', 'insert'", "5, 'x', 'delete'",
               columns="id, name, _fq_op"),
        **{"fq.run-id": "r", "fq.read.raw": "7"},
    )  # fmt: skip
    assert table.rows() == table.pyiceberg_rows() == [(1, "a"), (2, "B"), (4, "d")]
    assert told.counts == {"inserted": 1, "updated": 1, "deleted": 1, "unchanged": 1}
    assert (told.changed, told.rows, told.table_rows) == (True, 3, 3)
    current = table.table.current_snapshot()
    assert current is not None
    assert current.summary is not None
    assert (current.snapshot_id, current.summary["fq.read.raw"]) == (told.snapshot_id, "7")
    assert set(table.table.metadata.refs) == {"main"}
    assert table.rows() == [tuple(row) for row in sorted(table.rows())]
    assert "_fq_op" not in table.spark.table(table.target.table.qualified).columns


def test_nothing_new_commits_nothing(lake: NewLake) -> None:
    table = lake(WriteMode.MERGE, keys=("id",), dated=False)
    table.write(values("1, 'a'", "2, 'b'"))
    before = table.trace(), table.snapshots
    told = table.write(values("2, 'b', 'insert'", "9, NULL, 'delete'", columns="id, name, _fq_op"))
    assert (told.changed, told.counts["unchanged"]) == (False, 1)
    assert (table.trace(), table.snapshots) == before


def test_rows_that_do_not_differ_are_not_written_again(lake: NewLake) -> None:
    table = lake(WriteMode.MERGE, keys=("id",), dated=False)
    table.write("SELECT id, 'x' AS name FROM range(1000)")
    table.write("SELECT id, IF(id = 7, 'y', 'x') AS name FROM range(1000)")
    merged = table.table.snapshot_by_id(table.table.current_snapshot().parent_snapshot_id)  # type: ignore[union-attr, arg-type]
    assert merged is not None
    assert merged.summary is not None
    assert (merged.summary["added-records"], merged.summary["added-position-deletes"]) == ("1", "1")


def test_keys_may_be_null_and_several(lake: NewLake) -> None:
    table = lake(WriteMode.MERGE, keys=("region", "ID"), dated=False)
    table.write(values("'n', 1, 'a'", "NULL, 1, 'b'", columns="region, id, name"))
    table.write(values("NULL, 1, 'B'", "NULL, 2, 'c'", columns="region, id, name"))
    assert table.rows() == [("n", 1, "a"), (None, 1, "B"), (None, 2, "c")]


def test_key_that_comes_twice_is_named(lake: NewLake) -> None:
    table = lake(WriteMode.MERGE, keys=("id", "name"), dated=False)
    twice = values("1, 'a'", "1, 'a'", "1, 'b'", "2, NULL", "2, NULL")
    told = table.refusal(twice)
    assert "id = 1, name = 'a' (2 rows)" in told.what
    assert "id = 2, name = None (2 rows)" in told.what
    assert table.target.table.qualified == told.where
    table.write(values("1, 'a'"))
    table.refusal(twice.replace("AS t(id, name)", "AS t(id, name)") + " WHERE id = 2")


def test_key_that_is_no_column_is_named(lake: NewLake) -> None:
    assert "they have no column key" in lake(WriteMode.MERGE, keys=("key",)).refusal(values("1, 'a'")).what


def test_columns_are_added_and_those_that_are_missing_keep_their_values(lake: NewLake) -> None:
    table = lake(WriteMode.MERGE, keys=("id",), dated=False)
    table.write(values("1, 'a', 1.5", "2, 'b', 2.5", columns="id, name, price"))
    told = table.write(values("1, 'a', 'red'", "2, 'b', NULL", "3, 'c', 'blue'", columns="id, name, colour"))
    assert table.rows("id", "colour") == [(1, "red"), (2, None), (3, "blue")]
    assert [str(price) for (price,) in table.rows("price")] == ["1.5", "2.5", "None"]
    assert told.counts == {"inserted": 1, "updated": 1, "deleted": 0, "unchanged": 1}


def test_dated_rows_are_merged_in_their_windows(lake: NewLake) -> None:
    table = lake(WriteMode.MERGE, keys=("day", "n"))
    columns = "day, n, v"
    table.write(rows_of("1, 1, 'a'", "2, 1, 'b'", columns=columns), days((1, 2)))
    told = table.write(
        rows_of("1, 1, 'A', ''", "1, 2, 'c', ''", "2, 1, '', 'delete'", columns=f"{columns}, _fq_op"), days((1, 2))
    )
    assert table.rows() == [(FIRST, 1, "A"), (FIRST, 2, "c")]
    assert told.rows_by_day == {FIRST: 2}
    assert "outside the run's window" in table.refusal(rows_of("3, 1, 'x'", columns=columns), days(1)).what


def test_table_that_was_overwritten_before_is_merged_from_now_on(lake: NewLake) -> None:
    table = lake(dated=False)
    table.write(values("1, 'a'", "2, 'b'"))
    assert "write.merge.mode" not in table.table.properties
    merged = table.declare(WriteMode.MERGE, keys=("id",))
    merged.write(values("2, 'c'"))
    assert merged.rows() == [(1, "a"), (2, "c")]
    assert merged.table.properties["write.merge.mode"] == "merge-on-read"

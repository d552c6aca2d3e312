"""Tables follow the rows' columns by adding and widening only; what cannot be stored without loss is refused."""

import datetime as dt
from decimal import Decimal

import pytest

from fq_platform_tests.fixtures.spark import NewTable
from fq_platform_tests.io_managers.conftest import Lake

pytestmark = pytest.mark.services

FIRST, SECOND = dt.date(2026, 1, 1), dt.date(2026, 1, 2)


def test_added_column_keeps_the_old_rows(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    lake.write(table, "SELECT DATE '2026-01-01' AS day, 1 AS n", "2026-01-01")
    lake.write(table, "SELECT 'x' AS added, DATE '2026-01-02' AS day, 2 AS n", "2026-01-02")
    assert lake.frame(table).columns == ["day", "n", "added"]
    assert lake.rows(table) == [(FIRST, 1, None), (SECOND, 2, "x")]


def test_missing_column_is_written_as_null_and_kept(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    lake.write(table, "SELECT DATE '2026-01-01' AS day, 1 AS n, 'x' AS note", "2026-01-01")
    lake.write(table, "SELECT DATE '2026-01-02' AS day, 2 AS n", "2026-01-02")
    assert lake.rows(table) == [(FIRST, 1, "x"), (SECOND, 2, None)]


def test_untyped_null_takes_the_type_of_the_table(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    lake.write(table, "SELECT 1 AS n, 'x' AS note")
    lake.write(table, "SELECT 2 AS n, NULL AS note")
    assert lake.rows(table) == [(2, None)]


def test_untyped_null_in_a_new_column_is_refused(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    message = lake.refusal(table, "SELECT 1 AS n, named_struct('a', NULL) AS s")
    assert "The column s.a has no type" in message
    assert not lake.spark.catalog.tableExists(table.qualified)


def test_names_match_whatever_their_case(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    lake.write(table, "SELECT 1 AS Number")
    lake.write(table, "SELECT 2 AS number")
    assert lake.frame(table).columns == ["Number"]
    assert lake.rows(table) == [(2,)]


def test_fields_are_added_inside_structs_and_lists_of_structs(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    lake.write(
        table,
        "SELECT DATE '2026-01-01' AS day, named_struct('a', 1) AS s, array(named_struct('a', 1), NULL) AS l, "
        "map('k', named_struct('a', 1)) AS m",
        "2026-01-01",
    )
    lake.write(
        table,
        "SELECT DATE '2026-01-02' AS day, named_struct('b', 'x') AS s, array(named_struct('b', 2, 'a', 3)) AS l, "
        "map('k', named_struct('b', 4)) AS m",
        "2026-01-02",
    )
    assert lake.frame(table).dtypes[1:] == [
        ("s", "struct<a:int,b:string>"),
        ("l", "array<struct<a:int,b:int>>"),
        ("m", "map<string,struct<a:int,b:int>>"),
    ]
    assert lake.rows(table, "s", "l", "m") == [
        ((1, None), [(1, None), None], {"k": (1, None)}),
        ((None, "x"), [(3, 2)], {"k": (None, 4)}),
    ]


def test_null_struct_stays_null_when_the_table_has_more_fields(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    lake.write(table, "SELECT 1 AS n, named_struct('a', 1, 'b', 2) AS s")
    lake.write(table, "SELECT 2 AS n, CAST(NULL AS STRUCT<a: INT>) AS s")
    assert lake.rows(table) == [(2, None)]


NARROW = "1 AS i, CAST(1.5 AS FLOAT) AS f, CAST(1.5 AS DECIMAL(9,2)) AS d, array(1) AS l"
WIDE = "9000000000L AS i, 2.25D AS f, CAST(12345678.25 AS DECIMAL(18,2)) AS d, array(9000000000L) AS l"


@pytest.mark.parametrize(("first", "second"), [(NARROW, WIDE), (WIDE, NARROW)], ids=["wider rows", "wider table"])
def test_numbers_widen_and_keep_their_values(lake: Lake, new_table: NewTable, first: str, second: str) -> None:
    table = new_table()
    lake.write(table, f"SELECT DATE '2026-01-01' AS day, {first}", "2026-01-01")
    lake.write(table, f"SELECT DATE '2026-01-02' AS day, {second}", "2026-01-02")
    assert [kind for _, kind in lake.frame(table).dtypes[1:]] == ["bigint", "double", "decimal(18,2)", "array<bigint>"]
    assert lake.rows(table, "i", "f", "d", "l") == [
        (1, 1.5, Decimal("1.50"), [1]),
        (9_000_000_000, 2.25, Decimal("12345678.25"), [9_000_000_000]),
    ]


def test_type_that_cannot_be_stored_is_refused_and_the_table_unchanged(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    lake.write(table, "SELECT 1L AS n")
    message = lake.refusal(table, "SELECT 'new' AS added, 'x' AS n")
    assert "The column n is bigint in the table and string in the new rows" in message
    assert table.qualified in message
    assert "Cast the column to bigint" in message
    assert lake.frame(table).columns == ["n"]
    assert lake.rows(table) == [(1,)]
    assert len(lake.snapshots(table)) == 1


def test_difficult_names_are_carried(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    lake.write(table, "SELECT 1 AS `select`, named_struct('order', 2, 'a b', 3) AS `a.b`")
    lake.write(table, "SELECT 1 AS `select`, named_struct('order', 2L, 'a b', 3, 'x`y', 4) AS `a.b`")
    assert lake.rows(table) == [(1, (2, 3, 4))]


def test_value_that_cannot_be_cast_fails_with_its_table_and_value(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    message = lake.refusal(table, "SELECT CAST(text AS DECIMAL(10,2)) AS n FROM VALUES ('12,50') AS t(text)")
    assert "The value '12,50'" in message
    assert table.qualified in message
    assert not lake.spark.catalog.tableExists(table.qualified)

"""`--as-of` written into statements."""

import datetime as dt
import time
from collections.abc import Iterator

import pytest

from fq_platform.errors import FqError
from fq_platform.query.statement_tables import named_tables
from fq_platform.query.time_travel_sql import sql_as_of

MOMENT = dt.datetime(2026, 3, 1, 12, 30, 0, 250_000, dt.UTC)
AT_MOMENT = "FOR TIMESTAMP AS OF TIMESTAMP '2026-03-01 12:30:00.250 UTC'"
DIALECTS = pytest.mark.parametrize("dialect", ["trino", "athena", "spark"])


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's own zone is not UTC."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def nothing_asked(table: tuple[str, ...], snapshot: int) -> dt.datetime | None:
    raise AssertionError(f"{table} was asked for {snapshot}")


@DIALECTS
def test_every_table_is_read_at_the_moment_and_the_rest_of_the_text_stays(dialect: str) -> None:
    sql = """WITH o AS (SELECT * FROM raw.orders -- é
    ), recent AS (SELECT 1 FROM o)
    SELECT *, (SELECT max(x) FROM  iceberg.raw.a  AS b) FROM O JOIN shared.dim d ON true
    WHERE EXISTS (SELECT 1 FROM raw.y) UNION ALL SELECT * FROM recent"""

    written = sql_as_of(sql, dialect, MOMENT, nothing_asked)

    expected = sql
    for table in ("raw.orders", "iceberg.raw.a", "shared.dim", "raw.y"):
        expected = expected.replace(table, f"{table} {AT_MOMENT}")
    assert written == expected


@DIALECTS
def test_a_moment_in_another_zone_is_written_in_utc_whatever_that_of_the_machine(dialect: str, in_tokyo: None) -> None:
    there = MOMENT.astimezone(dt.timezone(dt.timedelta(hours=5)))
    assert sql_as_of("SELECT 1 FROM raw.x", dialect, there, nothing_asked) == f"SELECT 1 FROM raw.x {AT_MOMENT}"


def test_a_moment_is_rounded_to_the_millisecond_that_snapshots_are_dated_by() -> None:
    for microseconds, written in ((4_600, "005"), (999_600, "000"), (400, "000")):
        moment = MOMENT.replace(second=59, microsecond=microseconds)
        second = "31:00" if microseconds > 999_499 else "30:59"
        expected = f"SELECT 1 FROM raw.x FOR TIMESTAMP AS OF TIMESTAMP '2026-03-01 12:{second}.{written} UTC'"
        assert sql_as_of("SELECT 1 FROM raw.x", "trino", moment, nothing_asked) == expected


@DIALECTS
def test_the_snapshot_of_the_only_table_is_asked_for_by_its_id(dialect: str) -> None:
    written = sql_as_of("SELECT 1 FROM raw.x a JOIN raw.x b ON a.i = b.i", dialect, 42, nothing_asked)
    at = "raw.x FOR VERSION AS OF 42"
    assert written == f"SELECT 1 FROM {at} a JOIN {at} b ON a.i = b.i"


def test_a_snapshot_stands_for_the_moment_of_its_commit_in_the_other_tables() -> None:
    commits = {(("raw", "b"), 42): MOMENT}
    written = sql_as_of("SELECT 1 FROM raw.a, raw.b", "trino", 42, lambda *asked: commits.get(asked))
    assert written == f"SELECT 1 FROM raw.a {AT_MOMENT}, raw.b FOR VERSION AS OF 42"


def test_a_snapshot_that_no_table_has_is_said() -> None:
    with pytest.raises(FqError, match="None of the tables of the query has a snapshot 42"):
        sql_as_of("SELECT 1 FROM raw.a, raw.b", "trino", 42, lambda *_: None)


def test_a_table_of_which_the_statement_says_when_and_tables_about_snapshots_stay() -> None:
    sql = 'SELECT 1 FROM raw.a FOR VERSION AS OF 7, raw."a$snapshots", information_schema.tables, raw.c'
    assert sql_as_of(sql, "athena", MOMENT, nothing_asked) == f"{sql} {AT_MOMENT}"


def test_an_explained_statement_is_explained_as_of_then() -> None:
    sql = "EXPLAIN ANALYZE SELECT 1 FROM raw.a"
    assert sql_as_of(sql, "trino", MOMENT, nothing_asked) == f"{sql} {AT_MOMENT}"


@pytest.mark.parametrize("sql", ["SELECT 1", "SHOW TABLES FROM raw", "WITH a AS (SELECT 1) SELECT * FROM a"])
def test_a_statement_without_tables_has_no_past(sql: str) -> None:
    with pytest.raises(FqError, match="names no table"):
        sql_as_of(sql, "trino", MOMENT, nothing_asked)


def test_a_table_hidden_in_a_table_function_is_refused_rather_than_read_as_it_is_now() -> None:
    sql = "SELECT * FROM TABLE(exclude_columns(input => TABLE(raw.x), columns => DESCRIPTOR(a)))"
    with pytest.raises(FqError, match="table function"):
        sql_as_of(sql, "trino", MOMENT, nothing_asked)


def test_a_statement_that_cannot_be_read_says_where_without_colours() -> None:
    with pytest.raises(FqError, match="cannot be read as trino") as failed:
        named_tables("SELECT FROM WHERE (", "trino")
    assert "\x1b" not in str(failed.value)


@DIALECTS
def test_a_table_is_told_from_a_common_table_expression_of_its_name_by_its_layer(dialect: str) -> None:
    sql = "WITH Orders AS (SELECT 1) SELECT * FROM ORDERS JOIN raw.orders r ON true"
    assert [table.parts for table in named_tables(sql, dialect)] == [("raw", "orders")]


@pytest.mark.parametrize(
    ("dialect", "explained"),
    [
        *(("spark", f"EXPLAIN {how} SELECT * FROM raw.a") for how in ("", "FORMATTED", "EXTENDED", "CODEGEN", "COST")),
        ("trino", "explain analyze verbose SELECT * FROM raw.a"),
        ("trino", "EXPLAIN (TYPE IO, FORMAT JSON) SELECT * FROM raw.a"),
        ("trino", "EXPLAIN (SELECT * FROM raw.a)"),
        ("trino", "-- EXPLAIN is slow\n/* it\n says */ EXPLAIN SELECT * FROM raw.a"),
    ],
)
def test_what_is_explained_is_looked_into(dialect: str, explained: str) -> None:
    (table,) = named_tables(explained, dialect)
    assert (table.parts, explained[table.begin : table.end]) == (("raw", "a"), "raw.a")


def test_the_name_of_a_common_table_expression_inside_itself_is_a_table() -> None:
    tables = named_tables("WITH orders AS (SELECT * FROM orders) SELECT * FROM orders", "trino")
    assert [(table.parts, table.begin) for table in tables] == [(("orders",), 30)]

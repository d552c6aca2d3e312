"""The dashboard's questions are put into the SQL of every engine; that their answers agree, another test says."""

import datetime as dt

import pytest

from fq_platform.dashboard.questions import ifco
from fq_platform.errors import FqError
from fq_platform.query.dialects import translated

DAYS = (dt.date(2026, 1, 1), dt.date(2026, 1, 31))


def test_the_same_dialect_changes_nothing() -> None:
    assert translated("SELECT  1 -- so it is", "duckdb", "duckdb") == "SELECT  1 -- so it is"


def test_a_search_in_an_array_is_one_everywhere() -> None:
    sql = ifco.contacts(DAYS, [], ["O'Hara"]).sql
    assert r"ARRAYS_OVERLAP(salesowners, ARRAY('O\'Hara'))" in translated(sql, "duckdb", "spark")
    assert "ARRAYS_OVERLAP(salesowners, ARRAY['O''Hara'])" in translated(sql, "duckdb", "trino")


def test_a_search_in_a_text_is_none_in_an_array() -> None:
    sql = "SELECT contains(name, 'x') AS found FROM t"
    assert translated(sql, "duckdb", "spark") == "SELECT CONTAINS(name, 'x') AS found FROM t"
    for target in ("trino", "athena"):
        assert translated(sql, "duckdb", target) == "SELECT STRPOS(name, 'x') > 0 AS found FROM t"


def test_nulls_stay_last_where_the_engine_has_them_first() -> None:
    assert translated("SELECT a FROM t ORDER BY a", "duckdb", "spark").endswith("ORDER BY a NULLS LAST")


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT 1; SELECT 2"])
def test_what_is_no_statement_is_refused(sql: str) -> None:
    with pytest.raises(FqError, match="cannot be put into the SQL of trino"):
        translated(sql, "duckdb", "trino")


def test_what_an_engine_has_not_is_refused_rather_than_left_out() -> None:
    with pytest.raises(FqError, match="cannot be put into the SQL of trino:\nPIVOT"):
        translated("PIVOT t ON a USING sum(b)", "duckdb", "trino")

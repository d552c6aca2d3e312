"""Queries only read: what is refused, and that nothing has happened."""

import pytest

from fq_platform.errors import FqError
from fq_platform.query.engine import QueryEngine
from fq_platform.settings import Settings

READS = [
    "SELECT 1",
    "  -- a comment first\nSELECT 1;",
    "WITH a AS (SELECT 1) SELECT * FROM a",
    "FROM raw.ecommerce_db_orders",
    "VALUES (1)",
    "DESCRIBE raw.ecommerce_db_orders",
    "SUMMARIZE raw.ecommerce_db_orders",
    "SUMMARIZE SELECT * FROM raw.ecommerce_db_orders",
    "SHOW TABLES",
    "SHOW ALL TABLES",
    "EXPLAIN SELECT * FROM raw.ecommerce_db_orders",
    "EXPLAIN ANALYZE SELECT * FROM raw.ecommerce_db_orders",
    "SELECT * FROM information_schema.tables",
    "PIVOT raw.ecommerce_db_orders ON quantity IN (1, 2) USING count(*)",
]
REFUSED = [
    ("INSERT INTO raw.ecommerce_db_orders VALUES (1)", "INSERT"),
    ("UPDATE raw.ecommerce_db_orders SET quantity = 0", "UPDATE"),
    ("DELETE FROM raw.ecommerce_db_orders", "DELETE"),
    ("/* hidden */ DROP VIEW raw.ecommerce_db_orders", "DROP"),
    ("CREATE TABLE t AS SELECT 1", "CREATE"),
    ("COPY (SELECT 1) TO '{file}'", "COPY"),
    ("EXPLAIN ANALYZE COPY (SELECT 1) TO '{file}'", "COPY"),
    ("ATTACH '{file}' AS other", "ATTACH"),
    ("SET enable_external_access = true", "SET"),
    ("PRAGMA database_list", "PRAGMA"),
    ("CALL pragma_version()", "CALL"),
    ("LOAD json", "LOAD"),
    ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", "WITH"),
]


@pytest.mark.parametrize("sql", READS)
def test_statement_that_reads_is_answered(reader_engine: QueryEngine, sql: str) -> None:
    assert reader_engine.execute(sql).read_all().num_rows > 0


@pytest.mark.parametrize(("sql", "verb"), REFUSED)
def test_statement_that_could_change_something_is_refused(
    reader_engine: QueryEngine, lake_settings: Settings, sql: str, verb: str
) -> None:
    within_reach = lake_settings.warehouse / "written.csv"
    with pytest.raises(FqError) as caught:
        reader_engine.execute(sql.format(file=within_reach))
    assert caught.value.what == f"{verb} is not allowed: queries only read"
    assert not within_reach.exists()


def test_two_statements_are_refused(reader_engine: QueryEngine) -> None:
    with pytest.raises(FqError, match="2 statements"):
        reader_engine.execute("SELECT 1; SELECT 2")


@pytest.mark.parametrize("sql", ["", "   ", "-- nothing", ";"])
def test_empty_query_is_refused(reader_engine: QueryEngine, sql: str) -> None:
    with pytest.raises(FqError, match="The query is empty"):
        reader_engine.execute(sql)

"""Engines that would do whatever they are told are told only what reads."""

import pytest

from fq_platform.errors import FqError
from fq_platform.query.read_only import require_read_only

EVERYWHERE = [
    "SELECT * FROM raw.orders",
    "  -- a comment first\nSELECT 1;",
    "WITH a AS (SELECT 1 AS n) SELECT * FROM a",
    "(SELECT 1) UNION ALL SELECT 2",
    "VALUES (1), (2)",
    "SHOW TABLES IN raw",
    "DESCRIBE raw.orders",
    "EXPLAIN SELECT 1",
    "SELECT 'INSERT INTO x', lower('query')",
]
ONE_ENGINE = [
    *(("spark", f"EXPLAIN {how} SELECT 1") for how in ("FORMATTED", "EXTENDED", "CODEGEN", "COST")),
    ("spark", "SELECT * FROM raw.orders VERSION AS OF 1"),
    ("trino", "EXPLAIN ANALYZE VERBOSE SELECT 1"),
    ("trino", "EXPLAIN (TYPE IO, FORMAT JSON) SELECT 1"),
    ("trino", 'SELECT * FROM raw."orders$snapshots"'),
    ("athena", "SELECT * FROM raw.orders FOR TIMESTAMP AS OF TIMESTAMP '2026-01-01 00:00:00 UTC'"),
]
REFUSED = [
    ("INSERT INTO x SELECT 1", "INSERT"),
    ("WITH a AS (SELECT 1) INSERT INTO x SELECT * FROM a", "INSERT"),
    ("UPDATE x SET a = 1", "UPDATE"),
    ("DELETE FROM x", "DELETE"),
    ("MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN DELETE", "MERGE"),
    ("/* SELECT */ DROP TABLE x", "DROP"),
    ("TRUNCATE TABLE x", "TRUNCATE"),
    ("CREATE TABLE x AS SELECT 1", "CREATE"),
    ("ALTER TABLE x ADD COLUMN y INT", "ALTER"),
    ("SELECT * INTO x FROM y", "INTO"),
    ("SET x = 1", "SET"),
    ("USE other", "USE"),
    ("CALL iceberg.system.rollback_to_snapshot('x', 1)", "CALL"),
    ("GRANT SELECT ON x TO y", "GRANT"),
    ("EXPLAIN ANALYZE DELETE FROM x", "DELETE"),
    ("EXPLAIN EXPLAIN ANALYZE INSERT INTO x SELECT 1", "INSERT"),
    ("FROM a INSERT INTO b SELECT *", "INSERT"),
    ("WITH gone AS (DELETE FROM x RETURNING a) SELECT * FROM gone", "DELETE"),
    ("EXECUTE IMMEDIATE 'DROP TABLE x'", "EXECUTE"),
]
REFUSED_BY_ONE = [
    ("spark", "SELECT TRANSFORM(a) USING 'cat' FROM x", "TRANSFORM"),
    ("spark", "SELECT reflect('java.lang.System', 'getenv', 'KEY')", "reflect()"),
    ("spark", "SELECT a FROM x WHERE Try_Reflect('java.lang.System', 'exit', 1) = 1", "Try_Reflect()"),
    ("spark", "EXPLAIN COST SELECT java_method('java.lang.System', 'exit', 1)", "java_method()"),
    ("spark", "CACHE TABLE x", "CACHE"),
    ("spark", "REFRESH TABLE x", "REFRESH"),
    ("spark", "ADD JAR 'x.jar'", "ADD JAR"),
    ("trino", "SELECT * FROM TABLE(other.system.query(query => 'DELETE FROM x'))", "query()"),
    (
        "trino",
        "SELECT * FROM TABLE(elastic.system.raw_query(schema => 's', index => 'i', query => '{}'))",
        "raw_query()",
    ),
    ("athena", "UNLOAD (SELECT 1) TO 's3://bucket/x' WITH (format = 'PARQUET')", "UNLOAD"),
]


@pytest.mark.parametrize(
    ("dialect", "sql"), [*((dialect, sql) for dialect in ("spark", "trino") for sql in EVERYWHERE), *ONE_ENGINE]
)
def test_what_reads_passes(dialect: str, sql: str) -> None:
    require_read_only(sql, dialect)


@pytest.mark.parametrize(
    ("dialect", "sql", "verb"),
    [*((dialect, *case) for dialect in ("spark", "trino") for case in REFUSED), *REFUSED_BY_ONE],
)
def test_what_could_do_more_is_refused_by_name(dialect: str, sql: str, verb: str) -> None:
    with pytest.raises(FqError) as caught:
        require_read_only(sql, dialect)
    assert caught.value.what == f"{verb} is not allowed: queries only read"


@pytest.mark.parametrize(
    ("sql", "what"),
    [("SELECT 1; DROP TABLE x", "2 statements"), ("", "empty"), ("-- nothing", "empty"), ("SELEC 1", "not SQL")],
)
def test_one_statement_of_sql_is_wanted(sql: str, what: str) -> None:
    with pytest.raises(FqError, match=what):
        require_read_only(sql, "trino")

"""Spark answers as DuckDB does, streams, can be stopped, and reads nothing but the lakehouse."""

import datetime as dt
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from pyiceberg.catalog import Catalog

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.query.duckdb_engine import DuckDbEngine
from fq_platform.query.spark_engine import SparkEngine
from fq_platform.query.time_travel import AsOf
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.changelog import at, make_changelog
from fq_platform_tests.fixtures.lake import make_lake

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.services

ORDERS = "raw.ecommerce_db_orders"


@pytest.fixture(scope="module")
def settings(spark: "SparkSession", tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lakehouse with two orders and a changelog; Spark's JVM runs."""
    settings = Settings(home=tmp_path_factory.mktemp("asked-by-spark") / "fq")
    make_changelog(make_lake(settings), "raw.app_things")
    return settings


@pytest.fixture(scope="module")
def catalog(settings: Settings) -> Catalog:
    return open_catalog(settings)


@pytest.fixture(scope="module")
def engine(settings: Settings) -> SparkEngine:
    return SparkEngine(settings)


def rows(engine: SparkEngine | DuckDbEngine, sql: str, as_of: AsOf | None = None) -> list[dict[str, object]]:
    return engine.execute(sql, as_of).read_all().to_pylist()


def refusal(engine: SparkEngine, sql: str, as_of: AsOf | None = None) -> str:
    with pytest.raises(FqError) as caught:
        rows(engine, sql, as_of)
    return str(caught.value)


@pytest.mark.parametrize(
    ("call", "as_of"),
    [
        ("current(raw.app_things)", None),
        ("current('iceberg.raw.app_things') AS things", None),
        ("Current ( raw.app_things, TIMESTAMP '2026-01-08 02:30:00' )", None),
        ("current(raw.app_things)", "first snapshot"),
        ("current(raw.app_things, TIMESTAMP '2026-01-08 01:30:00')", "first snapshot"),
    ],
)
def test_the_documents_that_live_are_those_of_duckdb(
    engine: SparkEngine, settings: Settings, catalog: Catalog, call: str, as_of: str | None
) -> None:
    snapshot = catalog.load_table("raw.app_things").history()[0].snapshot_id if as_of else None
    sql = f"SELECT _id, note FROM {call} ORDER BY _id"
    expected = rows(DuckDbEngine(settings), sql.replace("TIMESTAMP", "TIMESTAMPTZ"), snapshot)
    assert expected
    assert rows(engine, sql, snapshot) == expected


def test_current_stands_beside_tables_and_leaves_no_view(engine: SparkEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fq_platform.query.spark_names.uuid.uuid4", lambda: SimpleNamespace(hex="known"))
    sql = f"SELECT t._id FROM current(raw.app_things) t LEFT JOIN {ORDERS} o ON o._id = t._id WHERE o._id IS NULL"
    reader = engine.execute(f"{sql} ORDER BY t._id")
    assert reader.read_all().to_pylist() == rows(engine, "SELECT _id FROM current(raw.app_things) ORDER BY _id")
    assert engine._session().catalog.dropTempView("fq_current_known") is False


def test_a_table_that_keeps_no_versions_has_no_current_state(engine: SparkEngine) -> None:
    assert f"{ORDERS} is not a changelog" in refusal(engine, f"SELECT * FROM current({ORDERS})")
    assert "current() takes the name of one raw table" in refusal(engine, "SELECT * FROM current(1)")


def test_names_and_listings(engine: SparkEngine, catalog: Catalog) -> None:
    assert engine.tables() == ["raw.app_things", ORDERS, "analytics.fct_orders"]
    assert rows(engine, "SHOW TABLES;") == [{"name": name} for name in engine.tables()]
    assert engine.columns("ecommerce_db_orders")[:2] == [("_id", "string"), ("total", "decimal(38,12)")]
    assert "USING iceberg" in str(rows(engine, f"SHOW CREATE TABLE {ORDERS}"))
    assert rows(engine, f"DESCRIBE {ORDERS}")[0]["col_name"] == "_id"
    assert "Scan" in str(rows(engine, f"EXPLAIN SELECT * FROM {ORDERS}"))
    (snapshot,) = rows(engine, f"SELECT snapshot_id, operation FROM {ORDERS}.snapshots")
    assert snapshot == {"snapshot_id": catalog.load_table(ORDERS).metadata.current_snapshot_id, "operation": "append"}
    sql = f"SELECT raw.ecommerce_db_orders._id FROM {ORDERS} ORDER BY 1 LIMIT 1"
    assert rows(engine, sql) == [{"_id": "o1"}]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM raw.ecommerce_db_order", f"Near to it: {ORDERS}"),
        ("SELECT * FROM parquet.`/etc/hosts`", "There is no table parquet./etc/hosts"),
        ("SELECT * FROM spark_catalog.raw.ecommerce_db_orders", "There is no table spark_catalog.raw"),
        (f"DELETE FROM {ORDERS}", "DELETE is not allowed"),
        ("SELECT java_method('java.lang.System', 'getenv', 'HOME')", "java_method() is not allowed"),
        (f"SELECT nothing FROM {ORDERS}", "name `nothing` cannot be resolved"),
        ("SELECT 1 / (id - 2) FROM range(5)", "[DIVIDE_BY_ZERO] Division by zero"),
        ("SELECT INTERVAL 1 MONTH AS m", "YearMonthIntervalType"),
    ],
)
def test_what_is_refused_is_said_without_plans_and_stack_traces(engine: SparkEngine, sql: str, said: str) -> None:
    told = refusal(engine, sql)
    assert said in told
    assert "\tat " not in told
    assert "Project" not in told


def test_the_environment_stays_outside(engine: SparkEngine) -> None:
    assert rows(engine, "SELECT '${env:HOME} ${system:user.name}' AS x") == [{"x": "${env:HOME} ${system:user.name}"}]


def test_the_past_must_be_one_of_a_table(engine: SparkEngine) -> None:
    early = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    assert "did not exist at 2020-01-01" in refusal(engine, f"SELECT * FROM {ORDERS}", early)
    assert "names no table" in refusal(engine, "SELECT 1", at(1))
    assert "names no table" in refusal(engine, f"SELECT * FROM {ORDERS}.snapshots", at(1))


def test_one_name_twice_is_no_obstacle(engine: SparkEngine) -> None:
    answer = engine.execute("SELECT 1 AS a, 'x' AS a").read_all()
    assert (answer.column_names, [column.to_pylist() for column in answer.columns]) == (["a", "a"], [[1], ["x"]])


def test_rows_come_before_all_of_them_are_there_and_the_rest_is_given_up(engine: SparkEngine) -> None:
    began = time.monotonic()
    slow = "SELECT id, reduce(sequence(1, 20000), 0L, (a, x) -> (a + x * id) % 7) AS n FROM range(0, 100000, 1, 400)"
    reader = engine.execute(slow)
    assert reader.read_next_batch().num_rows == 250
    del reader
    assert rows(engine, "SELECT 1 AS n") == [{"n": 1}]
    assert time.monotonic() - began < 40  # all of it would take minutes, and keep Spark busy


def test_an_engine_that_is_closed_stops_its_queries(settings: Settings) -> None:
    closed = SparkEngine(settings)
    reader = closed.execute("SELECT id FROM range(0, 100000, 1, 400)")
    reader.read_next_batch()
    (query,) = closed._running
    closed.close()
    assert not query._thread.is_alive()


def test_a_query_is_stopped_when_its_time_is_over(settings: Settings) -> None:
    hasty = SparkEngine(settings.model_copy(update={"query_timeout_seconds": 1}))
    began = time.monotonic()
    with pytest.raises(FqError, match="took longer than 1 seconds"):
        rows(hasty, "SELECT count(*) AS n FROM range(1000000000000) WHERE hash(id) = 3")
    assert time.monotonic() - began < 20
    assert rows(SparkEngine(settings), "SELECT 1 AS n") == [{"n": 1}]


def test_spark_computes_no_more_rows_than_are_handed_on_and_one_to_tell_that_there_are(settings: Settings) -> None:
    few = SparkEngine(settings.model_copy(update={"query_rows": 2}))
    assert rows(few, "SELECT id FROM range(9) ORDER BY id DESC") == [{"id": 8}, {"id": 7}, {"id": 6}]

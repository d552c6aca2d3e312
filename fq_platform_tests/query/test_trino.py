"""A real Trino server over lakehouses in S3: the same tables, read and written by another engine."""

import datetime as dt
import time
from collections.abc import Iterator
from decimal import Decimal

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.types import StringType
from trino.exceptions import TrinoUserError

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import CATALOG
from fq_platform.query.duckdb_engine import DuckDbEngine
from fq_platform.query.trino_engine import TrinoEngine
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.catalogs import LakeBackends
from fq_platform_tests.fixtures.changelog import LIVE, make_changelog
from fq_platform_tests.fixtures.lake import ORDERS, append_orders, make_lake, order
from fq_platform_tests.fixtures.trino import TrinoOfTests
from fq_platform_tests.fixtures.trino_server import TrinoNode

pytestmark = pytest.mark.services

ENDLESS = """
    SELECT a.x FROM UNNEST(sequence(1, 10000)) a(x), UNNEST(sequence(1, 10000)) b(x), UNNEST(sequence(1, 10000)) c(x)
"""
RAW = "raw.ecommerce_db_orders"


@pytest.fixture(scope="module")
def lakehouse(lake_backends: LakeBackends) -> Settings:
    """PostgreSQL and S3: two orders, a table never written, and a shared table that nests."""
    settings = lake_backends("postgres-s3")
    make_shared_table(make_lake(settings), ("curated", "shared"))
    return settings


@pytest.fixture(scope="module")
def catalog(lakehouse: Settings) -> Catalog:
    return open_catalog(lakehouse)


@pytest.fixture(scope="module")
def reader(lakehouse: Settings, trino_server: TrinoOfTests) -> Settings:
    """The lakehouse with a catalog of Trino's that is for readers."""
    return trino_server.over(lakehouse)


@pytest.fixture
def engine(reader: Settings) -> Iterator[TrinoEngine]:
    engine = TrinoEngine(reader)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def writable(lakehouse: Settings, trino_server: TrinoOfTests) -> str:
    """The name of a catalog of Trino's that may be written to."""
    return trino_server.serve(lakehouse, writes=True).rsplit("/", 1)[1]


def make_shared_table(catalog: Catalog, namespace: tuple[str, ...]) -> None:
    table = catalog.create_table((*namespace, "dim_products"), schema=pa.schema([("sku", pa.string())]))
    table.append(pa.table({"sku": ["SKU-0001"]}))


def snapshot_of(catalog: Catalog, name: str) -> tuple[int, dt.datetime]:
    """The id of a table's snapshot and the moment of its commit."""
    snapshot = catalog.load_table(name).current_snapshot()
    assert snapshot is not None
    return snapshot.snapshot_id, dt.datetime.fromtimestamp(snapshot.timestamp_ms / 1000, dt.UTC)


def rows(
    engine: TrinoEngine | DuckDbEngine, sql: str, as_of: int | dt.datetime | None = None
) -> list[dict[str, object]]:
    return engine.execute(sql, as_of).read_all().to_pylist()


@pytest.mark.parametrize("backend", ["sqlite-s3", "rest-s3", "glue-s3"])
def test_each_catalog_is_read_with_the_properties_that_users_are_given(
    backend: str, lake_backends: LakeBackends, trino_server: TrinoOfTests
) -> None:
    settings = lake_backends(backend)
    namespace = ("shared",) if backend == "glue-s3" else ("curated", "shared")
    make_shared_table(open_catalog(settings), namespace)
    engine = TrinoEngine(trino_server.over(settings))

    assert rows(engine, "SELECT * FROM shared.dim_products") == [{"sku": "SKU-0001"}]
    assert engine.tables() == [".".join((*namespace, "dim_products"))]


def test_file_of_a_catalog_is_read_with_variables_in_the_midst_of_its_values(trino_server: TrinoOfTests) -> None:
    settings = trino_server.of_file
    make_lake(settings)

    assert TrinoEngine(settings).tables() == [RAW, "analytics.fct_orders"]
    assert rows(TrinoEngine(settings), f"SELECT count(*) AS n FROM {RAW}") == [{"n": 2}]
    (asked,) = trino_server.run(f"SELECT catalog_name FROM system.metadata.catalogs WHERE catalog_name = '{CATALOG}'")
    assert asked == [CATALOG]


def test_values_arrive_in_their_own_types(engine: TrinoEngine, lakehouse: Settings) -> None:
    answer = engine.execute(f"SELECT * FROM {RAW} ORDER BY _id").read_all()

    assert answer.schema.equals(ORDERS)
    assert (
        answer.to_pylist()
        == DuckDbEngine(lakehouse).execute(f"SELECT * FROM {RAW} ORDER BY _id").read_all().to_pylist()
    )


def test_types_that_only_expressions_have(engine: TrinoEngine) -> None:
    (row,) = rows(
        engine,
        """
        SELECT NULL AS nothing, DECIMAL '1.50' AS money, nan() AS nan, REAL '0.5' AS half, DATE '2026-01-31' AS day,
            X'00ff' AS bytes, row(1, row('a', NULL)) AS nameless, TIMESTAMP '2026-07-01 02:00:00 Europe/Berlin' AS at,
            CAST(row(2.5) AS row("a b" decimal(5, 2))) AS named, map(ARRAY[1], ARRAY[DATE '2026-01-01']) AS days,
            UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59' AS id, JSON '{"a": 1}' AS json, TIME '10:00:00' AS hour
        """,
    )

    assert row.pop("nan") != 0
    assert row == {
        "nothing": None,
        "money": Decimal("1.50"),
        "half": 0.5,
        "day": dt.date(2026, 1, 31),
        "bytes": b"\x00\xff",
        "nameless": {"field0": 1, "field1": {"field0": "a", "field1": None}},
        "at": dt.datetime(2026, 7, 1, tzinfo=dt.UTC),
        "named": {"a b": Decimal("2.50")},
        "days": [(1, dt.date(2026, 1, 1))],
        "id": "12151fd2-7586-11e9-8f9e-2a86e4085a59",
        "json": '{"a":1}',
        "hour": dt.time(10),
    }


def test_tables_have_the_same_names_as_everywhere(engine: TrinoEngine, lakehouse: Settings) -> None:
    for name in ("DIM_Products", "shared.dim_products", "iceberg.curated.shared.dim_products"):
        assert rows(engine, f"SELECT count(*) AS n FROM {name} AS d") == [{"n": 1}], name
    assert rows(engine, "WITH dim_products AS (SELECT 7 AS n) SELECT n FROM dim_products") == [{"n": 7}]

    assert engine.tables() == DuckDbEngine(lakehouse).tables()
    assert rows(engine, "SHOW TABLES") == [{"name": name} for name in engine.tables()]
    assert engine.columns("shared.dim_products") == [("sku", "varchar")]
    assert "dim_products" in str(rows(engine, "SHOW CREATE TABLE shared.dim_products"))


def test_time_travel_to_a_snapshot_or_a_moment(engine: TrinoEngine, lakehouse: Settings, catalog: Catalog) -> None:
    before, then = snapshot_of(catalog, RAW)
    append_orders(catalog, order(3))

    sql = f"SELECT count(*) AS n FROM {RAW} o CROSS JOIN shared.dim_products"
    assert rows(engine, sql) == [{"n": 3}]
    for as_of in (before, then):
        assert rows(engine, f"SELECT count(*) AS n FROM {RAW}", as_of) == [{"n": 2}]
    snapshots = rows(engine, 'SELECT * FROM raw."ecommerce_db_orders$snapshots" ORDER BY committed_at')
    assert (snapshots[0]["snapshot_id"], snapshots[0]["operation"]) == (before, "append")

    early = then - dt.timedelta(days=1)
    with pytest.raises(FqError, match="was not there yet"):
        rows(engine, sql, early)
    with pytest.raises(FqError, match="no such snapshot"):
        rows(engine, f"SELECT * FROM {RAW}", 4711)


def test_current_state_of_a_changelog_is_the_same_as_everywhere(engine: TrinoEngine, catalog: Catalog) -> None:
    snapshots = make_changelog(catalog, "raw.app_things")

    def notes(call: str, as_of: int | None = None) -> list[tuple[object, object]]:
        return sorted((row["_id"], row["note"]) for row in rows(engine, f"SELECT _id, note FROM {call} AS c", as_of))

    assert notes("current(raw.app_things)") == sorted(LIVE[3].items())
    assert notes("current('iceberg.raw.app_things', '2026-01-08T02:00:00Z')") == sorted(LIVE[2].items())
    assert notes("current(App_Things)", snapshots[0]) == sorted(LIVE[1].items())


def test_added_and_renamed_columns_are_seen_and_the_past_keeps_its_own(engine: TrinoEngine, catalog: Catalog) -> None:
    table = catalog.create_table("analytics.evolving", schema=pa.schema([("a", pa.string())]))
    table.append(pa.table({"a": ["old"]}))
    before, _ = snapshot_of(catalog, "analytics.evolving")
    with table.update_schema() as change:
        change.add_column("b", StringType())
        change.rename_column("a", "name")
    table.append(pa.table({"name": ["new"], "b": ["x"]}))

    assert rows(engine, "SELECT * FROM analytics.evolving ORDER BY b") == [
        {"name": "new", "b": "x"},
        {"name": "old", "b": None},
    ]
    assert rows(engine, "SELECT * FROM analytics.evolving", before) == [{"a": "old"}]


def test_what_trino_writes_others_read(
    engine: TrinoEngine, writable: str, trino_server: TrinoOfTests, lakehouse: Settings, catalog: Catalog
) -> None:
    table = f"{writable}.analytics.by_trino"
    trino_server.run(f"""
        CREATE TABLE {table} WITH (partitioning = ARRAY['day(at)']) AS
        SELECT * FROM (VALUES (1, DECIMAL '1.50', TIMESTAMP '2026-01-01 10:00:00 UTC')) AS t(id, amount, at)
    """)
    trino_server.run(f"""
        MERGE INTO {table} t USING (VALUES (1, DECIMAL '9.99'), (2, DECIMAL '0.01')) AS s(id, amount) ON t.id = s.id
        WHEN MATCHED THEN UPDATE SET amount = s.amount
        WHEN NOT MATCHED THEN INSERT (id, amount, at) VALUES (s.id, s.amount, TIMESTAMP '2026-01-02 10:00:00 UTC')
    """)

    expected = [(1, Decimal("9.99")), (2, Decimal("0.01"))]
    by_pyiceberg = catalog.load_table("analytics.by_trino").scan().to_arrow().sort_by("id").to_pylist()
    assert [(row["id"], row["amount"]) for row in by_pyiceberg] == expected
    by_duckdb = rows(DuckDbEngine(lakehouse), "SELECT id, amount FROM by_trino ORDER BY id")
    assert [(row["id"], row["amount"]) for row in by_duckdb] == expected
    assert rows(engine, "SELECT id, amount FROM by_trino ORDER BY id") == by_duckdb


def test_readers_cannot_write_whatever_they_send(trino_server: TrinoOfTests, reader: Settings) -> None:
    assert reader.trino_url is not None
    name = reader.trino_url.get_secret_value().rsplit("/", 1)[1]
    for statement in (f"DELETE FROM {name}.{RAW}", f"CREATE TABLE {name}.raw.x (a int)", f"DROP TABLE {name}.{RAW}"):
        with pytest.raises(TrinoUserError) as caught:
            trino_server.run(statement)
        assert caught.value.error_name == "PERMISSION_DENIED"


def test_errors_are_in_the_words_of_people(engine: TrinoEngine) -> None:
    with pytest.raises(FqError, match="DELETE is not allowed: queries only read"):
        engine.execute(f"DELETE FROM {RAW}")
    for name in ("raw.ecommerce_db_order", "ecommerce_db_order"):
        with pytest.raises(FqError, match=f"There is no table {name}. Near to it: {RAW}"):
            engine.execute(f"SELECT * FROM {name}")
    with pytest.raises(FqError, match=r"There is no table analytics\.nope"):
        engine.columns("analytics.nope")
    with pytest.raises(FqError, match="The query is wrong: line 1:8: Column 'nope' cannot be resolved"):
        engine.execute(f"SELECT nope FROM {RAW}")
    with pytest.raises(FqError, match="The query is wrong: Division by zero"):
        engine.execute("SELECT 1 / 0").read_all()


def test_query_that_takes_too_long_is_stopped(reader: Settings) -> None:
    engine = TrinoEngine(reader.model_copy(update={"query_timeout_seconds": 1}))

    began = time.monotonic()
    with pytest.raises(FqError, match="took longer than 1 seconds"):
        engine.execute(f"SELECT sum(x) FROM ({ENDLESS})").read_all()
    assert time.monotonic() - began < 20


def test_result_that_nobody_reads_to_its_end_is_let_go(engine: TrinoEngine, trino_server: TrinoOfTests) -> None:
    with engine.execute(f"/* endless */ {ENDLESS}") as reader:
        assert reader.read_next_batch().num_rows > 0
    engine.close()

    states = trino_server.run("SELECT state FROM system.runtime.queries WHERE query LIKE '/* endless */%'")
    assert states
    assert "RUNNING" not in [state for (state,) in states]


def test_worker_shares_the_work(trino_server: TrinoOfTests, reader: Settings, trino_worker: TrinoNode) -> None:
    nodes = "SELECT node_id, coordinator FROM system.runtime.nodes WHERE state = 'active' ORDER BY 1"
    deadline = time.monotonic() + 60
    while len(trino_server.run(nodes)) < 2:
        assert time.monotonic() < deadline
        time.sleep(1)
    assert trino_server.run(nodes) == [["coordinator", True], ["worker", False]]

    sql = f"SELECT x, count(*) AS n FROM {RAW} CROSS JOIN UNNEST(sequence(1, 1000)) AS t(x) GROUP BY x"
    (orders,) = rows(TrinoEngine(reader), f"SELECT count(*) AS n FROM {RAW}")
    answer = rows(TrinoEngine(reader), sql)
    assert (len(answer), {row["n"] for row in answer}) == (1000, {orders["n"]})
    worked = trino_server.run("SELECT DISTINCT node_id FROM system.runtime.tasks WHERE output_rows > 0 ORDER BY 1")
    assert worked == [["coordinator"], ["worker"]]

"""Tables made over Spark Connect are those of a Spark of the process's own; a server is nobody else's, and may die."""

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from pydantic import SecretStr
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf

from fq_platform.assets.audited import audited_asset
from fq_platform.checks.audits import never_null
from fq_platform.errors import FqError
from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.lakehouse.audit import audit_branches
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import layout_of
from fq_platform.lakehouse.spark_table import Window, Written
from fq_platform.lakehouse.spark_write import write
from fq_platform.lakehouse.table_options import TableOptions, Target, WriteMode
from fq_platform.resources import connect
from fq_platform.resources.spark import SparkResource, start_session
from fq_platform.settings import Settings, get_settings
from fq_platform.transforms.customers_silver import customers_silver
from fq_platform.transforms.dim_customers import dim_customers
from fq_platform.transforms.dim_products import dim_products
from fq_platform.transforms.fct_orders import fct_orders
from fq_platform.transforms.orders_silver import orders_silver
from fq_platform_tests.fixtures.connect import ConnectServer, OpenSession, columns_for_a_server
from fq_platform_tests.fixtures.spark import NewTable
from fq_platform_tests.lakehouse.writing.conftest import days, rows_of
from fq_platform_tests.transforms.pipeline import raw_tables

pytestmark = pytest.mark.services

DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-02-01")


@dataclass(frozen=True)
class Table:
    """A table, and what is written to it by one session."""

    spark: SparkSession
    settings: Settings
    target: Target

    def write(self, rows: DataFrame, windows: Sequence[Window] | None = None, run: str = "run") -> Written:
        catalog = open_catalog(self.settings)
        return write(self.spark, catalog, self.target, rows, windows=windows, summary={"fq.run-id": run})

    def read(self) -> DataFrame:
        return self.spark.table(self.target.table.qualified)

    def found(self) -> Any:
        """Columns, rows and what each snapshot did, as PyIceberg has them: without Spark."""
        table = open_catalog(self.settings).load_table(self.target.table.identifier)
        rows = sorted((tuple(row.values()) for row in table.scan().to_arrow().to_pylist()), key=repr)
        done = [_done(snapshot.summary) for snapshot in table.snapshots()]
        return str(table.schema()), str(table.spec()), rows, done


def _done(summary: Any) -> Any:
    figures = ("added-records", "deleted-records", "total-records", "added-position-deletes", "fq.run-id")
    return summary.operation.value, [summary.additional_properties.get(name) for name in figures]


NewTarget = Callable[..., Target]


@pytest.fixture
def new_target(spark_settings: Settings, new_table: NewTable) -> NewTarget:
    """Gives a table that does not exist yet, by default one whose rows are replaced."""

    def target(options: TableOptions | None = None, column: str | None = None) -> Target:
        layout = layout_of(spark_settings)
        table = layout.place(new_table())
        return Target(table, layout.location(table), options or TableOptions(), partition_column=column)

    return target


@pytest.fixture
def in_turn(spark: SparkSession, over_connect: OpenSession) -> list[AbstractContextManager[SparkSession]]:
    """The classic session and one over Connect, over the same catalog."""
    return [nullcontext(spark), over_connect()]


def test_facts_made_of_raw_tables_are_the_same_as_in_the_classic_session(
    spark: SparkSession,
    spark_settings: Settings,
    new_target: NewTarget,
    in_turn: list[AbstractContextManager[SparkSession]],
) -> None:
    fifth = [replace(window, column="order_date") for window in days(5)]
    raw = raw_tables(spark)
    dimensions = (dim_products(raw["products"]), dim_customers(customers_silver(raw["customers"])))
    landed = [Table(spark, spark_settings, new_target()) for _ in range(3)]
    for table, rows in zip(landed, (raw["orders"], *dimensions), strict=True):
        table.write(rows)
    made = []
    for session in in_turn:
        with session as opened:
            orders, products, customers = (replace(table, spark=opened).read() for table in landed)
            silver = Table(opened, spark_settings, new_target(column="order_date"))
            silver.write(orders_silver(orders), fifth)
            facts = Table(opened, spark_settings, new_target(column="order_date"))
            facts.write(fct_orders(silver.read(), products, customers), fifth)
            made.append((silver.found(), facts.found()))
    assert made[0] == made[1]
    assert [len(rows) for _, _, rows, _ in made[0]] == [1, 2], "an order of two lines"


MODES: dict[WriteMode, tuple[TableOptions, list[tuple[str, list[Window] | None]]]] = {
    WriteMode.OVERWRITE: (
        TableOptions(WriteMode.OVERWRITE),
        [
            (rows_of("1, 10", "2, 20"), days(1, 2)),
            (rows_of("2, 21, 'new'", columns="day, n, note"), days(2)),
            (rows_of("2, 21, 'new'", columns="day, n, note"), days(2)),
        ],
    ),
    WriteMode.APPEND: (
        TableOptions(WriteMode.APPEND),
        [(rows_of("1, 10"), days(1)), (rows_of("1, 11", "2, 20"), days(1, 2))],
    ),
    WriteMode.MERGE: (
        TableOptions(WriteMode.MERGE, keys=("n",)),
        [
            (rows_of("1, 10, 'a'", "2, 20, 'b'", columns="day, n, note"), None),
            (rows_of("1, 10, 'a'", "3, 20, 'B'", "3, 30, 'c'", columns="day, n, note"), None),
            (rows_of("1, 10, 'delete'", "4, 40, 'insert'", columns="day, n, _fq_op"), None),
        ],
    ),
    WriteMode.CREATE_OR_REPLACE: (
        TableOptions(WriteMode.CREATE_OR_REPLACE),
        [(rows_of("1, 10"), None), (rows_of("1, 'ten'", columns="day, name"), None)],
    ),
}


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_commits_the_same_as_in_the_classic_session(
    mode: WriteMode,
    spark_settings: Settings,
    new_target: NewTarget,
    in_turn: list[AbstractContextManager[SparkSession]],
) -> None:
    options, writes = MODES[mode]
    made = []
    for session in in_turn:
        with session as spark:
            table = Table(spark, spark_settings, new_target(options, None if mode is WriteMode.MERGE else "day"))
            told = [table.write(spark.sql(sql), windows, f"run {n}") for n, (sql, windows) in enumerate(writes)]
            said = [(one.changed, one.rows_by_day, one.table_rows, one.counts, one.schema) for one in told]
            made.append((said, table.found()))
    assert made[0] == made[1]


def test_what_rows_are_made_of_is_sent_and_understood_once(
    spark_settings: Settings, new_target: NewTarget, over_connect: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    with over_connect() as spark:
        stub = spark.client._stub
        for call in ("AnalyzePlan", "ExecutePlan"):
            monkeypatch.setattr(stub, call, _noting(getattr(stub, call), sent))
        table = Table(spark, spark_settings, new_target(column="day"))
        for number in (10, 11):
            rows = spark.sql(rows_of(f"1, {number}")).withColumn("note", sf.lit("what it is made of"))
            assert table.write(rows, days(1)).changed
        assert sum(b"what it is made of" in request for request in sent) == 2
        assert not [view for view in spark.catalog.listTables("curated") if view.name.startswith("fq_")]


def _noting(call: Callable[..., Any], sent: list[bytes]) -> Callable[..., Any]:
    def noted(request: Any, **options: Any) -> Any:
        sent.append(request.SerializeToString())
        return call(request, **options)

    return noted


def test_rows_that_fail_their_audit_are_not_published(
    connect_server: ConnectServer, environment: pytest.MonkeyPatch, new_table: NewTable
) -> None:
    environment.setenv("SPARK_REMOTE", connect_server.remote.get_secret_value())
    get_settings.cache_clear()
    table, resource = new_table(), SparkResource()
    amounts: list[int | None] = [1]

    @audited_asset(
        dg.AssetSpec(list(table.key), partitions_def=DAYS, metadata={"partition_expr": "day"}),
        audits=[never_null("amount")],
    )
    def sales(context: dg.AssetExecutionContext) -> DataFrame:
        rows = [(dt.date(2026, 1, 2), amount) for amount in amounts]
        return resource.spark_session.createDataFrame(rows, "day DATE, amount INT")

    def run() -> dg.ExecuteInProcessResult:
        resources = {"io_manager": SparkIcebergIOManager(spark=resource, app="app")}
        return dg.materialize([sales], partition_key="2026-01-02", resources=resources, raise_on_error=False)

    with columns_for_a_server():
        assert run().success
        amounts[:] = [2, None]
        failed = run()
    written = open_catalog(get_settings()).load_table(table.identifier)
    (kept,) = audit_branches(written)
    assert not failed.success
    assert [check.passed for check in failed.get_asset_check_evaluations()] == [False]
    assert written.scan().to_arrow()["amount"].to_pylist() == [1]
    rejected = written.scan(snapshot_id=kept.snapshot_id).to_arrow()["amount"].to_pylist()
    assert sorted(rejected, key=str) == [2, None]


@pytest.mark.parametrize("parameters", ["", "/;x-fq-key=guessed"])
def test_who_lacks_the_key_is_refused(
    parameters: str, connect_settings: Settings, over_connect: OpenSession, connect_server: ConnectServer
) -> None:
    with over_connect() as spark:
        assert spark.range(3).count() == 3
    where = connect.address(connect_server.remote)
    with columns_for_a_server(), pytest.raises(FqError) as told:
        start_session(connect_settings.model_copy(update={"spark_remote": SecretStr(f"{where}{parameters}")}))
    assert (told.value.what, told.value.where) == ("The Spark Connect server does not let us in", where)


def test_processes_that_use_one_catalog_share_what_the_server_keeps_for_a_session(
    connect_settings: Settings, over_connect: OpenSession, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    with over_connect() as spark:
        known = spark.client._session_id
    monkeypatch.setattr(connect, "_sessions", {})  # as a process that has just begun
    with over_connect() as spark:
        assert spark.client._session_id == known
        elsewhere = connect_settings.model_copy(update={"home": settings.home})
        assert start_session(elsewhere).client._session_id != known


def test_server_that_was_killed_is_named_and_started_anew(
    connect_server: ConnectServer, over_connect: OpenSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    with over_connect() as spark:
        assert spark.range(3).count() == 3
    connect_server.kill()
    with monkeypatch.context() as patch:
        patch.setattr(connect, "_sessions", {})
        patch.setattr(connect, "_PATIENCE", {"max_retries": 2, "max_backoff": 100})
        with pytest.raises(FqError) as told, over_connect():
            pass
    assert "does not answer" in told.value.what
    assert "look into its log" in told.value.fix
    assert told.value.transient
    connect_server.tend()
    assert "ended by itself with exit code -9" in connect_server.said.getvalue()
    assert "it is started anew" in connect_server.said.getvalue()
    assert _counted(over_connect) == ("iceberg", 3)


def _counted(over_connect: OpenSession) -> tuple[str | None, int]:
    with over_connect() as spark:
        return spark.conf.get("spark.sql.defaultCatalog"), spark.range(3).count()


def test_question_for_a_session_that_meets_another_is_put_again() -> None:
    """Spark 3.5 answers who asks for a session while something else of it is being released as if there were none."""
    from pyspark.errors.exceptions.connect import SparkConnectGrpcException

    answers: list[Exception | str] = [
        SparkConnectGrpcException("[INVALID_HANDLE.SESSION_NOT_FOUND] The handle is invalid. Session not found."),
        SparkConnectGrpcException("[INVALID_HANDLE.SESSION_NOT_FOUND] The handle is invalid. Session not found."),
        "true",
        SparkConnectGrpcException("[CATALOG_NOT_FOUND]"),
    ]

    class Conf:
        def get(self, _name: str, _default: None) -> str:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    session: Any = SimpleNamespace(conf=Conf())
    assert connect._is_introduced(session)
    with pytest.raises(SparkConnectGrpcException, match="CATALOG"):
        connect._is_introduced(session)

"""Athena's engine against moto: real requests and real results in S3, of answers that the test has put there.

moto runs no SQL, so nothing here says that Athena takes the statements; `test_athena_sql.py` parses those of the docs.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import boto3
import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.athena.models import athena_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal.models import moto_api_backend

from fq_platform.errors import FqError
from fq_platform.query.athena_engine import AthenaEngine
from fq_platform.query.athena_types import arrow_array, arrow_type
from fq_platform.settings import Profile, Settings

pytestmark = pytest.mark.services

REGION = "eu-central-1"
Answer = Callable[..., None]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[AthenaEngine]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setattr(AthenaEngine, "poll_seconds", 0.01)
    with mock_aws():
        boto3.client("s3", REGION).create_bucket(
            Bucket="results", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        glue = boto3.client("glue", REGION)
        for layer in ("raw", "curated", "shared", "analytics"):
            glue.create_database(DatabaseInput={"Name": layer})
        table = {"Name": "ecommerce_db_orders", "Parameters": {"table_type": "ICEBERG"}}
        glue.create_table(DatabaseName="raw", TableInput=table)
        yield AthenaEngine(Settings(profile=Profile.GLUE, aws_region=REGION, athena_output="s3://results/athena/"))


@pytest.fixture
def answer() -> Answer:
    """Puts the answer to the next query: columns as (name, type, precision, scale), and rows of texts."""

    def answer(columns: list[tuple[Any, ...]], *rows: tuple[str | None, ...]) -> None:
        known = [(*column, 0, 0)[:4] for column in columns]
        info = [
            {"Name": name, "Type": kind, "Precision": precision, "Scale": scale, "Nullable": "UNKNOWN"}
            for name, kind, precision, scale in known
        ]
        texts = [tuple(column[0] for column in known), *rows]
        data = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in texts]
        moto_api_backend.set_athena_result(data, info, DEFAULT_ACCOUNT_ID, REGION)

    return answer


def sent() -> Any:
    """The last query as Athena got it."""
    return list(athena_backends[DEFAULT_ACCOUNT_ID][REGION].executions.values())[-1]


def test_an_answer_is_read_from_its_file_with_exact_types(engine: AthenaEngine, answer: Answer) -> None:
    columns = [("total", "decimal", 38, 12), ("n", "bigint"), ("note", "varchar"), ("at", "timestamp with time zone")]
    answer(
        [*columns, ("day", "date"), ("yes", "boolean")],
        ("12345678901234567890.123456789012", "1", "", "2026-03-01 12:30:00.250000 UTC", "2026-03-01", "true"),
        (None, None, None, None, None, None),
        ("-0.000000000001", "-2", "a\nb, c", "1900-01-01 00:00:00.000000 UTC", "0001-01-01", "false"),
    )

    found = engine.execute("SELECT total, n, note, at, day, yes FROM raw.ecommerce_db_orders").read_all()

    assert [str(kind) for kind in found.schema.types] == [
        "decimal128(38, 12)",
        "int64",
        "string",
        "timestamp[us, tz=UTC]",
        "date32[day]",
        "bool",
    ]
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        (
            Decimal("12345678901234567890.123456789012"),
            1,
            "",
            dt.datetime(2026, 3, 1, 12, 30, 0, 250_000, dt.UTC),
            dt.date(2026, 3, 1),
            True,
        ),
        (None,) * 6,
        (Decimal("-0.000000000001"), -2, "a\nb, c", dt.datetime(1900, 1, 1, tzinfo=dt.UTC), dt.date(1, 1, 1), False),
    ]


def test_two_columns_of_one_name_and_no_rows_are_an_answer(engine: AthenaEngine, answer: Answer) -> None:
    answer([("n", "integer"), ("n", "varchar")])
    found = engine.execute("SELECT 1 AS n, 'x' AS n WHERE false").read_all()
    assert (found.num_rows, found.schema.names) == (0, ["n", "n"])


@pytest.mark.parametrize(
    "name",
    ["iceberg.raw.ecommerce_db_orders", "raw.ecommerce_db_orders", "ecommerce_db_orders", "RAW.Ecommerce_DB_Orders"],
)
def test_a_table_is_that_of_glues_database_whatever_it_is_called(
    engine: AthenaEngine, answer: Answer, name: str
) -> None:
    answer([("n", "bigint")], ("1",))
    engine.execute(f"SELECT count(*) AS n FROM {name} o", dt.datetime(2026, 3, 1, tzinfo=dt.UTC)).read_all()

    assert sent().query == (
        'SELECT count(*) AS n FROM "awsdatacatalog"."raw"."ecommerce_db_orders"'
        " FOR TIMESTAMP AS OF TIMESTAMP '2026-03-01 00:00:00.000 UTC' o"
    )
    assert sent().workgroup.name == "primary"
    assert sent().config["OutputLocation"].startswith("s3://results/athena/")


def test_a_nested_name_is_the_database_of_the_layer(engine: AthenaEngine, answer: Answer) -> None:
    answer([("n", "bigint")], ("1",))
    engine.execute("SELECT 1 AS n FROM iceberg.curated.shared.dim_products", 42).read_all()
    assert sent().query.endswith('FROM "awsdatacatalog"."shared"."dim_products" FOR VERSION AS OF 42')


def test_tables_are_listed_without_asking_athena(engine: AthenaEngine) -> None:
    assert engine.tables() == ["raw.ecommerce_db_orders"]
    assert engine.execute("SHOW TABLES").read_all().to_pylist() == [{"name": "raw.ecommerce_db_orders"}]
    assert not athena_backends[DEFAULT_ACCOUNT_ID][REGION].executions


@pytest.mark.parametrize("sql", ["DROP TABLE raw.x", "INSERT INTO raw.x SELECT 1", "UNLOAD (SELECT 1) TO 's3://a/b'"])
def test_what_writes_is_not_sent(engine: AthenaEngine, sql: str) -> None:
    with pytest.raises(FqError):
        engine.execute(sql)
    assert not athena_backends[DEFAULT_ACCOUNT_ID][REGION].executions


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries that were stopped; none ends otherwise."""
    stopped: list[str] = []
    status = property(lambda execution: "CANCELLED" if execution.id in stopped else "RUNNING", lambda *_: None)

    def stop(self: Any, execution: str) -> None:
        stopped.append(execution)

    monkeypatch.setattr("moto.athena.models.Execution.status", status)
    monkeypatch.setattr("moto.athena.models.AthenaBackend.stop_query_execution", stop)
    return stopped


def hasty(engine: AthenaEngine) -> AthenaEngine:
    return AthenaEngine(engine._settings.model_copy(update={"query_timeout_seconds": 0.1}))


def test_a_query_that_takes_too_long_is_stopped(engine: AthenaEngine, stopped: list[str]) -> None:
    with pytest.raises(FqError, match=r"took longer than 0\.1 seconds"):
        hasty(engine).execute("SELECT 1")
    assert stopped == [sent().id]


def test_a_query_that_begins_when_its_time_is_over_is_stopped(
    engine: AthenaEngine, stopped: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = hasty(engine)
    start = late._connection.client.start_query_execution

    def slowly(**request: Any) -> Any:
        time.sleep(0.4)
        return start(**request)

    monkeypatch.setattr(late._connection.client, "start_query_execution", slowly)
    with pytest.raises(FqError, match=r"took longer than 0\.1 seconds"):
        late.execute("SELECT 1")
    assert stopped == [sent().id]


def test_a_service_that_hears_nobody_is_not_asked_longer_than_the_query_may_take(
    engine: AthenaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    late, asked = hasty(engine), []

    def refuse(**_: object) -> None:
        asked.append(time.monotonic())
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "StartQueryExecution")

    monkeypatch.setattr(late._connection.client, "start_query_execution", refuse)
    with pytest.raises(FqError, match=r"took longer than 0\.1 seconds"):
        late.execute("SELECT 1")
    assert asked
    assert time.monotonic() - asked[0] < 10


def test_an_engine_that_is_closed_stops_what_runs_and_nothing_else(
    engine: AthenaEngine, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[str] = []
    monkeypatch.setattr(
        engine._connection.client, "stop_query_execution", lambda **query: stopped.extend(query.values())
    )
    answer([("n", "bigint")], ("1",))
    engine.execute("SELECT 1 AS n").read_all()
    engine.close()
    assert stopped == []

    engine._running.add("running")
    engine.close()
    assert stopped == ["running"]


def test_an_answer_that_is_no_file_of_csv_is_read_page_by_page(
    engine: AthenaEngine, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fq_platform.query.athena_engine.ROWS_PER_PAGE", 2)
    monkeypatch.setattr("pyathena.cursor.Cursor.output_location", "s3://results/athena/1.txt")
    answer([("Query Plan", "varchar")], *((f"line {number}",) for number in range(5)), (None,))
    found = engine.execute("EXPLAIN SELECT 1").read_all()
    assert found["Query Plan"].to_pylist() == [*(f"line {number}" for number in range(5)), None]


def test_a_value_of_many_lines_is_one_however_the_file_is_divided(
    engine: AthenaEngine, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fq_platform.query.athena_engine.CSV_BLOCK", 64)
    notes = ["\n".join(["line, 1", "", "2"]) * (1 + number % 3) for number in range(40)]
    answer([("note", "varchar")], *((note,) for note in notes))
    assert engine.execute("SELECT note FROM raw.ecommerce_db_orders").read_all()["note"].to_pylist() == notes


@pytest.mark.parametrize(
    ("code", "message", "fix"),
    [
        ("InvalidRequestException", "No output location provided. An output location is required", "FQ_ATHENA_OUTPUT"),
        ("AccessDeniedException", "User is not authorized to perform: athena:StartQueryExecution", "docs/athena.md"),
        ("InvalidRequestException", "WorkGroup analysts is not found", "FQ_ATHENA_WORKGROUP"),
        ("InvalidRequestException", "Bytes scanned limit was exceeded", "fewer days"),
        ("InvalidRequestException", "You are throttled", "in a moment"),
        ("InvalidRequestException", "line 1:8: Column 'x' cannot be resolved", "Correct the SQL"),
    ],
)
def test_an_error_says_what_to_do(
    engine: AthenaEngine, monkeypatch: pytest.MonkeyPatch, code: str, message: str, fix: str
) -> None:
    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": message}}, "StartQueryExecution")

    monkeypatch.setattr(engine._connection.client, "start_query_execution", refuse)
    with pytest.raises(FqError) as failed:
        engine.execute("SELECT 1")
    assert message in failed.value.what
    assert fix in failed.value.fix


def test_an_unknown_table_is_told_with_those_near_to_it(engine: AthenaEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyathena.error import OperationalError

    def fail(*_: object, **__: object) -> None:
        raise OperationalError(
            "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.raw.ecommerce_db_order' does not exist"
        )

    monkeypatch.setattr("pyathena.cursor.Cursor.execute", fail)
    with pytest.raises(FqError, match=r"no table raw\.ecommerce_db_order") as failed:
        engine.execute("SELECT * FROM raw.ecommerce_db_order")
    assert "raw.ecommerce_db_orders" in failed.value.fix


def test_a_lakehouse_elsewhere_than_in_glue_is_refused(settings: Settings) -> None:
    with pytest.raises(FqError, match="Glue's catalog"):
        AthenaEngine(settings)


def test_moments_in_other_zones_and_bytes_are_read() -> None:
    at = arrow_type("timestamp with time zone", None, None)
    texts = pa.array(["2026-07-01 12:00:00.000 Europe/Berlin", None, "2026-07-01 12:00:00.000 +05:00"])
    assert arrow_array(texts, at).to_pylist() == [
        dt.datetime(2026, 7, 1, 10, tzinfo=dt.UTC),
        None,
        dt.datetime(2026, 7, 1, 7, tzinfo=dt.UTC),
    ]
    assert arrow_array(pa.array(["68 69", None]), arrow_type("varbinary", None, None)).to_pylist() == [b"hi", None]


def test_a_decimal_has_its_own_digits_and_a_moment_no_more_than_microseconds() -> None:
    assert arrow_type("decimal", 10, 2) == pa.decimal128(10, 2)
    assert arrow_type("array", None, None) == pa.string()
    local = arrow_type("timestamp", None, None)
    assert arrow_array(pa.array(["2026-07-01 12:00:00.123456789", None]), local).to_pylist() == [
        dt.datetime(2026, 7, 1, 12, 0, 0, 123_456),
        None,
    ]

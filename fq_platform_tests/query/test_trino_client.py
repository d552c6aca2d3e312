"""What of Trino needs no server: its address, names, types, and what is said when it cannot be asked."""

import importlib
import sys
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pyarrow as pa
import pytest
from pydantic import SecretStr
from trino.exceptions import TrinoExternalError, TrinoQueryError

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.query.trino_address import TrinoAddress, trino_address
from fq_platform.query.trino_current import with_current
from fq_platform.query.trino_engine import TrinoEngine
from fq_platform.query.trino_errors import trino_errors
from fq_platform.query.trino_names import as_trino_names
from fq_platform.query.trino_types import arrow_array, arrow_type
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.catalog_servers import free_port

KNOWN = [
    TableName(Layer.RAW, "orders"),
    TableName(Layer.CURATED, "orders"),
    TableName(Layer.SHARED, "dim_x", namespace=("curated", "shared")),
]


def with_url(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"trino_url": SecretStr(url)})


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://anna@trino", TrinoAddress("http", "trino", 8080, "iceberg", "anna")),
        (
            "https://an%40na:p%2Fw@trino.example/lake",
            TrinoAddress("https", "trino.example", 443, "lake", "an@na", "p/w"),
        ),
        ("https://a:@[::1]:8443/", TrinoAddress("https", "::1", 8443, "iceberg", "a", "")),
    ],
)
def test_address_names_server_catalog_and_user(settings: Settings, url: str, address: TrinoAddress) -> None:
    assert trino_address(with_url(settings, url)) == address


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("trino:8080", "no address of a web server"),
        ("http://a:s3cret@trino", "would send the password unencrypted"),
        ("https://a:s3cret@trino/iceberg/raw", "more behind the server's name than a catalog"),
        ("https://a:s3cret@trino:port", "no address"),
    ],
)
def test_address_that_cannot_be_used_is_refused_without_being_shown(settings: Settings, url: str, what: str) -> None:
    with pytest.raises(FqError, match=what) as caught:
        TrinoEngine(with_url(settings, url))
    assert "s3cret" not in str(caught.value)


def test_no_address_is_an_error_that_says_how_to_give_one(settings: Settings) -> None:
    with pytest.raises(FqError, match=r"FQ_TRINO_URL is not set.*Give https://"):
        TrinoEngine(settings)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM iceberg.Raw.Orders o", 'SELECT * FROM "raw"."orders" o'),
        ("SELECT * FROM lake.raw.orders", 'SELECT * FROM "raw"."orders"'),
        ("SELECT * FROM orders", 'SELECT * FROM "raw"."orders"'),
        ("SELECT * FROM shared.dim_x, DIM_X d", 'SELECT * FROM "curated.shared"."dim_x", "curated.shared"."dim_x" d'),
        ("SELECT 'orders' FROM curated.shared.dim_x", "SELECT 'orders' FROM \"curated.shared\".\"dim_x\""),
        ('SELECT * FROM "curated.shared".dim_x', 'SELECT * FROM "curated.shared"."dim_x"'),
        ('SELECT * FROM "orders$history"', 'SELECT * FROM "raw"."orders$history"'),
        ("WITH orders AS (SELECT 1) SELECT * FROM orders", "WITH orders AS (SELECT 1) SELECT * FROM orders"),
        ("SELECT * FROM system.runtime.nodes", "SELECT * FROM system.runtime.nodes"),
        ("SELECT * FROM iceberg.information_schema.tables", 'SELECT * FROM "information_schema"."tables"'),
        ('SELECT * FROM raw."a""b"', 'SELECT * FROM "raw"."a""b"'),
        ("EXPLAIN SELECT * FROM orders", 'EXPLAIN SELECT * FROM "raw"."orders"'),
        ("SHOW CREATE TABLE dim_x", 'SHOW CREATE TABLE "curated.shared"."dim_x"'),
        ("SHOW SCHEMAS", "SHOW SCHEMAS"),
    ],
)  # fmt: skip
def test_names_are_written_as_the_server_has_them(sql: str, expected: str) -> None:
    assert as_trino_names(sql, "lake", lambda now: KNOWN) == expected


def test_name_that_is_not_there_is_looked_for_once_more_before_it_is_refused() -> None:
    asked = []

    def listed(now: bool) -> Sequence[TableName]:
        asked.append(now)
        return KNOWN if now else []

    assert as_trino_names("SELECT * FROM dim_x", "lake", listed) == 'SELECT * FROM "curated.shared"."dim_x"'
    assert asked == [False, True]
    with pytest.raises(FqError, match=r"There is no table dim_y. Near to it: curated\.shared\.dim_x"):
        as_trino_names("SELECT * FROM dim_y", "lake", lambda now: KNOWN)


@pytest.mark.parametrize(
    "call",
    [
        "current()",
        "current(raw.x, TIMESTAMP '2026-01-01 00:00:00 UTC', 1)",
        "current(raw.x, '4711')",
        "current(1)",
        "current((SELECT 1))",
    ],
)
def test_call_of_current_that_cannot_be_meant_is_refused(call: str) -> None:
    with pytest.raises(FqError, match=r"current\(\) takes the name of one raw table"):
        with_current(f"SELECT * FROM {call}")


def test_only_calls_of_current_are_replaced_and_no_text_gets_into_the_sql() -> None:
    sql = "SELECT current_date, 'current(a)', x.current(1) FROM t -- current(b)"
    assert with_current(sql) == sql

    assert 'FROM "raw"."x) UNION SELECT 1 --"' in with_current("SELECT * FROM current('raw.x) UNION SELECT 1 --')")


def test_every_call_of_current_gets_its_own_table_and_moment_in_utc() -> None:
    sql = "SELECT 1 FROM current(raw.a, '2026-01-31T08:00:00+05:00') a, current(raw.b) b WHERE a.x = b.x"
    written = with_current(sql)
    first, second = written.index('"raw"."a"'), written.index('"raw"."b"')
    assert "_fq_extracted_at <= TIMESTAMP '2026-01-31 03:00:00.000000 UTC'" in written[first:second]
    assert "_fq_extracted_at <= TIMESTAMP '9999-12-31 00:00:00 UTC'" in written[second:]
    assert written.startswith("SELECT 1 FROM (")
    assert written.endswith(") b WHERE a.x = b.x")


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("decimal(38,12)", pa.decimal128(38, 12)),
        ("timestamp(6) with time zone", pa.timestamp("us", "UTC")),
        ("timestamp(3)", pa.timestamp("us")),
        ("real", pa.float32()),
        ("varchar(7)", pa.string()),
        ("interval day to second", pa.string()),
        ("unknown", pa.null()),
        ("row(integer, \"a b\" array(date))", pa.struct([("field0", pa.int32()), ("a b", pa.list_(pa.date32()))])),
        ("map(varchar, varbinary)", pa.map_(pa.string(), pa.binary())),
    ],
)  # fmt: skip
def test_types_are_arrows_own(told: str, kind: pa.DataType) -> None:
    assert arrow_type(told) == kind


def test_rows_within_rows_keep_their_places() -> None:
    kind = arrow_type('array(row("a" row("x" varchar, "y" integer), "m" map(varchar, row("z" integer))))')
    values = [[((("k", 1)), {"q": (2,)}), None], None, []]

    assert arrow_array(values, kind).to_pylist() == [
        [{"a": {"x": "k", "y": 1}, "m": [("q", {"z": 2})]}, None],
        None,
        [],
    ]


def test_server_that_is_not_there_is_named_without_the_user(settings: Settings) -> None:
    port = free_port()
    with pytest.raises(FqError, match="Trino cannot be reached") as caught:
        TrinoEngine(with_url(settings, f"http://anna@127.0.0.1:{port}/lake")).tables()

    assert caught.value.where == f"http://127.0.0.1:{port}/lake"
    assert caught.value.transient


class NobodyIsKnown(BaseHTTPRequestHandler):
    """A server that asks everybody for a password."""

    def do_POST(self) -> None:
        self.send_error(401)

    def log_message(self, *_: object) -> None: ...


def test_user_who_is_not_accepted_is_told_so(settings: Settings) -> None:
    with HTTPServer(("127.0.0.1", 0), NobodyIsKnown) as server:
        Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(FqError, match="Trino does not accept the user 'anna'"):
            TrinoEngine(with_url(settings, f"http://anna@127.0.0.1:{server.server_port}")).tables()


@pytest.mark.parametrize(
    ("kind", "name", "what", "transient"),
    [
        ("INSUFFICIENT_RESOURCES", "EXCEEDED_LOCAL_MEMORY_LIMIT", "needs more than Trino has", False),
        ("USER_ERROR", "PERMISSION_DENIED", "does not let it happen", False),
        ("USER_ERROR", "ADMINISTRATIVELY_KILLED", "does not let it happen", False),
        ("EXTERNAL", "ICEBERG_CATALOG_ERROR", "failed to answer", True),
        ("INTERNAL_ERROR", "GENERIC_INTERNAL_ERROR", "failed to answer", False),
    ],
)
def test_what_the_server_says_is_kept_and_sorted(kind: str, name: str, what: str, transient: bool) -> None:
    said = {"errorType": kind, "errorName": name, "message": "the server's words"}
    address = TrinoAddress("http", "trino", 8080, "iceberg", "anna")

    with pytest.raises(FqError, match=f"{what}.*: the server's words") as caught, trino_errors(address, 0):
        raise (TrinoExternalError if kind == "EXTERNAL" else TrinoQueryError)(said, "query_1")
    assert (caught.value.where, caught.value.transient) == ("query query_1", transient)


@pytest.mark.parametrize(("ours", "what"), [(0, "the server's words"), (9, "took longer than 9 seconds")])
def test_time_that_is_over_is_told_with_our_seconds_only_if_we_have_set_them(ours: float, what: str) -> None:
    said = {"errorType": "INSUFFICIENT_RESOURCES", "errorName": "EXCEEDED_TIME_LIMIT", "message": "the server's words"}
    address = TrinoAddress("http", "trino", 8080, "iceberg", "anna")

    with pytest.raises(FqError, match=what), trino_errors(address, ours):
        raise TrinoQueryError(said, "query_1")


def test_missing_client_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("trino.auth", "trino.dbapi"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "fq_platform.query.trino_engine")

    with pytest.raises(FqError, match=r"pip install 'fq-platform\[trino\]'"):
        importlib.import_module("fq_platform.query.trino_engine")

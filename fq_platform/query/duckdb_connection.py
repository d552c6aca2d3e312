"""A DuckDB connection for one query: the extensions it needs, and a sandbox that opens to the tables it names only.

Belongs here: configuring DuckDB. Does not: SQL of users or the views over tables (`duckdb_engine.py`).
"""

import importlib.util
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import duckdb

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import CATALOG, Layer
from fq_platform.lakehouse.s3_access import AwsKeys, S3Access, s3_access
from fq_platform.query.current_state import CREATE_CURRENT
from fq_platform.settings import Settings

if TYPE_CHECKING:
    from pyiceberg.table import Table

EXTENSIONS = ("httpfs", "avro", "iceberg")
"""In this order: each needs the ones before it."""

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    # Checking signatures costs 0.3 CPU-seconds a query; the files come from locked wheels, and SQL cannot LOAD.
    "allow_unsigned_extensions": "true",
    # Keys that the user keeps for DuckDB elsewhere do not concern us.
    "allow_persistent_secrets": "false",
}


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A database in memory with a schema for each layer. Nothing may be run in it before `enclose`.

    Args:
        settings: Larger-than-memory queries spill into `FQ_HOME/tmp`.

    Returns:
        A connection that can parse statements, but knows no table yet.

    Raises:
        FqError: An extension is not installed.
    """
    connection = duckdb.connect(config=_CONFIG | {"temp_directory": str(settings.home / "tmp")})
    for extension in EXTENSIONS:
        connection.load_extension(str(_extension_file(extension)))
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET http_retries = 2")
    connection.execute(f"ATTACH ':memory:' AS {CATALOG}")
    connection.execute(f"USE {CATALOG}")
    for layer in Layer:
        connection.execute(f"CREATE SCHEMA {layer}")
    connection.execute(CREATE_CURRENT)
    return connection


def enclose(connection: duckdb.DuckDBPyConnection, settings: Settings, tables: Sequence["Table"]) -> None:
    """Let a connection read the warehouse and these tables, and nothing else; it fetches nothing else from a network.

    Args:
        connection: What `connect` returned.
        settings: Who we are to S3.
        tables: The tables that a query names. Keys that the catalog handed out for one are used for its files.

    Raises:
        FqError: The tables are in S3, and there are no keys for it.
    """
    _give_keys(connection, settings, tables)
    roots = {settings.warehouse_root, *(table.location() for table in tables)}
    folders = ", ".join(sorted(literal(f"{root.rstrip('/')}/") for root in roots if root))
    connection.execute(f"SET allowed_directories = [{folders}]")
    connection.execute("SET enable_external_access = false")


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _extension_file(name: str) -> Path:
    """The extension's library inside its wheel, of exactly the running DuckDB's version."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    file = folder / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    if not file.is_file():
        raise FqError(
            f"DuckDB's extension {name} is not installed for version {duckdb.__version__}",
            where=str(file),
            fix=f"Install it: pip install duckdb-extension-{name}=={duckdb.__version__}",
        )
    return file


def _give_keys(connection: duckdb.DuckDBPyConnection, settings: Settings, tables: Iterable["Table"]) -> None:
    in_s3 = [table for table in tables if urlsplit(table.location()).scheme.startswith("s3")]
    access = s3_access(settings) if in_s3 else None
    if access is None:
        return
    keyless = []
    for number, table in enumerate(in_s3):
        if (keys := _vended(table)) is not None:
            _create_secret(connection, f"table_{number}", access, keys, table)
        else:
            keyless.append(table)
    if keyless:
        _create_secret(connection, "default", access, access.keys, None)


def _vended(table: "Table") -> AwsKeys | None:
    """The keys that the catalog handed out with a table; None if it did not."""
    given = table.io.properties
    key, secret, token = (given.get(f"s3.{name}") for name in ("access-key-id", "secret-access-key", "session-token"))
    return AwsKeys(key, secret, token) if key and secret else None


def _create_secret(
    connection: duckdb.DuckDBPyConnection, name: str, access: S3Access, keys: AwsKeys, table: "Table | None"
) -> None:
    """Hand keys to DuckDB, for a table's files or for all in S3; an error says nothing of them."""
    options = dict(_options(access, keys, table))
    try:
        connection.execute(f"CREATE SECRET fq_{name} ({', '.join(f'{key} {value}' for key, value in options.items())})")
    except duckdb.Error as error:
        raise FqError(
            f"DuckDB does not take the keys for S3: {type(error).__name__}",
            where=table.location() if table else "AWS's default chain",
            fix="Look for characters in FQ_S3_ENDPOINT and the AWS_* variables that do not belong there",
        ) from None


def _options(access: S3Access, keys: AwsKeys, table: "Table | None") -> Iterator[tuple[str, str]]:
    given = table.io.properties if table else {}
    endpoint = given.get("s3.endpoint") or access.endpoint
    yield "TYPE", "s3"
    yield "KEY_ID", literal(keys.access_key)
    yield "SECRET", literal(keys.secret_key)
    yield "REGION", literal(given.get("s3.region") or given.get("client.region") or access.region)
    yield "URL_STYLE", literal("path" if access.path_style else "vhost")
    if keys.session_token:
        yield "SESSION_TOKEN", literal(keys.session_token)
    if endpoint:
        url = urlsplit(endpoint)
        yield "ENDPOINT", literal(url.netloc)
        yield "USE_SSL", str(url.scheme != "http").lower()
    if table:
        yield "SCOPE", literal(f"{table.location().rstrip('/')}/")

"""DuckDB, embedded, over the Iceberg catalog: every table a query names becomes a view over its current metadata.

Belongs here: what DuckDB needs to read the lakehouse. Does not: the statement's check (`duckdb_statement.py`), output.
"""

import importlib.util
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog, warehouse_uri
from fq_platform.lakehouse.layout import CATALOG, Layer, Layout, TableName, layout_of
from fq_platform.lakehouse.listing import list_names
from fq_platform.lakehouse.versions import require_changelog
from fq_platform.query.current_state import CREATE_CURRENT
from fq_platform.query.duckdb_names import flattened, tables_meant, unknown_table
from fq_platform.query.duckdb_statement import References, tables_read
from fq_platform.query.time_travel import AsOf, snapshots_as_of
from fq_platform.settings import Settings

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

EXTENSIONS = ("httpfs", "avro", "iceberg")
"""In this order: each needs the ones before it."""

ROWS_PER_BATCH = 65_536
_UNKNOWN_TABLE = re.compile(r'^Catalog Error: Table with name "?(.+?)"? does not exist')


class DuckDbEngine:
    """A query engine (see `QueryEngine`) that runs in this process and needs no server.

    Every query gets a database of its own in memory, so that it sees the catalog as it is when the query starts.

    Args:
        settings: The profile and `FQ_HOME` decide which catalog; larger-than-memory queries spill into `FQ_HOME/tmp`.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _catalog(self) -> "Catalog":
        return open_catalog(self._settings)

    @cached_property
    def _layout(self) -> Layout:
        return layout_of(self._settings)

    def _names(self) -> list[TableName]:
        return list_names(self._catalog, self._layout)

    def tables(self) -> list[str]:
        """See `QueryEngine.tables`."""
        return [name.dotted for name in self._names()]

    def execute(self, sql: str, as_of: AsOf | None = None) -> pa.RecordBatchReader:
        """See `QueryEngine.execute`."""
        connection = _connect(self._settings)
        try:
            names = self._names()
            with self._errors_for_users():
                sql = flattened(sql, {table.name for table in names if table.layer is Layer.SHARED})
                written = tables_read(connection, sql)
            self._create_views(connection, names, written, as_of)
            with self._errors_for_users():
                reader = connection.execute(sql).to_arrow_reader(ROWS_PER_BATCH)
        except BaseException:
            _end(connection)
            raise
        return pa.RecordBatchReader.from_batches(reader.schema, self._batches(connection, reader))

    def _create_views(
        self,
        connection: duckdb.DuckDBPyConnection,
        names: Sequence[TableName],
        written: References,
        as_of: AsOf | None,
    ) -> None:
        changelogs = tables_meant(written.changelogs, names, self._layout, all_ours=True)
        meant = changelogs | tables_meant(written.tables, names, self._layout)
        named = [name for name in names if name in meant]
        if as_of is not None and not named:
            raise FqError("The query names no table to look at in the past", where="--as-of", fix="Name one")
        # A statement such as SHOW ALL TABLES names none, but is about all.
        chosen = named or list(names)
        tables = [self._load(name) for name in chosen]
        for name, table in zip(chosen, tables, strict=True):
            if name in changelogs:
                require_changelog(name.dotted, table.schema().column_names)
        snapshots = snapshots_as_of(tables, as_of) if as_of is not None else [None] * len(tables)
        with self._errors_for_users():
            for name, table, snapshot in zip(chosen, tables, snapshots, strict=True):
                _create_view(connection, name, table, snapshot)
            # The search path lets SHOW TABLES see the views; the lock keeps the sandbox shut.
            connection.execute(f"SET search_path = '{','.join(f'{CATALOG}.{layer}' for layer in Layer)}'")
            connection.execute("SET lock_configuration = true")

    def _batches(self, connection: duckdb.DuckDBPyConnection, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        try:
            with self._errors_for_users():
                yield from reader
        finally:
            _end(connection)

    def _load(self, name: TableName) -> "Table":
        try:
            return self._catalog.load_table(name.identifier)
        except FileNotFoundError as error:
            raise FqError(
                f"The table {name.dotted} is damaged: its metadata file is missing",
                where=str(error.filename or error),
                fix="Restore the warehouse's folder, or drop the table and materialise its asset again",
            ) from None

    @contextmanager
    def _errors_for_users(self) -> Iterator[None]:
        """Turn DuckDB's errors into the project's, with its message and the position in the query."""
        try:
            yield
        except (duckdb.Error, OSError, RuntimeError) as error:  # the last two: errors while streaming, and Ctrl-C
            message = str(error)
            if "interrupted" in message.lower():
                raise KeyboardInterrupt from None
            unknown = _UNKNOWN_TABLE.match(message)
            if unknown:
                raise unknown_table(unknown.group(1), self._names()) from None
            raise FqError(
                f"DuckDB cannot answer the query:\n{message}",
                fix="Correct the SQL; `fq tables` lists the tables, DESCRIBE <table> their columns",
            ) from None


def _connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A database in memory that can read the warehouse and nothing else, and fetches nothing from the network."""
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            # Checking signatures costs 0.3 CPU-seconds a query; the files come from locked wheels, and SQL cannot LOAD.
            "allow_unsigned_extensions": "true",
            "temp_directory": str(settings.home / "tmp"),
        }
    )
    for extension in EXTENSIONS:
        connection.load_extension(str(_extension_file(extension)))
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"ATTACH ':memory:' AS {CATALOG}")
    connection.execute(f"USE {CATALOG}")
    for layer in Layer:
        connection.execute(f"CREATE SCHEMA {layer}")
    connection.execute(CREATE_CURRENT)
    connection.execute(f"SET allowed_directories = [{_literal(warehouse_uri(settings) + '/')}]")
    connection.execute("SET enable_external_access = false")
    return connection


def _end(connection: duckdb.DuckDBPyConnection) -> None:
    """Close a connection; its threads are told first, or closing waits until they have finished the query."""
    connection.interrupt()
    connection.close()


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


def _create_view(connection: duckdb.DuckDBPyConnection, name: TableName, table: "Table", snapshot: int | None) -> None:
    at = f", snapshot_from_id = {snapshot}" if snapshot is not None else ""
    view = f'"{name.layer}"."{name.name}"'
    connection.execute(f"CREATE VIEW {view} AS FROM iceberg_scan({_literal(table.metadata_location)}{at})")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

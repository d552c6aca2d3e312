"""DuckDB, embedded, over the Iceberg catalog: every table a query names becomes a view over its current metadata.

Belongs here: from a statement to its rows. Does not: the statement's check (`duckdb_statement.py`), DuckDB's
configuration (`duckdb_connection.py`), output.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import CATALOG, Layer, TableName
from fq_platform.lakehouse.s3_errors import explain_s3_error
from fq_platform.lakehouse.versions import require_changelog
from fq_platform.query.duckdb_connection import connect, enclose, literal
from fq_platform.query.duckdb_names import flattened
from fq_platform.query.duckdb_statement import References, tables_read
from fq_platform.query.lake_tables import LakeTables
from fq_platform.query.limits import Deadline
from fq_platform.query.show_create import table_shown
from fq_platform.query.table_names import tables_meant, unknown_table
from fq_platform.query.time_travel import AsOf, snapshots_as_of
from fq_platform.settings import Settings

if TYPE_CHECKING:
    from pyiceberg.table import Table

ROWS_PER_BATCH = 65_536
_UNKNOWN_TABLE = re.compile(r'^Catalog Error: Table with name "?(.+?)"? does not exist')
_CTRL_C = "Query interrupted"
"""What DuckDB's Python client says of a signal. A failing thread interrupts the others too: see below."""
_STOPPED_THREAD = "INTERRUPT Error"
"""A thread says so if it was stopped; now and then it is heard before the thread whose error stopped it."""


class DuckDbEngine:
    """A query engine (see `QueryEngine`) that runs in this process and needs no server.

    Every query gets a database of its own in memory, so that it sees the catalog as it is when the query starts.

    Args:
        settings: The profile and `FQ_HOME` decide which catalog; larger-than-memory queries spill into `FQ_HOME/tmp`.
    """

    dialect = "duckdb"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lake = LakeTables(settings)

    def tables(self) -> list[str]:
        """See `QueryEngine.tables`."""
        return [name.dotted for name in self._lake.names()]

    def columns(self, table: str) -> list[tuple[str, str]]:
        """See `QueryEngine.columns`."""
        described = self.execute(f"DESCRIBE {table}").read_all()
        return list(zip(*(described.column(name).to_pylist() for name in ("column_name", "column_type")), strict=True))

    def close(self) -> None:
        """See `QueryEngine.close`: every query has a database of its own, which ends with its batches."""

    def execute(self, sql: str, as_of: AsOf | None = None) -> pa.RecordBatchReader:
        """See `QueryEngine.execute`."""
        names = self._lake.names()
        if asked := table_shown(sql):
            return self._lake.definition(asked, as_of)
        connection = connect(self._settings)
        deadline = Deadline(self._settings.query_timeout_seconds, lambda: _interrupt(connection))
        try:
            with self._errors_for_users(deadline):
                sql = flattened(sql, {table.name for table in names if table.layer is Layer.SHARED})
                written = tables_read(connection, sql)
                self._create_views(connection, names, written, as_of)
                reader = connection.execute(sql).to_arrow_reader(ROWS_PER_BATCH)
        except BaseException:
            _end(connection, deadline)
            raise
        return pa.RecordBatchReader.from_batches(reader.schema, self._batches(connection, reader, deadline))

    def _create_views(
        self,
        connection: duckdb.DuckDBPyConnection,
        names: Sequence[TableName],
        written: References,
        as_of: AsOf | None,
    ) -> None:
        changelogs = tables_meant(written.changelogs, names, self._lake.layout, all_ours=True)
        meant = changelogs | tables_meant(written.tables, names, self._lake.layout)
        named = [name for name in names if name in meant]
        if as_of is not None and not named:
            raise FqError("The query names no table to look at in the past", where="--as-of", fix="Name one")
        # A statement such as SHOW ALL TABLES names none, but is about all.
        chosen = named or list(names)
        tables = [self._lake.load(name) for name in chosen]
        for name, table in zip(chosen, tables, strict=True):
            if name in changelogs:
                require_changelog(name.dotted, table.schema().column_names)
        snapshots = snapshots_as_of(tables, as_of) if as_of is not None else [None] * len(tables)
        enclose(connection, self._settings, tables)
        for name, table, snapshot in zip(chosen, tables, snapshots, strict=True):
            _create_view(connection, name, table, snapshot)
        # The search path lets SHOW TABLES see the views; the lock keeps the sandbox shut.
        connection.execute(f"SET search_path = '{','.join(f'{CATALOG}.{layer}' for layer in Layer)}'")
        connection.execute("SET lock_configuration = true")

    def _batches(
        self, connection: duckdb.DuckDBPyConnection, reader: pa.RecordBatchReader, deadline: Deadline
    ) -> Iterator[pa.RecordBatch]:
        try:
            with self._errors_for_users(deadline):
                yield from reader
        finally:
            _end(connection, deadline)

    @contextmanager
    def _errors_for_users(self, deadline: Deadline) -> Iterator[None]:
        """Turn DuckDB's errors into the project's, with its message and the position in the query."""
        try:
            yield
        except (duckdb.Error, OSError, RuntimeError) as error:  # the last two: errors while streaming, and Ctrl-C
            if deadline.passed:
                raise deadline.error() from None
            message = str(error)
            if _CTRL_C in message:
                raise KeyboardInterrupt from None
            if _STOPPED_THREAD in message:
                raise FqError(
                    "DuckDB stopped the query on an error that it did not keep",
                    where="one of its threads failed while another was handing out rows",
                    fix="Run the query again: it says what is wrong as a rule. Nothing was changed",
                ) from None
            unknown = _UNKNOWN_TABLE.match(message)
            if unknown:
                raise unknown_table(unknown.group(1), self._lake.names()) from None
            in_s3 = explain_s3_error(error, "the tables that the query names")
            raise in_s3 or FqError(
                f"DuckDB cannot answer the query:\n{message}",
                fix="Correct the SQL; `fq tables` lists the tables, DESCRIBE <table> their columns",
            ) from None


def _end(connection: duckdb.DuckDBPyConnection, deadline: Deadline) -> None:
    """Close a connection; its threads are told first, or closing waits until they have finished the query."""
    deadline.cancel()
    connection.interrupt()
    connection.close()


def _interrupt(connection: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.ConnectionException):  # the query may end in the very moment that its time is over
        connection.interrupt()


def _create_view(connection: duckdb.DuckDBPyConnection, name: TableName, table: "Table", snapshot: int | None) -> None:
    at = f", snapshot_from_id = {snapshot}" if snapshot is not None else ""
    view = f'"{name.layer}"."{name.name}"'
    connection.execute(f"CREATE VIEW {view} AS FROM iceberg_scan({literal(table.metadata_location)}{at})")

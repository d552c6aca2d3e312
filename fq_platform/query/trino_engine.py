"""Trino over the Iceberg catalog: a client of a server that others run.

Belongs here: from a statement to its rows. Does not: what the server is configured with (`lakehouse/trino_catalog.py`),
names (`trino_names.py`), types (`trino_types.py`).
"""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import TableName
from fq_platform.query.read_only import require_read_only
from fq_platform.query.table_names import unknown_table
from fq_platform.query.time_travel import AsOf
from fq_platform.query.time_travel_sql import sql_as_of
from fq_platform.query.trino_address import trino_address
from fq_platform.query.trino_current import with_current
from fq_platform.query.trino_names import SCHEMAS, as_trino_names, quoted, trino_name
from fq_platform.query.trino_types import arrow_array, arrow_type
from fq_platform.settings import Settings
from fq_platform.trust import trusted

if TYPE_CHECKING:
    from trino.dbapi import Connection, Cursor

try:
    from trino.auth import BasicAuthentication
    from trino.dbapi import connect
    from trino.exceptions import TrinoUserError

    from fq_platform.query.trino_errors import trino_errors
except ImportError:
    raise FqError(
        "Trino's Python client is not installed", where="--engine trino", fix="pip install 'fq-platform[trino]'"
    ) from None

ROWS_PER_BATCH = 8_192
_SHOW_TABLES = re.compile(r"\s*SHOW\s+TABLES\s*;?\s*", re.IGNORECASE)
_LISTING = f"""
SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN {tuple(SCHEMAS)}
"""  # noqa: S608 - of constants
_UNKNOWN_TABLE = re.compile(r"Table '([^']+)' does not exist")


class TrinoEngine:
    """A query engine (see `QueryEngine`) that asks a Trino server.

    Args:
        settings: `FQ_TRINO_URL` says which server and which of its catalogs; the profile does not matter, for the
            server has its own access to catalog and files.
    """

    dialect = "trino"

    def __init__(self, settings: Settings) -> None:
        self._address = trino_address(settings)
        self._timeout = settings.query_timeout_seconds
        self._connection: Connection | None = None
        self._running: set[Cursor] = set()
        self._listed: Sequence[TableName] | None = None

    def execute(self, sql: str, as_of: AsOf | None = None) -> pa.RecordBatchReader:
        """See `QueryEngine.execute`."""
        require_read_only(sql, self.dialect)
        if _SHOW_TABLES.fullmatch(sql):
            return pa.table({"name": self.tables()}).to_reader()  # of one schema only, if Trino were asked
        sql = as_trino_names(with_current(sql), self._address.catalog, self._names)
        if as_of is not None:
            sql = sql_as_of(sql, self.dialect, as_of, self._committed_at)
        cursor = self._start(sql.rstrip().rstrip(";"))
        try:
            with trino_errors(self._address, self._timeout):
                columns = [(column.name, arrow_type(str(column.type_code))) for column in cursor.description or ()]
        except BaseException:
            self._end(cursor)
            raise
        schema = pa.schema(columns)
        return pa.RecordBatchReader.from_batches(schema, self._batches(cursor, schema))

    def tables(self) -> list[str]:
        """See `QueryEngine.tables`."""
        return [name.dotted for name in self._names(now=True)]

    def columns(self, table: str) -> list[tuple[str, str]]:
        """See `QueryEngine.columns`."""
        parts = table.split(".")
        name = trino_name(parts, self._address.catalog, self._names)
        if name is None:
            raise unknown_table(table, self._names(now=True))
        return [(str(row[0]), str(row[1])) for row in self._rows(f"DESCRIBE {name}")]

    def close(self) -> None:
        """See `QueryEngine.close`."""
        for cursor in list(self._running):
            self._end(cursor)
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _start(self, sql: str) -> "Cursor":
        """Begin a query, and wait for its first rows."""
        cursor = self._connected().cursor()
        self._running.add(cursor)
        try:
            with trino_errors(self._address, self._timeout):
                try:
                    return cursor.execute(sql)
                except TrinoUserError as error:
                    if error.error_name != "TABLE_NOT_FOUND" or not (missing := _UNKNOWN_TABLE.search(error.message)):
                        raise
            name = missing[1].removeprefix(f"{self._address.catalog}.")
            raise unknown_table(name, self._names(now=True)) from None
        except BaseException:  # Ctrl-C included: nobody would wait for the answer
            self._end(cursor)
            raise

    def _batches(self, cursor: "Cursor", schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        try:
            while rows := self._fetched(cursor):
                values = zip(*rows, strict=True)
                columns = [arrow_array(column, kind) for column, kind in zip(values, schema.types, strict=True)]
                yield pa.RecordBatch.from_arrays(columns, schema=schema)
        finally:
            self._end(cursor)

    def _fetched(self, cursor: "Cursor") -> list[list[Any]]:
        with trino_errors(self._address, self._timeout):
            return cursor.fetchmany(ROWS_PER_BATCH)

    def _rows(self, sql: str) -> list[list[Any]]:
        """All rows of a short answer to a question of our own."""
        cursor = self._start(sql)
        try:
            with trino_errors(self._address, self._timeout):
                return cursor.fetchall()
        finally:
            self._end(cursor)

    def _end(self, cursor: "Cursor") -> None:
        """Let the server forget a query, whether it has finished or not."""
        self._running.discard(cursor)
        with trino_errors(self._address, self._timeout):
            cursor.close()

    def _connected(self) -> "Connection":
        if self._connection is None:
            address = self._address
            self._connection = connect(
                host=address.host,
                port=address.port,
                http_scheme=address.scheme,
                user=address.user,
                auth=BasicAuthentication(address.user, address.password) if address.password is not None else None,
                catalog=address.catalog,
                source="fq",
                timezone="UTC",
                verify=trusted(),
                session_properties={"query_max_run_time": f"{self._timeout:g}s"} if self._timeout else {},
            )
        return self._connection

    def _names(self, now: bool) -> Sequence[TableName]:
        """The lakehouse's tables, as they were listed last unless they shall be listed `now`.

        They are asked for by schema, since Trino does not list what nests in a SQL catalog.
        """
        if now or self._listed is None:
            order = list(SCHEMAS.values())
            found = {
                TableName(SCHEMAS[schema], name, namespace=tuple(schema.split(".")))
                for schema, name in self._rows(_LISTING)
            }
            self._listed = sorted(found, key=lambda table: (order.index(table.layer), table.name))
        return self._listed

    def _committed_at(self, parts: tuple[str, ...], snapshot: int) -> dt.datetime | None:
        """When a table got a snapshot; None if it did not."""
        *namespace, name = parts
        snapshots = quoted(*namespace, f"{name}$snapshots")
        committed = dict(self._rows(f"SELECT snapshot_id, committed_at FROM {snapshots}"))  # noqa: S608 - quoted above
        return committed.get(snapshot)

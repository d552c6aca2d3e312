"""Athena over Glue's catalog: a client of a service that others run, through PyAthena.

Belongs here: from a statement to its rows. Does not: names (`athena_names.py`), types (`athena_types.py`), what is said
of errors (`athena_errors.py`).
"""

import io
import logging
import re
import threading
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import csv
from sqlglot import exp

from fq_platform.errors import FqError
from fq_platform.lakehouse.s3_access import aws_session
from fq_platform.query.athena_names import as_athena_names, table_named
from fq_platform.query.athena_types import arrow_array, arrow_type
from fq_platform.query.lake_tables import LakeTables
from fq_platform.query.limits import Deadline
from fq_platform.query.read_only import require_read_only
from fq_platform.query.show_create import table_shown
from fq_platform.query.time_travel import AsOf
from fq_platform.query.time_travel_sql import sql_as_of
from fq_platform.settings import Profile, Settings

if TYPE_CHECKING:
    import datetime as dt

    from pyathena.connection import Connection
    from pyathena.cursor import Cursor

try:
    import pyathena
    from pyathena.util import stop_retries_on

    from fq_platform.query.athena_errors import athena_errors
except ImportError:
    raise FqError(
        "Athena's Python client is not installed", where="--engine athena", fix="pip install 'fq-platform[athena]'"
    ) from None

# It writes a traceback of every error that it raises, too.
logging.getLogger("pyathena").setLevel(logging.CRITICAL)

CSV_BLOCK = 4 * 2**20
"""Bytes of a result that become one batch."""
ROWS_PER_PAGE = 1_000
"""The most that Athena gives at once of an answer that is no CSV file."""

_SHOW_TABLES = re.compile(r"\s*SHOW\s+TABLES\s*;?\s*", re.IGNORECASE)


class AthenaEngine:
    """A query engine (see `QueryEngine`) that asks Athena, and Glue and S3 where it need not be asked.

    Args:
        settings: `FQ_ATHENA_*` and `AWS_*`; the profile has to be `glue`, whose catalog Athena reads.

    Raises:
        FqError: The lakehouse is not in Glue.
    """

    dialect = "athena"
    poll_seconds = 0.5

    def __init__(self, settings: Settings) -> None:
        if settings.profile is not Profile.GLUE:
            raise FqError(
                "Athena reads the tables of Glue's catalog, and the lakehouse is in another",
                where=f"FQ_PROFILE={settings.profile.value}",
                fix="Set FQ_PROFILE=glue, or ask another engine",
            )
        self._settings = settings
        self._tables = LakeTables(settings)
        self._running: set[str] = set()

    @cached_property
    def _connection(self) -> "Connection[Cursor]":
        return pyathena.connect(
            session=aws_session(self._settings),
            region_name=self._settings.aws_region,
            work_group=self._settings.athena_workgroup,
            s3_staging_dir=self._settings.athena_output or "",  # else PyAthena would look into variables of its own
            poll_interval=self.poll_seconds,
        )

    def execute(self, sql: str, as_of: AsOf | None = None) -> pa.RecordBatchReader:
        """See `QueryEngine.execute`."""
        tree = require_read_only(sql, self.dialect)
        if asked := table_shown(sql):
            return self._tables.definition(asked, as_of)
        if as_of is None and _SHOW_TABLES.fullmatch(sql):
            return pa.table({"name": self.tables()}).to_reader()
        if as_of is None and isinstance(tree, exp.Describe) and isinstance(tree.this, exp.Table):
            return self._described(".".join(part.name for part in tree.this.parts))
        sql = as_athena_names(sql, self._tables.names)
        if as_of is not None:
            sql = sql_as_of(sql, self.dialect, as_of, self._committed_at)
        return self._answer(sql.rstrip().rstrip(";"))

    def tables(self) -> list[str]:
        """See `QueryEngine.tables`."""
        return [name.dotted for name in self._tables.names()]

    def columns(self, table: str) -> list[tuple[str, str]]:
        """See `QueryEngine.columns`; types as Iceberg calls them."""
        name = table_named(table.split("."), self._tables.names())
        return [(field.name, str(field.field_type)) for field in self._tables.load(name).schema().fields]

    def close(self) -> None:
        """See `QueryEngine.close`."""
        for query in list(self._running):
            self._stop(query)

    def _described(self, table: str) -> pa.RecordBatchReader:
        names, types = zip(*self.columns(table), strict=True)
        return pa.table({"column_name": names, "column_type": types}).to_reader()

    def _committed_at(self, parts: tuple[str, ...], snapshot: int) -> "dt.datetime | None":
        import datetime as dt

        found = self._tables.load(table_named(parts, self._tables.names())).snapshot_by_id(snapshot)
        return dt.datetime.fromtimestamp(found.timestamp_ms / 1000, dt.UTC) if found else None

    def _answer(self, sql: str) -> pa.RecordBatchReader:
        query: list[str] = []
        over = threading.Event()

        def stop() -> None:
            over.set()
            for identifier in query:
                self._stop(identifier)

        deadline = Deadline(self._settings.query_timeout_seconds, stop)

        def started(identifier: str) -> None:
            query.append(identifier)
            self._running.add(identifier)
            if deadline.passed:  # before there was anything to stop
                self._stop(identifier)

        try:
            # PyAthena would try for two minutes to be heard by a service that has too much to do.
            with athena_errors(self._settings, deadline, self._tables.names), stop_retries_on(over):
                cursor = self._connection.cursor()
                cursor.execute(sql, on_start_query_execution=started)
                fields = [
                    pa.field(column[0], arrow_type(column[1], column[4], column[5]))
                    for column in cursor.description or ()
                ]
        except BaseException:
            deadline.cancel()
            raise
        finally:
            self._running.difference_update(query)
        schema = pa.schema(fields)
        return pa.RecordBatchReader.from_batches(schema, self._batches(cursor, schema, deadline))

    def _batches(self, cursor: "Cursor", schema: pa.Schema, deadline: Deadline) -> Iterator[pa.RecordBatch]:
        try:
            with athena_errors(self._settings, deadline, self._tables.names):
                for columns in self._texts(cursor, schema):
                    if deadline.passed:
                        raise deadline.error()
                    values = [arrow_array(text, kind) for text, kind in zip(columns, schema.types, strict=True)]
                    yield pa.RecordBatch.from_arrays(values, schema=schema)
        finally:
            deadline.cancel()
            cursor.close()

    def _texts(self, cursor: "Cursor", schema: pa.Schema) -> Iterator[list[pa.Array]]:
        """The columns of the result as text, some rows at a time: a file in S3, or, of EXPLAIN, Athena's pages."""
        location = cursor.output_location or ""
        if not location.endswith(".csv"):
            while rows := cursor.fetchmany(ROWS_PER_PAGE):
                columns = zip(*rows, strict=True)
                yield [pa.array([None if cell is None else str(cell) for cell in column]) for column in columns]
            return
        bucket, _, key = location.removeprefix("s3://").partition("/")
        client = aws_session(self._settings).client("s3", endpoint_url=self._settings.s3_endpoint)
        body: Any = client.get_object(Bucket=bucket, Key=key)["Body"]
        # By number: two columns of a result may have the same name.
        numbers = [str(number) for number in range(len(schema))]
        reader = csv.open_csv(
            io.BufferedReader(body),
            csv.ReadOptions(block_size=CSV_BLOCK, column_names=numbers, skip_rows=1, use_threads=False),
            csv.ParseOptions(newlines_in_values=True),
            # Every value is in quotes, and NULL is nothing at all.
            csv.ConvertOptions(
                column_types=dict.fromkeys(numbers, pa.string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                null_values=[""],
            ),
        )
        for batch in reader:
            yield batch.columns

    def _stop(self, query: str) -> None:
        self._running.discard(query)
        self._connection.client.stop_query_execution(QueryExecutionId=query)

"""Spark over the Iceberg catalog: embedded in this process, or the cluster behind `SPARK_REMOTE`.

Belongs here: from a statement to its rows, and what is said of Spark's errors. Does not: the session
(`resources/spark.py`), names (`spark_names.py`), streaming and stopping (`spark_stream.py`).
"""

import re
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from fq_platform.errors import FqError
from fq_platform.lakehouse.s3_errors import explain_s3_error
from fq_platform.query.lake_tables import LakeTables
from fq_platform.query.read_only import require_read_only
from fq_platform.query.show_create import table_shown
from fq_platform.query.spark_names import DIALECT, Placed
from fq_platform.query.spark_stream import SparkQuery
from fq_platform.query.time_travel import AsOf
from fq_platform.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_SHOW_TABLES = re.compile(r"\s*show\s+tables\s*;?\s*", re.IGNORECASE)
_BEHIND_THE_MESSAGE = re.compile(r";?\n(?:'|\+- |Project|Aggregate|Sort|Filter|Join|\tat |JVM stacktrace|Driver stack)")
"""Where Spark goes on with plans and stack traces, which say nothing to people."""
_IN_A_TASK = re.compile(r"Exception: (\[[A-Z_.0-9]+\] .*)")

_JVM_ENDED = FqError(
    "Spark's JVM has ended in the middle of the query, as one that takes more memory than it has",
    fix="Ask for less, or let FQ_SPARK_DRIVER_MEMORY be more, and start again; SPARK_REMOTE names a larger Spark",
)


class SparkEngine:
    """A query engine (see `QueryEngine`): Spark SQL, for questions too large for one machine.

    The session is the one that `start_session` gives: its JVM, or its server, is shared with all else of this process.

    Args:
        settings: The profile and `FQ_HOME` decide which catalog, `SPARK_REMOTE` where it is computed.
    """

    dialect = DIALECT

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lake = LakeTables(settings)
        self._running: weakref.WeakSet[SparkQuery] = weakref.WeakSet()

    def tables(self) -> list[str]:
        """See `QueryEngine.tables`."""
        return [name.dotted for name in self._lake.names()]

    def columns(self, table: str) -> list[tuple[str, str]]:
        """See `QueryEngine.columns`."""
        session = self._session()
        with _errors_for_users():
            frame = Placed(session, self._lake, f"SELECT * FROM {table}", None).frame()  # noqa: S608 - only a name passes
            return [(field.name, field.dataType.simpleString()) for field in frame.schema]

    def close(self) -> None:
        """See `QueryEngine.close`: queries are stopped; the session belongs to the whole process."""
        for query in list(self._running):
            query.stop()

    def execute(self, sql: str, as_of: AsOf | None = None) -> pa.RecordBatchReader:
        """See `QueryEngine.execute`."""
        if asked := table_shown(sql):
            return self._lake.definition(asked, as_of)
        if _SHOW_TABLES.fullmatch(sql):
            return pa.table({"name": self.tables()}).to_reader()
        require_read_only(sql, DIALECT)
        session = self._session()
        with _errors_for_users():
            placed = Placed(session, self._lake, sql, as_of)
            query = SparkQuery(session, lambda: self._asked(placed), self._settings.query_timeout_seconds)
            self._running.add(query)
            try:
                reader = query.run()
            except BaseException:
                placed.forget()
                raise
        return pa.RecordBatchReader.from_batches(reader.schema, _batches(reader, placed))

    def _asked(self, placed: Placed) -> "DataFrame":
        """What Spark is to compute: no more than is handed on, and one row by which it can be told that there is."""
        rows = self._settings.query_rows
        return placed.frame().limit(rows + 1) if rows else placed.frame()

    def _session(self) -> "SparkSession":
        """The session as it is now: a server may have been started anew since the last query."""
        from fq_platform.resources.spark import start_session

        session = start_session(self._settings)
        # Spark would put variables of its environment, keys among them, wherever a statement says ${env:...}.
        session.conf.set("spark.sql.variable.substitute", "false")
        return session


def _batches(reader: pa.RecordBatchReader, placed: Placed) -> Iterator[pa.RecordBatch]:
    try:
        with _errors_for_users(), reader:
            yield from reader
    finally:
        placed.forget()


@contextmanager
def _errors_for_users() -> Iterator[None]:
    """Turn Spark's errors into the project's, with its message and without its plans and stack traces."""
    try:
        yield
    except FqError:
        raise
    except (PySparkException, Py4JError) as error:
        from fq_platform.resources.connect import explain_connect_error
        from fq_platform.resources.retries import jvm_has_ended

        if jvm_has_ended(error):
            raise _JVM_ENDED from None
        known = explain_connect_error(error) or explain_s3_error(error, "the tables that the query names")
        raise known or FqError(
            f"Spark cannot answer the query:\n{_message(error)}",
            fix="Correct the SQL; `fq tables` lists the tables, DESCRIBE <table> their columns",
        ) from None


def _message(error: Exception) -> str:
    text = str(error)
    if in_a_task := _IN_A_TASK.search(text):
        return in_a_task[1]
    return _BEHIND_THE_MESSAGE.split(text, maxsplit=1)[0].strip()

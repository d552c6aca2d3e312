"""The one interface that every query engine offers.

Belongs here: the interface, opening an engine. Does not: what one engine needs.
"""

from typing import TYPE_CHECKING, Protocol

from fq_platform.query.options import EngineName
from fq_platform.query.time_travel import AsOf
from fq_platform.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa


class QueryEngine(Protocol):
    """Answers read-only SQL over the lakehouse; tables are named `<namespace>.<table>`.

    A query ends with an error once it has taken longer than the settings' `query_timeout_seconds`, reading its batches
    included. How many rows of an answer are handed on is not the engine's concern (`limits.py`).
    """

    @property
    def dialect(self) -> str:
        """The engine's SQL, as sqlglot calls it: `duckdb`, `spark`, `trino`, `athena`."""
        ...

    def execute(self, sql: str, as_of: AsOf | None = None) -> "pa.RecordBatchReader":
        """Run one statement that only reads.

        Args:
            sql: One SELECT, WITH, DESCRIBE, SHOW (also SHOW CREATE TABLE) or EXPLAIN, in the engine's dialect; DuckDB
                has SUMMARIZE too.
            as_of: The snapshot id or the moment that every table is read at; None reads the current state.

        Returns:
            The result, which streams: batches are made as they are read, and the query ends with the last reference
            to it. Timestamps with a zone are in UTC.

        Raises:
            FqError: The statement is refused, wrong, takes too long, or names a table or a moment that does not exist.
                Reading the batches can raise it too.
        """
        ...

    def tables(self) -> list[str]:
        """The tables that can be queried, as `<namespace>.<table>`, sorted by layer and name."""
        ...

    def columns(self, table: str) -> list[tuple[str, str]]:
        """The columns of a table.

        Args:
            table: Its name, such as `raw.ecommerce_db_orders`.

        Returns:
            The name and the type of each, in their order; types as the engine calls them.

        Raises:
            FqError: There is no such table.
        """
        ...

    def close(self) -> None:
        """Let go of what the engine holds: connections, running queries. Closing twice is no error."""
        ...


def open_engine(name: EngineName | None, settings: Settings) -> QueryEngine:
    """Open an engine over the catalog that the settings select.

    Args:
        name: Which engine; the one of `FQ_QUERY_ENGINE` if None.
        settings: The profile and `FQ_HOME` decide which catalog; `query_timeout_seconds` how long a query may take.

    Returns:
        The engine; it connects when it is first asked something.

    Raises:
        FqError: The engine's extra is not installed, or a setting that it needs is missing.
    """
    match name or settings.query_engine:
        case EngineName.DUCKDB:
            from fq_platform.query.duckdb_engine import DuckDbEngine

            return DuckDbEngine(settings)
        case EngineName.SPARK:
            from fq_platform.query.spark_engine import SparkEngine

            return SparkEngine(settings)
        case EngineName.TRINO:
            from fq_platform.query.trino_engine import TrinoEngine

            return TrinoEngine(settings)
        case EngineName.ATHENA:
            from fq_platform.query.athena_engine import AthenaEngine

            return AthenaEngine(settings)

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
    """Answers read-only SQL over the lakehouse; tables are named `<namespace>.<table>`."""

    def execute(self, sql: str, as_of: AsOf | None = None) -> "pa.RecordBatchReader":
        """Run one statement that only reads.

        Args:
            sql: One SELECT, WITH, DESCRIBE, SUMMARIZE, SHOW (also SHOW CREATE TABLE) or EXPLAIN.
            as_of: The snapshot id or the moment that every table is read at; None reads the current state.

        Returns:
            The result, which streams: batches are made as they are read. Timestamps with a zone are in UTC.

        Raises:
            FqError: The statement is refused, wrong, or names a table or a moment that does not exist. Reading
                the batches can raise it too.
        """
        ...

    def tables(self) -> list[str]:
        """The tables that can be queried, as `<namespace>.<table>`, sorted by layer and name."""
        ...


def open_engine(name: EngineName, settings: Settings) -> QueryEngine:
    """Open an engine over the catalog that the settings select.

    Args:
        name: Which engine.
        settings: The profile and `FQ_HOME` decide which catalog.

    Returns:
        The engine; it connects when it is first asked something.
    """
    match name:
        case EngineName.DUCKDB:
            from fq_platform.query.duckdb_engine import DuckDbEngine

            return DuckDbEngine(settings)

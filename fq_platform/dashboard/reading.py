"""Answers from the lakehouse, read through the query layer, and the snapshots that they are made of.

Belongs here: asking, and saying that a table is not there yet. Does not: keeping answers (`answers.py`), or SQL.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from fq_platform.dashboard.questions.question import Question
from fq_platform.errors import FqError
from fq_platform.query.dialects import translated
from fq_platform.query.engine import QueryEngine, open_engine

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

    from fq_platform.settings import Settings

QUESTIONS = "duckdb"
"""The SQL that the pages' questions are written in, as sqlglot calls it."""

Versions = tuple[tuple[str, int], ...]
"""The tables of a question, each with the id of its current snapshot."""


class NotThereError(FqError):
    """A table that nothing has been written to yet; no fault, only early.

    Args:
        table: Its name.
    """

    def __init__(self, table: str) -> None:
        super().__init__(
            f"The table {table} is not there yet", fix="Materialise it in the Dagster UI, or run `make demo`"
        )


class NoRowsError(FqError):
    """A table that is there, but has nothing to choose from.

    Args:
        table: Its name.
    """

    def __init__(self, table: str) -> None:
        super().__init__(f"The table {table} has no rows yet", fix="Materialise what it is made of, then the table")


class Lake:
    """The lakehouse of an installation, for reading.

    Args:
        settings: Which one.
    """

    def __init__(self, settings: "Settings") -> None:
        self._settings = settings

    @cached_property
    def _engine(self) -> QueryEngine:
        return open_engine(None, self._settings)

    @cached_property
    def _catalog(self) -> "Catalog":
        from fq_platform.lakehouse.catalog import open_catalog

        return open_catalog(self._settings)

    def versions(self, tables: Iterable[str]) -> Versions:
        """The current snapshot of each table.

        Args:
            tables: Their names, such as `analytics.fct_orders`.

        Returns:
            Names and snapshot ids, by name.

        Raises:
            NotThereError: Nothing was ever written to one of them.
            FqError: The catalog, or a table's metadata, cannot be read.
        """
        return tuple((table, self._version(table)) for table in sorted(set(tables)))

    def ask(self, question: Question) -> pa.Table:
        """The whole answer to a question, from the engine of `FQ_QUERY_ENGINE`; decimals stay decimals.

        Raises:
            FqError: The question cannot be answered.
        """
        return self._engine.execute(translated(question.sql, QUESTIONS, self._engine.dialect)).read_all()

    def _version(self, table: str) -> int:
        from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

        from fq_platform.lakehouse.layout import layout_of
        from fq_platform.lakehouse.storage import storage_errors

        try:
            with storage_errors(table):
                loaded = self._catalog.load_table(layout_of(self._settings).named(table).identifier)
        except (NoSuchTableError, NoSuchNamespaceError):
            raise NotThereError(table) from None
        snapshot = loaded.current_snapshot()
        if snapshot is None:
            raise NotThereError(table)
        return snapshot.snapshot_id

"""What the shell can complete: commands, keywords, tables, and the columns of the tables that a statement names.

Belongs here: completion. Does not: the shell (`shell.py`).
"""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from fq_platform.errors import FqError
from fq_platform.query.engine import QueryEngine
from fq_platform.query.statements import SHELL_COMMAND

_WORD = re.compile(r"[\w.\\?]+$")
_TABLE = re.compile(r"\b(?:iceberg\.)?\w+(?:\.\w+)+\b|(?<=\bFROM )\w+|(?<=\bJOIN )\w+", re.IGNORECASE)

KEYWORDS = (
    *("SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "HAVING", "LIMIT", "DISTINCT", "WITH", "AS", "UNION ALL"),
    *("JOIN", "LEFT JOIN", "ON", "USING", "AND", "OR", "NOT", "IN", "IS NULL", "IS NOT NULL", "BETWEEN", "LIKE"),
    *("CASE", "WHEN", "THEN", "ELSE", "END", "CAST", "COALESCE", "COUNT", "SUM", "MIN", "MAX", "AVG", "OVER"),
    *("PARTITION BY", "DESC", "NULLS LAST", "DESCRIBE", "SHOW TABLES", "SHOW CREATE TABLE", "EXPLAIN", "DATE"),
    *("TIMESTAMP", "INTERVAL", "DECIMAL", "current(raw."),
)


class Words(Completer):
    """Completes the word before the cursor.

    Args:
        engine: Knows tables and columns; asked once for each.
        commands: The shell's own.
    """

    def __init__(self, engine: QueryEngine, commands: Iterable[str]) -> None:
        self._engine = engine
        self._commands = tuple(commands)
        self._columns: dict[str, list[str]] = {}

    @cached_property
    def _tables(self) -> list[str]:
        return self._engine.tables()

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """The words that begin as the one before the cursor does; tables also by their name without the layer."""
        found = _WORD.search(document.text_before_cursor)
        begun = found[0] if found else ""
        if not begun:
            return
        for word in self._candidates(document.text, begun):
            if word.lower().startswith(begun.lower()) or word.lower().rpartition(".")[2].startswith(begun.lower()):
                yield Completion(word, start_position=-len(begun))

    def _candidates(self, text: str, begun: str) -> Iterator[str]:
        if text.lstrip().startswith(SHELL_COMMAND) and begun.startswith(SHELL_COMMAND):
            yield from self._commands
            return
        try:
            for table in dict.fromkeys(name for name in _TABLE.findall(text) if name != begun):
                yield from self._columns_of(table)
            yield from self._tables
        except FqError:
            pass  # there is nowhere to tell it; the statement that is being typed will
        if not text.lstrip().startswith(SHELL_COMMAND):
            yield from KEYWORDS

    def _columns_of(self, table: str) -> list[str]:
        if table not in self._columns:
            known = {name.lower() for name in self._tables} | {name.rpartition(".")[2].lower() for name in self._tables}
            there = table.lower().removeprefix("iceberg.") in known
            self._columns[table] = [name for name, _ in self._engine.columns(table)] if there else []
        return self._columns[table]

"""Answering one statement of a user: ask the engine, heed the limit, write the result.

Belongs here: what `fq query` does with SQL, however it got it. Does not: options (`query.py`), the shell (`shell.py`).
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from fq_platform.query.engine import QueryEngine
from fq_platform.query.limits import limited
from fq_platform.query.options import Format
from fq_platform.query.output import deliver
from fq_platform.query.time_travel import AsOf


@dataclass
class Answering:
    """How a user wants answers.

    Args:
        engine: What is asked.
        rows: The most rows of an answer; 0 for all.
        form: How it is written.
        output: The file that it is written to; None for standard output.
        max_rows: The rows that a table shows.
        as_of: When the tables are read at; None for now.
    """

    engine: QueryEngine
    rows: int = 0
    form: Format = Format.TABLE
    output: Path | None = None
    max_rows: int = 50
    as_of: AsOf | None = None

    def answer(self, sql: str) -> None:
        """Answer one statement.

        Args:
            sql: See `QueryEngine.execute`.

        Raises:
            FqError: It cannot be answered, or the result not be written.
        """
        with _busy("Running the query"):
            reader = limited(self.engine.execute(sql, self.as_of), self.rows, tell)
        deliver(reader, self.form, self.output, self.max_rows)


def tell(text: str) -> None:
    """Say something that is no part of a result."""
    Console(stderr=True).print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)


def _busy(what: str) -> AbstractContextManager[Any]:
    """A sign of life on a terminal; nothing where standard error is not one."""
    return Console(stderr=True).status(what)

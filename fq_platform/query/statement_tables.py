"""Where a statement names its tables, in any engine's SQL, so that text can be put there and nowhere else.

Belongs here: finding the names, by sqlglot, and replacing them. Does not: what stands there instead
(`time_travel_sql.py`, an engine's own names), or whether the statement may run (`read_only.py`).
"""

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from fq_platform.errors import FqError
from fq_platform.query.read_only import EXPLAIN_OPTIONS

_COMMENTS = r"(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)*"
_EXPLAIN = re.compile(rf"{_COMMENTS}EXPLAIN\b{EXPLAIN_OPTIONS}", re.IGNORECASE)
"""What stands before the statement that is explained; sqlglot does not look behind it."""


@dataclass(frozen=True)
class Named:
    """A table where a statement names it.

    Args:
        parts: Its name's parts without quotes, such as `("iceberg", "raw", "orders")`.
        begin: Where the name begins (characters).
        end: The first character behind it.
        at_version: Whether the statement itself says as of when it is read.
    """

    parts: tuple[str, ...]
    begin: int
    end: int
    at_version: bool = False


def named_tables(sql: str, dialect: str) -> list[Named]:
    """The tables that a statement reads, without its common table expressions and table functions.

    Args:
        sql: One statement.
        dialect: Its SQL, by sqlglot's name.

    Returns:
        Every mention, in the order of the text; none of a statement that sqlglot does not look into, such as SHOW.

    Raises:
        FqError: It cannot be read; or a table is given to a table function (`TABLE(name)`), which hides its name.
    """
    explained = _EXPLAIN.match(sql)
    start = explained.end() if explained else 0
    tree = parsed(sql[start:], dialect)
    if any(call.name.upper() == "TABLE" and call.expressions for call in tree.find_all(exp.Anonymous)):
        raise FqError(
            "The query gives a table to a table function, where its name cannot be told from a column's",
            where="TABLE(...)",
            fix="Select from the table in a common table expression, and give that to the function",
        )
    named = [_named(table, start) for table in _real_tables(tree)]
    return sorted(named, key=lambda table: table.begin)


def replaced(sql: str, dialect: str, text_of: Callable[[Named, str], str]) -> str:
    """Write something else wherever a statement names a table; every other character stays as it is.

    Args:
        sql: One statement.
        dialect: Its SQL, by sqlglot's name.
        text_of: Given the table and how it is written, says what to write.

    Returns:
        The statement.

    Raises:
        FqError: See `named_tables`.
    """
    for table in reversed(named_tables(sql, dialect)):
        written = sql[table.begin : table.end]
        sql = f"{sql[: table.begin]}{text_of(table, written)}{sql[table.end :]}"
    return sql


def parsed(sql: str, dialect: str) -> exp.Expr:
    """The tree of one statement.

    Raises:
        FqError: It is not one statement of that SQL.
    """
    logger = logging.getLogger("sqlglot")
    level = logger.level
    logger.setLevel(logging.ERROR)  # it warns of every statement that it takes as mere text, such as SHOW
    try:
        return sqlglot.parse_one(sql, dialect=dialect)
    except SqlglotError as error:
        plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
        raise FqError(
            f"The query cannot be read as {dialect}'s SQL:\n{plain}", fix="Correct it; one statement at a time"
        ) from None
    finally:
        logger.setLevel(level)


def _real_tables(tree: exp.Expr) -> Iterator[exp.Table]:
    """Tables that are no common table expressions: those have one name only, and are defined around them."""
    seen = set()
    for scope in traverse_scope(tree) if isinstance(tree, exp.Query) else ():
        defined = {name.lower() for name in scope.cte_sources}
        for table in scope.tables:
            seen.add(id(table))
            if _has_name(table) and (table.db or table.name.lower() not in defined):
                yield table
    yield from (table for table in tree.find_all(exp.Table) if id(table) not in seen and _has_name(table))


def _has_name(table: exp.Table) -> bool:
    return isinstance(table.this, exp.Identifier | exp.Dot)


def _named(table: exp.Table, start: int) -> Named:
    parts = table.parts
    begin, end = parts[0].meta["start"], parts[-1].meta["end"]
    names = tuple(part.name for part in parts)
    return Named(names, start + begin, start + end + 1, at_version=table.args.get("version") is not None)

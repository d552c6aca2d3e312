"""Whether a statement only reads, by sqlglot: for engines that would do whatever they are told.

Belongs here: refusing all else. Does not: DuckDB, whose own parser says it (`duckdb_statement.py`), names of tables.
"""

import logging
import re

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from fq_platform.errors import FqError

ALLOWED = "SELECT, WITH, VALUES, DESCRIBE, SHOW or EXPLAIN"

# It would warn of every statement that it takes as mere text, such as SHOW; what matters is raised.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

_WRITES = (
    exp.DML,
    exp.DDL,
    exp.Alter,
    exp.Analyze,
    exp.Cache,
    exp.Command,
    exp.Copy,
    exp.Drop,
    exp.Into,
    exp.MultitableInserts,
    exp.Refresh,
    exp.Set,
    exp.TruncateTable,
    exp.Uncache,
    exp.Use,
    exp.QueryTransform,  # Spark's SELECT TRANSFORM runs a program
)
"""What must not stand anywhere in a statement."""

_RUNS_ANYTHING = frozenset({"reflect", "try_reflect", "java_method", "query", "raw_query"})
"""Functions that call any method of Java (Spark), or hand text to another database (Trino's connectors)."""

EXPLAIN_OPTIONS = r"(?:\s*(?:ANALYZE|VERBOSE|EXTENDED|CODEGEN|COST|FORMATTED)\b|\s*\(\s*(?:TYPE|FORMAT)\b[^)]*\))*"
"""What may stand between EXPLAIN and the statement, in any engine's SQL (regular expression, in capitals)."""

_OPTIONS = re.compile(EXPLAIN_OPTIONS, re.IGNORECASE)


def require_read_only(sql: str, dialect: str) -> exp.Expr:
    """Check that `sql` is one statement that only reads.

    Args:
        sql: The user's text.
        dialect: The engine's SQL, as sqlglot calls it.

    Returns:
        The syntax tree of the statement; of the one behind EXPLAIN.

    Raises:
        FqError: It is not SQL, not exactly one statement, or one that could change something or run a program.
    """
    statement = _statement(sql, dialect)
    match statement:
        case exp.Command() if statement.name.upper() == "EXPLAIN":
            text = statement.text("expression")
            return require_read_only(text[_options(text) :], dialect)
        case exp.Command() if statement.name.upper() == "SHOW":
            return statement
        case exp.Query() | exp.Values() | exp.Describe() | exp.Show() if not _harm(statement):
            return statement
    raise FqError(f"{_verb(statement, sql)} is not allowed: queries only read", fix=f"Use one {ALLOWED}")


def _statement(sql: str, dialect: str) -> exp.Expr:
    try:
        statements = [tree for tree in parse(sql, dialect=dialect) if tree and not isinstance(tree, exp.Semicolon)]
    except SqlglotError as error:
        raise FqError(f"This is not SQL as {dialect} has it:\n{_message(error)}", fix="Correct the SQL") from None
    if not statements:
        raise FqError("The query is empty", fix=f"Give one {ALLOWED}")
    if len(statements) > 1:
        raise FqError(f"The query has {len(statements)} statements, one is allowed", fix="Run them one by one")
    return statements[0]


def _options(text: str) -> int:
    """Where the statement behind EXPLAIN begins."""
    found = _OPTIONS.match(text)
    return found.end() if found else 0


def _harm(statement: exp.Expr) -> exp.Expr | None:
    """The first part of a statement that does more than read."""
    for node in statement.walk():
        if isinstance(node, _WRITES) or (isinstance(node, exp.Anonymous) and node.name.lower() in _RUNS_ANYTHING):
            return node
    return None


def _verb(statement: exp.Expr, sql: str) -> str:
    """What is refused, in a word."""
    harm = _harm(statement)
    match harm:
        case exp.Command():
            return harm.name.upper()
        case exp.Anonymous():
            return f"{harm.name}()"
        case exp.QueryTransform():
            return "TRANSFORM"
        case exp.MultitableInserts():
            return "INSERT"
        case exp.TruncateTable():
            return "TRUNCATE"
        case None:
            return sql.split(maxsplit=1)[0].rstrip(";").upper()
        case _:
            return harm.key.upper()


def _message(error: SqlglotError) -> str:
    """The message without the codes that underline on a terminal."""
    return re.sub(r"\x1b\[\d+m", "", str(error))

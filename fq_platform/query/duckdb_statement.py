"""What a statement is and which tables it names, according to DuckDB's own parser.

Belongs here: refusing all that does not only read. Does not: running anything.
"""

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from fq_platform.errors import FqError

ALLOWED = "SELECT, WITH, DESCRIBE, SUMMARIZE, SHOW or EXPLAIN"


def tables_read(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[str, str]]:
    """Check that `sql` is one statement that only reads, and list the tables in it.

    Args:
        connection: Any connection; it lends its parser.
        sql: The user's text.

    Returns:
        Namespace (empty if none is written) and table of each reference, as written, sorted, without duplicates.
        Names of common table expressions are among them.

    Raises:
        FqError: There is not exactly one statement, or it could change something.
        duckdb.Error: The text is not SQL.
    """
    tree = _syntax_tree(connection, sql)
    return sorted({(node["schema_name"], node["table_name"]) for node in _nodes(tree) if _is_table(node)})


def _syntax_tree(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    statements = connection.extract_statements(sql)
    if not statements:
        raise FqError("The query is empty", fix=f"Give one {ALLOWED}")
    if len(statements) > 1:
        raise FqError(
            f"The query has {len(statements)} statements, one is allowed",
            fix="Run them one by one (a PIVOT counts as two unless it lists its values: ON column IN (...))",
        )
    kind = statements[0].type
    if kind == duckdb.StatementType.EXPLAIN:
        return _syntax_tree(connection, _explained(sql))
    row = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
    tree: dict[str, Any] = json.loads(row[0]) if row else {}
    # PRAGMA calls have the type SELECT, but only a true SELECT has a syntax tree.
    if kind != duckdb.StatementType.SELECT or tree.get("error", True):
        raise FqError(f"{_verb(sql)} is not allowed: queries only read", fix=f"Use one {ALLOWED}")
    return tree


def _explained(sql: str) -> str:
    """The statement behind EXPLAIN, which DuckDB's parser does not tell."""
    starts = [start for start, _ in duckdb.tokenize(sql)]
    words = 2 if len(starts) > 2 and sql[starts[1] :].upper().startswith("ANALYZE") else 1
    return sql[starts[words] :]


def _verb(sql: str) -> str:
    """The first word of a statement, comments skipped."""
    start = duckdb.tokenize(sql)[0][0]
    return sql[start:].split()[0].rstrip(";").upper()


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for child in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(child)


def _is_table(node: dict[str, Any]) -> bool:
    return node.get("type") == "BASE_TABLE" and "table_name" in node

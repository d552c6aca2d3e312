"""What a statement is and which tables it names, according to DuckDB's own parser.

Belongs here: refusing all that does not only read. Does not: running anything.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from fq_platform.errors import FqError
from fq_platform.query.table_names import Reference

ALLOWED = "SELECT, WITH, DESCRIBE, SUMMARIZE, SHOW or EXPLAIN"


@dataclass(frozen=True)
class References:
    """What a statement reads, sorted, without duplicates.

    Args:
        tables: The tables; names of common table expressions are among them.
        changelogs: The tables whose current state is asked for, with `current(...)`.
    """

    tables: Sequence[Reference]
    changelogs: Sequence[Reference]


def tables_read(connection: duckdb.DuckDBPyConnection, sql: str) -> References:
    """Check that `sql` is one statement that only reads, and list the tables in it.

    Args:
        connection: Any connection; it lends its parser.
        sql: The user's text.

    Returns:
        The tables and changelogs that it names.

    Raises:
        FqError: There is not exactly one statement, it could change something, or it calls `current` wrongly.
        duckdb.Error: The text is not SQL.
    """
    nodes = list(_nodes(_syntax_tree(connection, sql)))
    tables = {(node["schema_name"], node["table_name"]) for node in nodes if _is_table(node)}
    changelogs = {_changelog(node["function"]["children"]) for node in nodes if _is_current(node)}
    return References(sorted(tables), sorted(changelogs))


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


def _is_current(node: dict[str, Any]) -> bool:
    return node.get("type") == "TABLE_FUNCTION" and node["function"]["function_name"].lower() == "current"


def _changelog(arguments: list[dict[str, Any]]) -> Reference:
    """The table that a call of `current` names, as text or bare."""
    table, *rest = arguments or [{}]
    if rest and rest[0]["type"] == "VALUE_CONSTANT" and rest[0]["value"]["type"]["id"] != "VARCHAR":
        raise FqError(
            "The second argument of current() is a moment",
            where="current",
            fix="Write it like TIMESTAMPTZ '2026-01-31 08:00:00Z'; for a snapshot id there is --as-of",
        )
    match table:
        case {"type": "COLUMN_REF", "column_names": [*namespaces, name]}:
            return (namespaces[-1] if namespaces else "", name)
        case {"type": "VALUE_CONSTANT", "value": {"type": {"id": "VARCHAR"}, "value": str(text)}}:
            *namespaces, name = text.replace('"', "").split(".")
            return (namespaces[-1] if namespaces else "", name)
    raise FqError(
        "current() takes the name of one raw table",
        where="current",
        fix="Write it like current(raw.ecommerce_db_orders)",
    )

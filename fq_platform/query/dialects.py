"""SQL of one engine as another one writes it, by sqlglot.

Belongs here: the translation, and what sqlglot does not translate itself. Does not: anything that asks an engine.
"""

from sqlglot import exp, parse
from sqlglot.errors import ErrorLevel, SqlglotError

from fq_platform.errors import FqError

_OF_TRINO = ("trino", "athena", "presto")


def translated(sql: str, source: str, target: str) -> str:
    """A statement in another engine's SQL.

    Args:
        sql: One statement, such as a question of the dashboard.
        source: The dialect that it is written in, as sqlglot calls it.
        target: The dialect wanted (`QueryEngine.dialect`).

    Returns:
        The statement; unchanged where both are the same.

    Raises:
        FqError: The text is not SQL of the source.
    """
    if source == target:
        return sql
    try:
        statements = [tree for tree in parse(sql, dialect=source) if tree and not isinstance(tree, exp.Semicolon)]
        if len(statements) != 1:
            raise SqlglotError(f"It has {len(statements)} statements, not one")
        tree = statements[0].transform(lambda node: _adapted(node, target))
        return tree.sql(dialect=target, unsupported_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        raise FqError(
            f"The query cannot be put into the SQL of {target}:\n{error}",
            fix=f"Write it in the SQL of {target}, or ask the engine that it is written for",
        ) from None


def _adapted(node: exp.Expr, target: str) -> exp.Expr:
    """What the target calls otherwise, and sqlglot leaves as it is."""
    match node:
        case exp.ArrayOverlaps():
            return exp.func("arrays_overlap", node.this, node.expression)
        # DuckDB searches a text by this name; in Trino it searches an array.
        case exp.Contains() if target in _OF_TRINO:
            return exp.GT(this=exp.func("strpos", node.this, node.expression), expression=exp.Literal.number(0))
        case _:
            return node

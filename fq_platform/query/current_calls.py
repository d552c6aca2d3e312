"""Calls of `current(<table>[, <moment>])` in a statement: where they stand, and what they are given.

Belongs here: finding the calls, by sqlglot. Does not: what an engine puts in their place (`spark_names.py`,
`trino_current.py`); DuckDB has a macro of that name, and its own parser (`duckdb_statement.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp, parse_one, tokenize
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from fq_platform.errors import FqError

_QUOTES = str.maketrans("", "", '"`')


@dataclass(frozen=True)
class Call:
    """A call of `current`.

    Args:
        begin: Where it begins (characters).
        end: The first character behind it.
        table: The changelog's name in parts, without quotes.
        moment: The moment that it is asked about; None for now.
    """

    begin: int
    end: int
    table: tuple[str, ...]
    moment: exp.Expr | None


def calls_of_current(sql: str, dialect: str) -> list[Call]:
    """The calls in a statement, in their order.

    Args:
        sql: One statement.
        dialect: Its SQL, by sqlglot's name.

    Raises:
        FqError: One does not name a table first, or has more than a moment behind it.
    """
    tokens = tokenize(sql, dialect=dialect)
    return [_call(sql, dialect, tokens, place) for place in range(1, len(tokens) - 1) if _begins_at(tokens, place)]


def wrong_call() -> FqError:
    """What is said of a call that cannot be meant."""
    return FqError(
        "current() takes the name of one raw table, and a moment if you like",
        where="current",
        fix="Write it like current(raw.ecommerce_db_orders, '2026-01-31'); for a snapshot id there is --as-of",
    )


def _begins_at(tokens: Sequence[Token], place: int) -> bool:
    before, name, behind = tokens[place - 1 : place + 2]
    return (
        name.token_type is TokenType.VAR
        and name.text.lower() == "current"
        and behind.token_type is TokenType.L_PAREN
        and before.token_type is not TokenType.DOT  # a function of another schema
    )


def _call(sql: str, dialect: str, tokens: Sequence[Token], place: int) -> Call:
    begin, end = tokens[place].start, _closing(tokens, place + 1).end + 1
    try:
        arguments = parse_one(sql[begin:end], dialect=dialect).expressions
    except SqlglotError:
        raise wrong_call() from None
    match arguments:
        case [exp.Column() | exp.Dot() as name, *moments] if len(moments) < 2:
            table = tuple(part.name for part in name.parts)
        case [exp.Literal(is_string=True) as text, *moments] if len(moments) < 2:
            table = tuple(text.name.translate(_QUOTES).split("."))
        case _:
            raise wrong_call()
    return Call(begin, end, table, moments[0] if moments else None)


def _closing(tokens: Sequence[Token], opening: int) -> Token:
    """The parenthesis that ends what the one at `opening` begins, or the last token."""
    depth = 0
    for token in tokens[opening:]:
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if depth == 0:
            return token
    return tokens[-1]

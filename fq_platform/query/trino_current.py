"""The current state of a raw table in Trino: `current(<table>[, <moment>])` written as a subquery.

Belongs here: finding the calls, and the SQL. Does not: the same in DuckDB and Spark (`current_state.py`,
`lakehouse/current.py`, which explains the rule of what version lives); a test holds them together.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp, parse_one, tokenize
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from fq_platform.errors import FqError
from fq_platform.query.time_travel import parse_as_of
from fq_platform.query.trino_names import quoted

# The versions are found among the key columns alone and then joined to their rows, as DuckDB's macro does it. The table
# stands here under the name that the user wrote: names and --as-of are put in afterwards, as everywhere.
_CURRENT = """(
SELECT _fq_version.*
FROM {table} AS _fq_version JOIN (
    SELECT _id, _fq_op, _fq_window, _fq_extracted_at, _fq_hash, row_number() OVER (
        PARTITION BY _id ORDER BY _fq_extracted_at DESC, _fq_hash DESC NULLS LAST, _fq_window DESC NULLS LAST
    ) AS _fq_place
    FROM (
        SELECT _id, _fq_op, _fq_window, _fq_extracted_at, _fq_hash, row_number() OVER (
            PARTITION BY _id, _fq_window ORDER BY _fq_extracted_at DESC, _fq_hash DESC NULLS LAST
        ) AS _fq_place
        FROM {table}
        WHERE _fq_extracted_at <= {moment}
    )
    WHERE _fq_place = 1 AND _fq_op <> 'delete'
) AS _fq_live ON (
    _fq_live._fq_place = 1
    AND _fq_version._id = _fq_live._id
    AND _fq_version._fq_op = _fq_live._fq_op
    AND _fq_version._fq_extracted_at = _fq_live._fq_extracted_at
    AND _fq_version._fq_window IS NOT DISTINCT FROM _fq_live._fq_window
    AND _fq_version._fq_hash IS NOT DISTINCT FROM _fq_live._fq_hash
))"""
_EVER = "TIMESTAMP '9999-12-31 00:00:00 UTC'"


@dataclass(frozen=True)
class _Call:
    """A call of `current`: where it begins and ends (characters), and its arguments."""

    begin: int
    end: int
    arguments: Sequence[exp.Expr]


def with_current(sql: str) -> str:
    """Write what `current(...)` stands for.

    Args:
        sql: One statement of Trino's SQL.

    Returns:
        The statement, with a subquery in place of each call; nothing else of its text is changed.

    Raises:
        FqError: A call does not name one table, or its moment is none.
    """
    for call in reversed(list(_calls(sql))):
        table, moment = _arguments(call)
        sql = f"{sql[: call.begin]}{_CURRENT.format(table=table, moment=moment)}{sql[call.end :]}"
    return sql


def _calls(sql: str) -> Iterator[_Call]:
    tokens = tokenize(sql, dialect="trino")
    for place in range(1, len(tokens) - 1):
        named = tokens[place].token_type is TokenType.VAR and tokens[place].text.lower() == "current"
        if named and tokens[place + 1].token_type is TokenType.L_PAREN and tokens[place - 1].text != ".":
            begin, end = tokens[place].start, _closing(tokens, place + 1).end + 1
            try:
                yield _Call(begin, end, parse_one(sql[begin:end], dialect="trino").expressions)
            except SqlglotError:
                raise _wrong() from None


def _closing(tokens: Sequence[Token], opening: int) -> Token:
    """The parenthesis that ends what the one at `opening` begins, or the last token."""
    depth = 0
    for token in tokens[opening:]:
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        if depth == 0:
            return token
    return tokens[-1]


def _arguments(call: _Call) -> tuple[str, str]:
    """The table's name and the moment as SQL."""
    match call.arguments:
        case [exp.Column() | exp.Dot() as table, *moment] if len(moment) < 2:
            name = table.sql(dialect="trino")
        case [exp.Literal(is_string=True) as text, *moment] if len(moment) < 2:
            name = quoted(*text.name.replace('"', "").split("."))
        case _:
            raise _wrong()
    return name, _moment(moment[0]) if moment else _EVER


def _moment(given: exp.Expr) -> str:
    if not (isinstance(given, exp.Literal) and given.is_string):
        return f"CAST({given.sql(dialect='trino')} AS timestamp(6) with time zone)"
    moment = parse_as_of(given.name)
    if not isinstance(moment, dt.datetime):
        raise _wrong()
    return f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S.%f} UTC'"


def _wrong() -> FqError:
    return FqError(
        "current() takes the name of one raw table, and a moment if you like",
        where="current",
        fix="Write it like current(raw.ecommerce_db_orders, '2026-01-31'); for a snapshot id there is --as-of",
    )

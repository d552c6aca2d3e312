"""The current state of a raw table in Trino: `current(<table>[, <moment>])` written as a subquery.

Belongs here: its SQL. Does not: finding the calls (`current_calls.py`), or the same in DuckDB and Spark
(`current_state.py`, `lakehouse/current.py`, which explains the rule of what version lives); a test holds them together.
"""

import datetime as dt

from sqlglot import exp

from fq_platform.query.current_calls import calls_of_current, wrong_call
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


def with_current(sql: str) -> str:
    """Write what `current(...)` stands for.

    Args:
        sql: One statement of Trino's SQL.

    Returns:
        The statement, with a subquery in place of each call; nothing else of its text is changed.

    Raises:
        FqError: A call does not name one table, or its moment is none.
    """
    for call in reversed(calls_of_current(sql, "trino")):
        moment = _EVER if call.moment is None else _moment(call.moment)
        sql = f"{sql[: call.begin]}{_CURRENT.format(table=quoted(*call.table), moment=moment)}{sql[call.end :]}"
    return sql


def _moment(given: exp.Expr) -> str:
    if not (isinstance(given, exp.Literal) and given.is_string):
        return f"CAST({given.sql(dialect='trino')} AS timestamp(6) with time zone)"
    moment = parse_as_of(given.name)
    if not isinstance(moment, dt.datetime):
        raise wrong_call()
    return f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S.%f} UTC'"

"""`--as-of` for engines that take it in the SQL itself: behind the name of every table that a statement reads.

Belongs here: FOR VERSION and FOR TIMESTAMP AS OF, as Trino, Athena and Spark write them alike. Does not: reading what
the user typed (`time_travel.py`), or running the statement.
"""

import datetime as dt
from collections.abc import Callable, Iterable

from fq_platform.errors import FqError
from fq_platform.query.statement_tables import Named, named_tables, replaced
from fq_platform.query.time_travel import AsOf

CommittedAt = Callable[[tuple[str, ...], int], dt.datetime | None]
"""Says when a table (its name's parts, as the statement has them) got a snapshot; None if it has no such snapshot."""


def sql_as_of(sql: str, dialect: str, as_of: AsOf, committed_at: CommittedAt) -> str:
    """Let a statement read every table as it was.

    A snapshot id stands for itself in the table that has it, and for the moment of its commit in the others, as
    `time_travel.snapshots_as_of` has it. Tables of which the statement itself says when stay as they are, and so do an
    Iceberg table's own tables (`"orders$snapshots"`), which are about all times.

    Args:
        sql: One statement.
        dialect: Its SQL, by sqlglot's name: `trino`, `athena` or `spark`.
        as_of: The snapshot id, or the moment with its zone.
        committed_at: Asked only if a snapshot id is given and the statement reads several tables.

    Returns:
        The statement; nothing else of its text is changed.

    Raises:
        FqError: The statement cannot be read, names no table to look at in the past, or none that has the snapshot.
    """
    tables = {table.parts for table in named_tables(sql, dialect) if _has_a_past(table)}
    if not tables:
        raise FqError("The query names no table to look at in the past", where="--as-of", fix="Name one")
    if isinstance(as_of, dt.datetime):
        versions = dict.fromkeys(tables, _at_moment(as_of))
    else:
        versions = _at_snapshot(sorted(tables), as_of, committed_at)
    return replaced(
        sql,
        dialect,
        lambda table, written: f"{written} {versions[table.parts]}" if _has_a_past(table) else written,
    )


def _has_a_past(table: Named) -> bool:
    return not (table.at_version or "$" in table.parts[-1] or "information_schema" in table.parts)


def _at_snapshot(
    tables: Iterable[tuple[str, ...]], snapshot: int, committed_at: CommittedAt
) -> dict[tuple[str, ...], str]:
    itself = f"FOR VERSION AS OF {snapshot}"
    first, *others = tables
    if not others:
        return {first: itself}
    for owner in (first, *others):
        moment = committed_at(owner, snapshot)
        if moment is not None:
            return dict.fromkeys((first, *others), _at_moment(moment)) | {owner: itself}
    raise FqError(
        f"None of the tables of the query has a snapshot {snapshot}",
        where=", ".join(".".join(table) for table in (first, *others)),
        fix='Take an id from `SELECT * FROM raw."<table>$snapshots"`, or a moment',
    )


def _at_moment(moment: dt.datetime) -> str:
    """To the millisecond, as snapshots are dated."""
    rounded = dt.datetime.fromtimestamp(round(moment.timestamp() * 1000) / 1000, dt.UTC)
    return f"FOR TIMESTAMP AS OF TIMESTAMP '{rounded:%Y-%m-%d %H:%M:%S}.{rounded.microsecond // 1000:03d} UTC'"

"""The lakehouse as it was: which snapshot of a table was current at a moment.

Belongs here: reading the user's `--as-of` and finding snapshots. Does not: how an engine reads a snapshot.
"""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fq_platform.errors import FqError

if TYPE_CHECKING:
    from pyiceberg.table import Table

AsOf = int | dt.datetime
"""A snapshot id, or a moment with its time zone."""


def parse_as_of(text: str) -> AsOf:
    """Read what a user typed after `--as-of`.

    Args:
        text: A snapshot id (digits only), or an ISO 8601 date or timestamp; UTC if it names no zone.

    Returns:
        The snapshot id, or the moment in UTC. A date alone is its first instant.

    Raises:
        FqError: The text is neither.
    """
    if text.strip().isdecimal():
        return int(text)
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise FqError(
            f"{text!r} is neither a snapshot id nor an ISO timestamp",
            where="--as-of",
            fix="Write it like 2026-01-31T08:00:00Z, or take a snapshot id from `fq tables`",
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)


def snapshots_as_of(tables: Sequence["Table"], as_of: AsOf) -> list[int]:
    """The snapshot of each table that was current at one moment.

    A snapshot id stands for itself in the table that has it, and for the moment of its commit in the others.

    Args:
        tables: The tables of one query.
        as_of: The snapshot id, or the moment; a snapshot committed exactly then counts.

    Returns:
        One snapshot id per table, in the order of `tables`.

    Raises:
        FqError: No table has the snapshot, or a table had none yet at the moment.
    """
    if isinstance(as_of, dt.datetime):
        milliseconds = round(as_of.timestamp() * 1000)
        return [_current_at(table, milliseconds) for table in tables]
    for owner in tables:
        snapshot = owner.snapshot_by_id(as_of)
        if snapshot is not None:
            return [
                snapshot.snapshot_id if table is owner else _current_at(table, snapshot.timestamp_ms)
                for table in tables
            ]
    raise FqError(
        f"None of the tables of the query has a snapshot {as_of}",
        where=", ".join(name_of(table) for table in tables),
        fix=f"The latest ones are: {'; '.join(_latest(table) for table in tables)}",
    )


def name_of(table: "Table") -> str:
    """The table's name as queries write it, such as `raw.ecommerce_db_orders`."""
    return ".".join(table.name())


def _current_at(table: "Table", milliseconds: int) -> int:
    snapshot = table.snapshot_as_of_timestamp(milliseconds)
    if snapshot is not None:
        return snapshot.snapshot_id
    history = table.history()
    if not history:
        raise FqError(f"{name_of(table)} has no snapshot, hence no past", fix="Query it without --as-of")
    first = history[0]
    raise FqError(
        f"{name_of(table)} did not exist at {_moment(milliseconds)}: its first snapshot is {first.snapshot_id}"
        f" of {_moment(first.timestamp_ms)}",
        where="--as-of",
        fix="Choose that moment or a later one",
    )


def _latest(table: "Table", count: int = 3) -> str:
    newest = [f"{entry.snapshot_id} of {_moment(entry.timestamp_ms)}" for entry in reversed(table.history())][:count]
    return f"{name_of(table)}: {', '.join(newest) or 'none'}"


def _moment(milliseconds: int) -> str:
    moment = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

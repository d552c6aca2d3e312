"""Which snapshot of a table a reader means: the newest, that of a branch, one of the past, or what came in between.

Belongs here: finding snapshots in the table's metadata. Does not: reading rows (`spark_read.py`, `arrow_read.py`).
"""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fq_platform.errors import FqError

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot
    from pyiceberg.types import IcebergType

_REWRITES_NOTHING = ("append", "replace")
"""Operations that neither change nor remove rows; `replace` only moves them to other files."""


@dataclass(frozen=True)
class Since:
    """The rows that were appended between two snapshots.

    Args:
        after: The snapshot that the reader knows already: its rows are not among them.
        until: The last snapshot that counts; None for the newest.
    """

    after: int
    until: int | None = None


@dataclass(frozen=True)
class ReadOptions:
    """What of a table's history a reader asks for; nothing of it means the newest snapshot of `main`.

    Args:
        as_of: A snapshot id, or a moment with its time zone: what `main` was then.
        branch: The name of a branch, or a tag.
        since: Only what was appended after a snapshot; on the branch, if one is named.

    Raises:
        FqError: `as_of` is given together with another.
    """

    as_of: int | dt.datetime | None = None
    branch: str | None = None
    since: Since | None = None

    def __post_init__(self) -> None:
        if self.as_of is not None and (self.branch or self.since):
            other = "a branch" if self.branch else "an increment"
            raise FqError(
                f"A load asks for both a moment ({self.as_of}) and {other}",
                fix="Ask for one of them; a snapshot id names a state of any branch",
            )

    @property
    def is_newest(self) -> bool:
        """Whether the newest snapshot of `main` is asked for, whole."""
        return self.as_of is None and self.since is None and self.branch in (None, "main")


@dataclass(frozen=True)
class ReadPoint:
    """What is read, as ids of snapshots; the rows have the columns that the table has now.

    Args:
        snapshot_id: The state that is read; None for a table or branch without any snapshot, which has no rows.
        after: If given, only rows that were appended after this snapshot.
    """

    snapshot_id: int | None
    after: int | None = None


def read_point(table: "Table", options: ReadOptions) -> ReadPoint:
    """Find the snapshots that a reader asks for.

    Args:
        table: The table with its newest metadata.
        options: What is asked for.

    Returns:
        Where to read.

    Raises:
        FqError: There is no such branch or snapshot, nothing existed at that moment, what came after a snapshot is
            more than appended rows, or a column had a type then that today's cannot hold.
    """
    point = _point(table, options)
    if point.snapshot_id is not None and not options.is_newest:
        _require_todays_types(table, _known(table, point.snapshot_id))
    return point


def _point(table: "Table", options: ReadOptions) -> ReadPoint:
    if options.as_of is not None:
        return ReadPoint(_as_of(table, options.as_of))
    head = _head(table, options.branch)
    if options.since is None:
        return ReadPoint(head)
    return _increment(table, options.since, head)


def _require_todays_types(table: "Table", snapshot: "Snapshot") -> None:
    """Refuse what was written before the table was replaced by one whose columns of the same names have other types.

    Such columns keep their ids, so that every engine tries to read the old files as the new types.
    """
    from pyiceberg.schema import index_by_id

    schema = table.schemas().get(snapshot.schema_id) if snapshot.schema_id is not None else None
    if schema is None or schema == table.schema():
        return
    now = index_by_id(table.schema())
    for number, then in index_by_id(schema).items():
        if number in now and not _holds(now[number].field_type, then.field_type):
            name = schema.find_column_name(number)
            raise FqError(
                f"The column {name} was {_kind(then.field_type)} at snapshot {snapshot.snapshot_id} and is "
                f"{_kind(now[number].field_type)} since the table was replaced: the rows of then cannot be read as "
                "those of now",
                where=_name(table),
                fix="Read them with the columns of then, in Spark SQL: "
                f"FROM {_name(table)} VERSION AS OF {snapshot.snapshot_id}",
            )


def _holds(now: "IcebergType", then: "IcebergType") -> bool:
    """Whether values of a type can be read as those of another; what nested types hold is looked at by itself."""
    from pyiceberg.exceptions import ResolveError
    from pyiceberg.schema import promote
    from pyiceberg.types import PrimitiveType

    if not (isinstance(now, PrimitiveType) and isinstance(then, PrimitiveType)):
        return type(now) is type(then)
    try:
        return promote(then, now) == now
    except ResolveError:
        return False


def _kind(kind: "IcebergType") -> str:
    return str(kind) if kind.is_primitive else type(kind).__name__.removesuffix("Type").lower()


def _head(table: "Table", branch: str | None) -> int | None:
    if branch in (None, "main"):
        return table.metadata.current_snapshot_id
    reference = table.refs().get(branch)
    if reference is None:
        raise FqError(
            f"The table has no branch {branch}",
            where=_name(table),
            fix=f"Name one that it has: {', '.join(sorted(table.refs())) or 'none yet'}; audit branches go when they "
            "are published or old",
        )
    return reference.snapshot_id


def _as_of(table: "Table", as_of: int | dt.datetime) -> int:
    if isinstance(as_of, int):
        return _known(table, as_of).snapshot_id
    if as_of.tzinfo is None:
        raise FqError(f"The moment {as_of} has no time zone", where=_name(table), fix="Give it one, such as dt.UTC")
    entries = [entry for entry in table.history() if entry.timestamp_ms <= as_of.timestamp() * 1000]
    if entries:
        return _known(table, entries[-1].snapshot_id).snapshot_id
    oldest = _oldest(table)
    raise FqError(
        f"No snapshot is as old as {as_of.isoformat()}: "
        + (f"the oldest that is kept is of {oldest}" if oldest else "the table was never written to"),
        where=_name(table),
        fix="Ask for that moment or a later one" if oldest else "Materialise it first",
    )


def _increment(table: "Table", since: Since, head: int | None) -> ReadPoint:
    """What was appended after a snapshot, if nothing but appending happened."""
    from fq_platform.lakehouse.history import ancestors

    _known(table, since.after)
    until = _known(table, since.until).snapshot_id if since.until is not None else head
    for snapshot in ancestors(table, until):
        if snapshot.snapshot_id == since.after:
            return ReadPoint(until, after=since.after)
        operation = snapshot.summary.operation.value if snapshot.summary else "append"
        if operation not in _REWRITES_NOTHING:
            raise FqError(
                f"Snapshot {snapshot.snapshot_id} of {_moment(snapshot.timestamp_ms)} did not only append rows "
                f"({operation}), so that what came after snapshot {since.after} is no increment",
                where=_name(table),
                fix="Load the whole table instead, or its state as of a snapshot",
            )
    raise FqError(
        f"Snapshot {since.after} does not lead to snapshot {until}: it is later, on another branch, or what lies "
        "between has expired",
        where=_name(table),
        fix="Load the whole table instead; the table's history shows which snapshot follows which",
    )


def _known(table: "Table", snapshot_id: int) -> "Snapshot":
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None:
        oldest = _oldest(table)
        raise FqError(
            f"The table has no snapshot {snapshot_id}: it has expired, or is another table's",
            where=_name(table),
            fix=f"The oldest snapshot that is kept is of {oldest}; load the whole table instead"
            if oldest
            else "Materialise it first",
        )
    return snapshot


def _oldest(table: "Table") -> str | None:
    times = [snapshot.timestamp_ms for snapshot in table.snapshots()]
    return _moment(min(times)) if times else None


def _name(table: "Table") -> str:
    return ".".join(("iceberg", *table.name()))


def _moment(milliseconds: int) -> str:
    moment = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

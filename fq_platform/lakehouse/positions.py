"""Reading positions: which windows of a raw table a table that is made of it agrees with, told by that table itself.

Belongs here: recording positions, and which of them can be believed. Does not: what changed in a raw table since
(`raw_changes.py`), or reading it.
"""

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fq_platform.lakehouse.day_spans import Days, days_in, spans
from fq_platform.lakehouse.history import ancestors, is_replace
from fq_platform.lakehouse.layout import TableName

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

WHOLE: Days = frozenset({None})
"""The windows of a table without days."""

_NOTE_ATTEMPTS = 5
_FILE_COUNTS = ("added-data-files", "deleted-data-files", "added-delete-files", "removed-delete-files")


@dataclass(frozen=True)
class Claim:
    """Some windows of a table agree with a snapshot of the raw table.

    Args:
        snapshot: Id of the raw table's snapshot.
        windows: The windows that were made of its rows.
    """

    snapshot: int
    windows: Days


@dataclass(frozen=True)
class Position:
    """What a run knows of its reading when it writes; it becomes a property of the snapshot that it commits.

    Args:
        snapshot: Id of the raw table's snapshot that was read.
        windows: All windows that agree with it once the run has written, if nobody else writes in between.
        wrote: Those of them that the run read and writes.
        base: Id of the snapshot that the run found in the table it writes; None if it found none.
        code: Version of the code that made the rows.
        whole: Whether what is written is made of all rows of `wrote`; False for rows merged into those present.
    """

    snapshot: int
    windows: Days
    wrote: Days
    base: int | None
    code: str
    whole: bool = True

    def to_json(self) -> str:
        """The value of a property. Ids are texts, since JSON's numbers are not always 64 bits wide."""
        return json.dumps(
            {
                "snapshot": str(self.snapshot),
                "windows": spans(self.windows),
                "wrote": spans(self.wrote),
                "base": None if self.base is None else str(self.base),
                "code": self.code,
                "whole": self.whole,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> "Position | None":
        """Read the value of a property; None if it is none that this version wrote."""
        try:
            found = json.loads(text)
            base = found["base"]
            return cls(
                snapshot=int(found["snapshot"]),
                windows=days_in(found["windows"]),
                wrote=days_in(found["wrote"]),
                base=None if base is None else int(base),
                code=found["code"],
                whole=found["whole"],
            )
        except (ValueError, KeyError, TypeError):
            return None


def property_name(raw: TableName) -> str:
    """The property that holds the position in a raw table, such as `fq.read.raw.ecommerce_db_orders`."""
    return f"fq.read.{raw.layer.value}.{raw.name}"


def claims(table: "Table", raw: TableName, code: str) -> list[Claim]:
    """What can be believed of a table's reading.

    A position speaks for all its windows only where it was committed on top of the snapshot that its run had found.
    Where others committed in between, it speaks for the windows that it wrote, and the others' positions for theirs.

    Args:
        table: The table that is made of the raw table.
        raw: The raw table.
        code: Version of the code that would make the rows now; what other code made is not believed.

    Returns:
        Claims whose windows are disjoint; none if nothing is known, or somebody else wrote last.
    """
    name = property_name(raw)
    noted = _noted(table, name)
    if noted is not None and _same_rows(table, noted.base, table.metadata.current_snapshot_id):
        return [Claim(noted.snapshot, noted.windows)] if noted.code == code else []
    found: list[Claim] = []
    rewritten: Days = frozenset()
    for snapshot in ancestors(table):
        if is_replace(snapshot):
            continue
        text = snapshot.summary.additional_properties.get(name) if snapshot.summary else None
        position = Position.from_json(text) if text else None
        if position is None or position.code != code:
            break
        if _is_based_on_parent(table, snapshot, position):
            found.append(Claim(position.snapshot, position.windows - rewritten))
            break
        if position.whole:
            found.append(Claim(position.snapshot, position.wrote - rewritten))
        rewritten |= position.wrote
    return [claim for claim in found if claim.windows]


def _is_based_on_parent(table: "Table", snapshot: "Snapshot", position: Position) -> bool:
    """Whether nobody else committed between the snapshot that a run found and the one that it committed."""
    parent = snapshot.parent_snapshot_id
    if not position.whole and _is_bare(snapshot):
        # Spark's MERGE takes no properties. They stand in a snapshot without files, right after it on a branch that was
        # this run's own, and both reach readers at once.
        merged = table.snapshot_by_id(parent) if parent is not None else None
        if merged is None:
            return False
        parent = merged.parent_snapshot_id
    return _same_rows(table, position.base, parent)


def _is_bare(snapshot: "Snapshot") -> bool:
    """Whether a snapshot neither adds nor removes files."""
    summary = snapshot.summary.additional_properties if snapshot.summary else {}
    return not any(int(summary.get(count) or 0) for count in _FILE_COUNTS)


def _same_rows(table: "Table", one: int | None, other: int | None) -> bool:
    """Whether two snapshots of a table are the same but for compactions."""
    return one == other or _content(table, one) == _content(table, other)


def _content(table: "Table", snapshot: int | None) -> int | None:
    """The snapshot that last changed rows, seen from another."""
    if snapshot is None:
        return None
    return next((found.snapshot_id for found in ancestors(table, snapshot) if not is_replace(found)), snapshot)


def head(table: "Table | None") -> int | None:
    """The snapshot on which a position is based: what readers of the table see now; None if there is none."""
    return table.metadata.current_snapshot_id if table else None


def note(catalog: "Catalog", target: TableName, raw: TableName, position: Position, *, compared: int | None) -> bool:
    """Record a position where nothing was to be written: in a property of the table, for no snapshot is committed.

    It is believed as long as the table's rows are those of the snapshot that it is based on.

    Args:
        catalog: The Iceberg catalog.
        target: The table that already agrees with what was read.
        raw: The raw table that was read.
        position: The position.
        compared: The snapshot that was found to hold the rows already, perhaps not the one that it is based on.

    Returns:
        Whether it was recorded; not if others keep committing, or the table is no longer what was compared: then the
        windows are read again.
    """
    from pyiceberg.exceptions import CommitFailedException

    for _ in range(_NOTE_ATTEMPTS):
        table = catalog.load_table(target.identifier)
        if not (_same_rows(table, position.base, compared) and _same_rows(table, compared, head(table))):
            return False
        try:
            with table.transaction() as transaction:
                transaction.set_properties({property_name(raw): replace(position, wrote=frozenset()).to_json()})
        except CommitFailedException:
            continue
        return True
    return False


def _noted(table: "Table", name: str) -> Position | None:
    text = table.properties.get(name)
    return Position.from_json(text) if text else None

"""What a sync tells: counts, results, progress.

Belongs here: the values. Does not: how they come about (`sync.py`).
"""

import datetime as dt
from dataclasses import dataclass, field, fields


@dataclass
class Counts:
    """What a comparison found.

    Args:
        inserted: New documents (rows).
        updated: Documents whose bytes changed (rows).
        deleted: Tombstones (rows).
        unchanged: Documents recognised by their hash (documents).
        rescued: Values that their columns cannot hold, in the rows appended.
    """

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    rescued: int = 0

    @property
    def changed(self) -> bool:
        """Whether anything differed, so that rows are appended."""
        return bool(self.inserted or self.updated or self.deleted)

    @property
    def documents(self) -> int:
        """The documents that the source holds."""
        return self.inserted + self.updated + self.unchanged

    def counts(self) -> dict[str, int]:
        """The counts by name."""
        return {counted.name: getattr(self, counted.name) for counted in fields(Counts)}

    def take_in(self, other: "Counts") -> None:
        """Add what another comparison found."""
        for name, count in other.counts().items():
            setattr(self, name, getattr(self, name) + count)


@dataclass
class SyncResult(Counts):
    """What one materialisation of a raw table did, over all its windows.

    Args:
        table: The table's qualified name.
        by_day: The counts of each window by its day; of the one window by None for a collection without days.
        bytes: Size of the files added (bytes).
        seconds: Wall time (seconds).
        snapshot_id: The table's snapshot that holds the result; None if the table has none yet.
        schema_changes: What the table's columns gained, in sentences such as `added lines.note: string`; a table's
            first columns are no changes.
    """

    table: str = ""
    by_day: dict[dt.date | None, Counts] = field(default_factory=dict)
    bytes: int = 0
    seconds: float = 0.0
    snapshot_id: int | None = None
    schema_changes: list[str] = field(default_factory=list)

    def add(self, day: dt.date | None, found: Counts) -> None:
        """Take in what the comparison of a window, or of a part of it, found."""
        self.take_in(found)
        self.by_day.setdefault(day, Counts()).take_in(found)


@dataclass(frozen=True)
class Progress:
    """How far a sync is, over all its windows.

    Args:
        window: The window that was worked at last.
        documents: Documents read so far.
        inserted: New ones among them.
        updated: Changed ones among them.
        unchanged: The others.
        units_done: Units of work that are finished: a window, or a range of a large one.
        units: Units of work in all.
    """

    window: str
    documents: int
    inserted: int
    updated: int
    unchanged: int
    units_done: int
    units: int

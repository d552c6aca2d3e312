"""The line of snapshots that led to what readers of a table see.

Belongs here: walking it. Does not: what a snapshot means to somebody.
"""

from collections.abc import Iterator

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot


def ancestors(table: Table, snapshot: int | None = None) -> Iterator[Snapshot]:
    """The snapshots from the newest to the oldest, as far back as they have not expired.

    Args:
        table: The table.
        snapshot: Where to begin; None for the current snapshot.

    Yields:
        That snapshot, its parent, the parent's parent.
    """
    known = {found.snapshot_id: found for found in table.metadata.snapshots}
    at = snapshot if snapshot is not None else table.metadata.current_snapshot_id
    while at is not None and at in known:
        yield known[at]
        at = known[at].parent_snapshot_id


def is_replace(snapshot: Snapshot) -> bool:
    """Whether the snapshot has the same rows as its parent, in other files: a compaction."""
    return snapshot.summary is not None and snapshot.summary.operation is Operation.REPLACE

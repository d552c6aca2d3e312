"""What changed in a raw table since one of its snapshots, told by its manifests: no data file is opened.

Belongs here: walking a raw table's history. Does not: what was read of it (`positions.py`).
"""

import datetime as dt
from collections.abc import Set
from dataclasses import dataclass
from itertools import groupby

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot

from fq_platform.lakehouse.history import ancestors
from fq_platform.lakehouse.reapply import window_of


@dataclass(frozen=True)
class Changes:
    """What was committed to a raw table after a snapshot.

    Args:
        windows: The windows whose rows differ; None stands for the rows of a table without days.
        appended: Whether rows were only appended, as the platform does; somebody may have deleted some by hand.
    """

    windows: frozenset[dt.date | None]
    appended: bool = True


def changes_since(table: Table, snapshot: int) -> Changes | None:
    """Find out what changed between a snapshot and the current one.

    Compaction changes no rows and counts for nothing.

    Args:
        table: The raw table.
        snapshot: Id of the snapshot after which changes count.

    Returns:
        The changes; None if they cannot be told, since the snapshot expired, or was rolled back, or is another table's.
    """
    after: list[Snapshot] = []
    for ancestor in ancestors(table):
        if ancestor.snapshot_id == snapshot:
            return _changes(table, after)
        after.append(ancestor)
    return None


def changed_windows(table: Table, snapshot: int) -> frozenset[dt.date | None] | None:
    """The windows whose rows differ between a snapshot and the current one; None if that cannot be told."""
    changes = changes_since(table, snapshot)
    return None if changes is None else changes.windows


def _changes(table: Table, snapshots: list[Snapshot]) -> Changes:
    windows: set[dt.date | None] = set()
    appended = True
    # The manifests of many appends in a row all stand in the list of the newest of them: one file to read.
    for operation, group in groupby(snapshots, key=_operation):
        if operation is Operation.REPLACE:
            continue
        members = list(group)
        if operation is Operation.APPEND:
            windows |= _touched(table, members[0], {member.snapshot_id for member in members})
            continue
        appended = False
        for member in members:
            windows |= _touched(table, member, {member.snapshot_id})
    return Changes(frozenset(windows), appended)


def _operation(snapshot: Snapshot) -> Operation | None:
    return snapshot.summary.operation if snapshot.summary else None


def _touched(table: Table, newest: Snapshot, ids: Set[int]) -> set[dt.date | None]:
    """The windows of the files that some snapshots added or removed, from the manifests that the newest refers to."""
    return {
        window_of(entry.data_file)
        for manifest in newest.manifests(table.io)
        if manifest.added_snapshot_id in ids
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False)
        # A manifest that was merged from others also lists files that were there before.
        if entry.snapshot_id in ids
    }

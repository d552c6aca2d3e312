"""When an append that lost a race may be committed as it is, although others committed meanwhile.

Belongs here: reading what the snapshots in between added. Does not: committing.
"""

import datetime as dt
from collections.abc import Iterator

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Operation, Snapshot, ancestors_of

from fq_platform.lakehouse.history import is_replace

_EPOCH = dt.date(1970, 1, 1)


def lost_race(error: Exception) -> bool:
    """Whether a commit failed because another one was faster, be it to another branch.

    PyIceberg's own catalogs complain of the latter with a ValueError: every snapshot of a table has the next number.
    """
    return isinstance(error, CommitFailedException) or (
        isinstance(error, ValueError) and "Cannot add snapshot with sequence number" in str(error)
    )


def window_of(file: DataFile) -> dt.date | None:
    """The window that a data file of a raw table belongs to; None in a table without days."""
    days = file.partition[0] if len(file.partition) else None
    return None if days is None else _EPOCH + dt.timedelta(days=days)


def appended_since(before: Table, after: Table) -> list[DataFile] | None:
    """The files that others added to a table, if what was compared with an earlier snapshot can be told from them.

    Args:
        before: The table that was compared with.
        after: The same table, refreshed.

    Returns:
        The files; None if columns or kinds differ, or something else was committed in between than appends, and
        compactions, which change no row.
    """
    same_table = before.metadata.table_uuid == after.metadata.table_uuid and before.spec() == after.spec()
    same_columns = before.schema() == after.schema() and before.properties == after.properties
    if not same_table or not same_columns:
        return None
    known = before.metadata.current_snapshot_id
    files: list[DataFile] = []
    for snapshot in ancestors_of(after.current_snapshot(), after.metadata):
        if snapshot.snapshot_id == known:
            return files
        if is_replace(snapshot):
            continue
        if snapshot.summary is None or snapshot.summary.operation is not Operation.APPEND:
            return None
        files.extend(_added(after, snapshot))
    return files if known is None else None


def _added(table: Table, snapshot: Snapshot) -> Iterator[DataFile]:
    for manifest in snapshot.manifests(table.io):
        if manifest.added_snapshot_id == snapshot.snapshot_id:
            for entry in manifest.fetch_manifest_entry(table.io):
                if entry.snapshot_id == snapshot.snapshot_id:
                    yield entry.data_file

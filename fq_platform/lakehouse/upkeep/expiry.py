"""Expiry: old snapshots, and the files that only they need, are given up.

Belongs here: which snapshots go, and what must never go. Does not: files that no snapshot ever named (`orphans.py`).
"""

from typing import TYPE_CHECKING

from pyiceberg.table.snapshots import Operation, Snapshot

from fq_platform.errors import FqError
from fq_platform.lakehouse.audit import LEFT_BEHIND, drop_branch
from fq_platform.lakehouse.history import ancestors, is_replace
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.lakehouse.upkeep.audits import last_touched
from fq_platform.lakehouse.upkeep.figures import (
    expirable,
    expires_before,
    fewest_kept,
    keeps_files,
    summary_number,
)
from fq_platform.lakehouse.upkeep.policy import AUDIT_BRANCH_AGE, policy_of
from fq_platform.lakehouse.upkeep.procedures import MetAnotherWriterError, call, yielding
from fq_platform.lakehouse.upkeep.tables import Done, Lake

if TYPE_CHECKING:
    from pyiceberg.table import Table


def expire(lake: Lake, name: TableName, table: "Table") -> Done:
    """Drop old audit branches and what killed writers left, then the snapshots that the table's policy does not keep.

    What a branch or a tag names stays, and so does everything that it needs.

    Args:
        lake: What is worked with; Spark is started only if a snapshot may go.
        name: The table.
        table: The same, loaded.

    Returns:
        Snapshots before and after, and the files that went with them.

    Raises:
        FqError: Rows were removed from a raw table: expiring its snapshots would make that final.
    """
    before = len(table.snapshots())
    dropped = _drop_old_branches(lake, name, table)
    policy = policy_of(name.layer, table.properties, name.qualified)
    if not expirable(table, policy, lake.now):
        return _done(before, before, branches=dropped)
    if keeps_files(table):
        return _done(before, before, branches=dropped, note="left alone: its gc.enabled is false")
    if name.layer is Layer.RAW:
        _require_every_row(name, table)
    session = lake.session()
    older_than, retain_last = expires_before(table, policy, lake.now), fewest_kept(table, policy)
    try:
        (gone,) = yielding(
            lambda: call(
                session,
                "expire_snapshots",
                table=name.qualified,
                older_than=older_than,
                retain_last=retain_last,
                stream_results=True,
            )
        )
    except MetAnotherWriterError:
        return _done(before, before, branches=dropped, note="left alone: others wrote to it all the time")
    return _done(
        before,
        len(table.refresh().snapshots()),
        branches=dropped,
        data_files=gone["deleted_data_files_count"]
        + gone["deleted_position_delete_files_count"]
        + gone["deleted_equality_delete_files_count"],
        metadata_files=gone["deleted_manifest_files_count"] + gone["deleted_manifest_lists_count"],
    )


def _drop_old_branches(lake: Lake, name: TableName, table: "Table") -> int:
    branches = last_touched(table, lake.now, LEFT_BEHIND).items()
    old = [branch for branch, touched in branches if lake.now - touched >= AUDIT_BRANCH_AGE]
    dropped = sum(drop_branch(lake.catalog, name, branch) for branch in old)
    if old:
        table.refresh()
    return dropped


def _require_every_row(name: TableName, table: "Table") -> None:
    """A raw table only grows: a snapshot that took rows away was a mistake, and older ones are the way back."""
    for snapshot in ancestors(table):
        if not _keeps_every_row(snapshot):
            raise FqError(
                f"Rows were removed from a raw table by snapshot {snapshot.snapshot_id}; its snapshots are kept, "
                "since expiring them would make that final",
                where=name.qualified,
                fix="Roll the table back to the snapshot before that one; if the rows are meant to be gone, expire the "
                f"snapshots by hand: CALL iceberg.system.expire_snapshots(table => '{name.qualified}')",
            )


def _keeps_every_row(snapshot: Snapshot) -> bool:
    if is_replace(snapshot):
        return summary_number(snapshot, "added-records") == summary_number(snapshot, "deleted-records")
    return snapshot.summary is not None and snapshot.summary.operation is Operation.APPEND


def _done(
    before: int, after: int, *, branches: int, data_files: int = 0, metadata_files: int = 0, note: str = ""
) -> Done:
    return Done(
        {
            "snapshots_before": before,
            "snapshots_after": after,
            "branches_dropped": branches,
            "data_files_deleted": data_files,
            "metadata_files_deleted": metadata_files,
        },
        note,
    )

"""Audit branches, and writers' hidden ones, as upkeep sees them: which are in use, and which were left behind.

Belongs here: how long ago a branch was certainly last touched. Does not: making, publishing or dropping branches
(`lakehouse/audit.py`).
"""

import datetime as dt
from typing import TYPE_CHECKING

from fq_platform.lakehouse.audit import PREFIX, AuditBranch, audit_branches
from fq_platform.lakehouse.history import ancestors

if TYPE_CHECKING:
    from pyiceberg.table import Table


def last_touched(table: "Table", now: dt.datetime, prefixes: tuple[str, ...] = (PREFIX,)) -> dict[str, dt.datetime]:
    """When each audit branch of a table was last written to, or may have been made.

    A branch that was written to tells it by its newest snapshot. One that was only made yet stands on a snapshot of
    main, however old that is: it was made before main went on from there, or may just have been made.

    Args:
        table: The table, as loaded from the catalog.
        now: The present.
        prefixes: How the names of the branches start.

    Returns:
        The branches by name.
    """
    # The time at which main went on from each of its snapshots.
    left_at = {snapshot.parent_snapshot_id: snapshot.timestamp_ms for snapshot in ancestors(table)}
    in_main = {snapshot.snapshot_id for snapshot in ancestors(table)}

    def touched(branch: AuditBranch) -> dt.datetime:
        if branch.snapshot_id not in in_main:
            return branch.written_at
        if branch.snapshot_id not in left_at:
            return now
        return dt.datetime.fromtimestamp(left_at[branch.snapshot_id] / 1000, dt.UTC)

    return {branch.name: touched(branch) for branch in audit_branches(table, prefixes)}

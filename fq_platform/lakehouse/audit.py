"""Audit branches: a write that nobody sees until it is published, and what moves `main` to it.

Belongs here: naming, publishing and finding branches of a table. Does not: writing to them (`spark_write.py`), or
deciding whether what they hold is good (`fq_platform/assets/audited.py`).
"""

import datetime as dt
import random
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import TableName

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

PREFIX = "audit_"
"""What the names of audit branches start with."""
WORK_PREFIX = "fq_work_"
"""What the names of hidden branches start with, on which writers run several statements to publish them as one.
One that is days old belongs to a writer that was killed."""
LEFT_BEHIND = (PREFIX, WORK_PREFIX)
"""The branches of which upkeep removes old ones, and no others."""

_RUN_DIGITS = 8
_ATTEMPTS = 30
_LONGEST_PAUSE = 2.0
"""Seconds. Only the catalog's pointer is fought for, which others hold for milliseconds."""


@dataclass(frozen=True)
class AuditBranch:
    """A branch that a write left behind: one that failed its audit, or that is being audited now.

    Args:
        name: The branch.
        snapshot_id: Its newest snapshot.
        written_at: When that was committed.
    """

    name: str
    snapshot_id: int
    written_at: dt.datetime


def branch_name(run_id: str) -> str:
    """The audit branch of a run in any of its tables, such as `audit_3f2a9c01`.

    Args:
        run_id: The run; its first digits tell runs apart, and are what the UI shows.

    Returns:
        A name that SQL takes without quotes.
    """
    return PREFIX + re.sub(r"\W", "_", run_id[:_RUN_DIGITS], flags=re.ASCII)


def publish(catalog: "Catalog", table: TableName, branch: str) -> bool:
    """Let `main` be what the branch is, and drop the branch, in one commit of the catalog.

    `main` moves only forward: if others have committed to it since the branch was made, publishing would lose what
    they wrote.

    Args:
        catalog: The catalog.
        table: The table.
        branch: One of its branches, made from `main`.

    Returns:
        True if it is published; False if `main` holds commits that the branch does not: nothing was changed, and the
        write has to be made again on top of them.

    Raises:
        FqError: The branch is gone, or others keep committing to the table.
    """
    from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException

    head: int | None = None
    for attempt in range(_ATTEMPTS):
        present = catalog.load_table(table.identifier)
        reference = present.metadata.refs.get(branch)
        if reference is None:
            if head is not None and _is_in_main(present, head):
                return True  # an answer was lost on its way, not the commit
            raise _gone(table, branch)
        head = reference.snapshot_id
        if not _continues_main(present, head):
            return False
        try:
            _move_main(present, branch, head)
            return True
        except (CommitFailedException, CommitStateUnknownException):
            _pause(attempt)
    raise _too_busy(table, f"publishing {branch}")


def drop_branch(catalog: "Catalog", table: TableName, branch: str) -> bool:
    """Drop a branch; the snapshots that only it had expire with the table's next expiry.

    Args:
        catalog: The catalog.
        table: The table, which need not exist.
        branch: The branch, which need not exist.

    Returns:
        Whether there was one.

    Raises:
        FqError: Others keep committing to the table.
    """
    from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException, NoSuchTableError

    for attempt in range(_ATTEMPTS):
        try:
            present = catalog.load_table(table.identifier)
        except NoSuchTableError:
            return False
        if branch not in present.metadata.refs:
            return attempt > 0
        try:
            present.manage_snapshots().remove_branch(branch).commit()
            return True
        except (CommitFailedException, CommitStateUnknownException):
            _pause(attempt)
    raise _too_busy(table, f"dropping {branch}")


def audit_branches(table: "Table", prefixes: tuple[str, ...] = (PREFIX,)) -> list[AuditBranch]:
    """The audit branches of a table, the oldest first.

    Args:
        table: The table, as loaded from the catalog.
        prefixes: How their names start; other than that, branches of other kinds are found.

    Returns:
        One for each branch whose name starts like that.
    """
    from pyiceberg.table.refs import SnapshotRefType

    found = [
        AuditBranch(name, ref.snapshot_id, _committed_at(table, ref.snapshot_id))
        for name, ref in table.metadata.refs.items()
        if name.startswith(prefixes) and ref.snapshot_ref_type is SnapshotRefType.BRANCH
    ]
    return sorted(found, key=lambda branch: (branch.written_at, branch.name))


def old_branches(table: "Table", before: dt.datetime) -> list[AuditBranch]:
    """The audit branches that nobody has written to since a moment: what upkeep drops by `drop_branch`.

    Args:
        table: The table, as loaded from the catalog.
        before: The moment, with a time zone; give a run the time to finish its audit.

    Returns:
        The branches, the oldest first.
    """
    return [branch for branch in audit_branches(table) if branch.written_at < before]


def _continues_main(table: "Table", head: int) -> bool:
    """Whether a snapshot has everything that `main` has: its newest is the snapshot itself, or an ancestor of it."""
    from pyiceberg.table.snapshots import ancestors_of

    main = table.current_snapshot()
    if main is None:
        return True
    lineage = ancestors_of(table.snapshot_by_id(head), table.metadata)
    return any(snapshot.snapshot_id == main.snapshot_id for snapshot in lineage)


def _is_in_main(table: "Table", snapshot_id: int) -> bool:
    from pyiceberg.table.snapshots import ancestors_of

    lineage = ancestors_of(table.current_snapshot(), table.metadata)
    return any(snapshot.snapshot_id == snapshot_id for snapshot in lineage)


def _move_main(table: "Table", branch: str, head: int) -> None:
    """One commit, which the catalog takes only while `main` is where it was when the table was loaded.

    The order counts: of several requirements of one kind PyIceberg keeps the first, which has to be that on `main`.
    """
    changes = table.manage_snapshots()
    main = table.current_snapshot()
    if main is None or main.snapshot_id != head:
        changes = changes.set_current_snapshot(snapshot_id=head)
    changes.remove_branch(branch).commit()


def _committed_at(table: "Table", snapshot_id: int) -> dt.datetime:
    snapshot = table.snapshot_by_id(snapshot_id)
    milliseconds = snapshot.timestamp_ms if snapshot else table.metadata.last_updated_ms
    return dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)


def _pause(attempt: int) -> None:
    time.sleep(random.SystemRandom().uniform(0, min(_LONGEST_PAUSE, 0.02 * 2**attempt)))


def _gone(table: TableName, branch: str) -> FqError:
    return FqError(
        f"The branch {branch} is gone: somebody dropped it while it was audited; nothing was published",
        where=table.qualified,
        fix="Run again",
    )


def _too_busy(table: TableName, doing: str) -> FqError:
    return FqError(
        f"Others committed {_ATTEMPTS} times while {doing}",
        where=table.qualified,
        fix="Run again; if it stays so, let fewer runs write to this table at a time",
    )

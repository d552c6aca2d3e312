"""Whether a table needs upkeep, told from its metadata alone.

Belongs here: figures held against thresholds. Does not: how figures are found (`figures.py`), the thresholds
(`policy.py`).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fq_platform.lakehouse.audit import LEFT_BEHIND, audit_branches
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.upkeep import figures, policy
from fq_platform.lakehouse.upkeep.audits import last_touched
from fq_platform.lakehouse.upkeep.manifests import pays

if TYPE_CHECKING:
    from pyiceberg.table import Table


@dataclass(frozen=True)
class Complaint:
    """Something that upkeep would mend.

    Args:
        what: What is too much, in words.
        remedy: The upkeep that mends it: compaction, manifests or snapshot_expiry.
    """

    what: str
    remedy: str


@dataclass(frozen=True)
class Health:
    """How a table is doing.

    Args:
        figures: What was counted, by name.
        complaints: What is wrong; none for a healthy table.
    """

    figures: Mapping[str, int]
    complaints: Sequence[Complaint]


def examine(table: "Table", name: TableName, now: dt.datetime | None = None) -> Health:
    """Look at a table.

    Args:
        table: The table, loaded.
        name: The same.
        now: The time that ages are counted from; the present if None.

    Returns:
        What was found. Manifests are read only if the table has enough files for a complaint.

    Raises:
        FqError: A property of the table, by which it departs from its layer's policy, is not a number.
    """
    now = now or dt.datetime.now(dt.UTC)
    files = figures.total(table, "data-files")
    small = figures.small_files(table) if files >= policy.WARN_SMALL_FILES else figures.SmallFiles()
    snapshots = len(table.snapshots())
    kept = policy.policy_of(name.layer, table.properties, name.qualified)
    too_old = figures.expirable(table, kept, now)
    branches = last_touched(table, now, LEFT_BEHIND).items()
    old = sorted(branch for branch, touched in branches if now - touched >= policy.AUDIT_BRANCH_AGE)
    manifests = figures.manifests(table)
    metadata_bytes = len(table.io.new_input(table.metadata_location))

    complaints = []
    if small.files >= policy.WARN_SMALL_FILES:
        complaints.append(
            Complaint(
                f"{small.files:,} small files in {small.partitions:,} partitions, {small.bytes // small.files:,} bytes "
                "each on average, would do as fewer",
                "compaction",
            )
        )
    if manifests.files >= policy.WARN_MANIFESTS and pays(manifests):
        complaints.append(Complaint(f"{manifests.files:,} manifests would do as {manifests.needed:,}", "manifests"))
    if too_old and (snapshots >= policy.WARN_SNAPSHOTS or metadata_bytes >= policy.WARN_METADATA_BYTES):
        complaints.append(
            Complaint(
                f"{snapshots:,} snapshots, described by {metadata_bytes:,} bytes that every commit writes anew, of "
                f"which {too_old:,} may go",
                "snapshot_expiry",
            )
        )
    if old:
        complaints.append(
            Complaint(
                f"not published for {policy.AUDIT_BRANCH_AGE.days} days or more: {', '.join(old)}", "snapshot_expiry"
            )
        )
    return Health(
        {
            "files": files,
            "small_files": small.files,
            "snapshots": snapshots,
            "snapshots_to_expire": too_old,
            "audit_branches": len(audit_branches(table)),
            "manifests": manifests.files,
            "metadata_bytes": metadata_bytes,
        },
        complaints,
    )

"""Branches: those that writers name, and a hidden one for what takes more than one statement.

Belongs here: making, publishing and dropping branches. Does not: what is written to them.
"""

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from fq_platform.lakehouse.audit import WORK_PREFIX
from fq_platform.lakehouse.table_options import Target
from fq_platform.lakehouse.writing.retry import Conflict
from fq_platform.lakehouse.writing.state import head

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

_PUBLISH_ATTEMPTS = 50

_log = logging.getLogger(__name__)


def ensure_branch(catalog: "Catalog", target: Target) -> None:
    """Make the branch that is written to, from the head of `main`, unless it exists.

    Where `main` has no snapshot yet, the branch begins with one without rows, and `main` still has none.
    """
    if target.branch is None:
        return
    table = catalog.load_table(target.table.identifier)
    if target.branch not in table.metadata.refs:
        main = table.current_snapshot()
        _fork(table, target.branch, main.snapshot_id if main else None)


@contextmanager
def staged(catalog: "Catalog", target: Target, base: int | None) -> Iterator[Target]:
    """Several statements as one: they run on a hidden branch, which then becomes the head of the target's.

    Args:
        catalog: The catalog.
        target: What is written in the end.
        base: The snapshot that the statements start from (id): the target's head when it was looked at.

    Yields:
        The target on the hidden branch.

    Raises:
        Conflict: Somebody else committed to the target meanwhile; nothing of it is visible.
    """
    work = replace(target, branch=f"{WORK_PREFIX}{uuid.uuid4().hex[:12]}")
    _fork(catalog.load_table(target.table.identifier), work.ref, base)
    try:
        yield work
        _publish(catalog, target, work, base)
    except BaseException:
        _drop(catalog, work)
        raise


def _fork(table: "Table", name: str, base: int | None) -> None:
    if base is not None:
        table.manage_snapshots().create_branch(base, name).commit()
        return
    from pyiceberg.table.update import AssertTableUUID

    # PyIceberg stages no branch of a table without snapshots, although catalogs take one: hence past its transaction.
    updates, _ = table.transaction().update_snapshot(branch=name).fast_append()._commit()
    table.catalog.commit_table(table, (AssertTableUUID(uuid=table.metadata.table_uuid),), updates)


def _publish(catalog: "Catalog", target: Target, work: Target, base: int | None) -> None:
    """Let the target's branch be what the hidden one is, in one commit, provided that it has not moved."""
    from pyiceberg.exceptions import CommitFailedException
    from pyiceberg.table.refs import SnapshotRefType
    from pyiceberg.table.update import (
        AssertRefSnapshotId,
        AssertTableUUID,
        RemoveSnapshotRefUpdate,
        SetSnapshotRefUpdate,
    )

    for _ in range(_PUBLISH_ATTEMPTS):
        table = catalog.load_table(target.table.identifier)
        made, present = head(table, work.ref), head(table, target.ref)
        if made is None or (present.snapshot_id if present else None) != base:
            raise Conflict(f"{target.name} has moved")
        kept = table.metadata.refs.get(target.ref)
        moved = SetSnapshotRefUpdate(
            ref_name=target.ref,
            type=SnapshotRefType.BRANCH,
            snapshot_id=made.snapshot_id,
            max_ref_age_ms=kept.max_ref_age_ms if kept else None,
            max_snapshot_age_ms=kept.max_snapshot_age_ms if kept else None,
            min_snapshots_to_keep=kept.min_snapshots_to_keep if kept else None,
        )
        try:
            catalog.commit_table(
                table,
                (
                    AssertTableUUID(uuid=table.metadata.table_uuid),
                    AssertRefSnapshotId(ref=target.ref, snapshot_id=base),
                ),
                (moved, RemoveSnapshotRefUpdate(ref_name=work.ref)),
            )
        except CommitFailedException:
            continue  # something else in the table changed: look again
        return
    raise Conflict(f"{target.name} cannot be published")


def _drop(catalog: "Catalog", work: Target) -> None:
    """Remove the hidden branch; where that fails, upkeep will, and the first error is the one to show."""
    from pyiceberg.exceptions import CommitFailedException

    for _ in range(_PUBLISH_ATTEMPTS):
        try:
            table = catalog.load_table(work.table.identifier)
            if work.ref in table.metadata.refs:
                table.manage_snapshots().remove_branch(work.ref).commit()
        except CommitFailedException:
            continue
        except Exception:  # noqa: BLE001 - any: the error that led here is raised after this
            _log.warning("The branch %s of %s is left behind", work.ref, work.table.qualified, exc_info=True)
        return

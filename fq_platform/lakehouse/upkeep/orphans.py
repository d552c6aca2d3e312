"""Orphans: files in a table's folder that no metadata refers to, such as those of a run that was killed.

Belongs here: finding and removing them. Does not: files of old snapshots, which are no orphans (`expiry.py`).
"""

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.upkeep.figures import keeps_files
from fq_platform.lakehouse.upkeep.policy import ORPHAN_AGE, YOUNGEST_ORPHAN
from fq_platform.lakehouse.upkeep.procedures import call
from fq_platform.lakehouse.upkeep.tables import Done, Lake, Operation, find_tables

if TYPE_CHECKING:
    from pyiceberg.table import Table


def orphan_removal(age: dt.timedelta = ORPHAN_AGE, *, dry_run: bool = False) -> Operation:
    """The operation that removes orphans.

    Args:
        age: Files younger than this stay: a write that is running has not committed its own yet.
        dry_run: Whether orphans are only counted.

    Returns:
        An operation on a table.

    Raises:
        FqError: The age is below `YOUNGEST_ORPHAN`.
    """
    if age < YOUNGEST_ORPHAN:
        raise FqError(
            f"Files younger than {YOUNGEST_ORPHAN.days} days may belong to a write that is running",
            where="orphan_removal",
            fix=f"Ask for orphans of {YOUNGEST_ORPHAN.days} days or older",
        )

    folders: dict[TableName, str] = {}

    def remove(lake: Lake, name: TableName, table: "Table") -> Done:
        if keeps_files(table):
            return Done({"orphans": 0, "removed": 0}, "left alone: its gc.enabled is false")
        if not folders:
            folders.update((other, _folder(lake.catalog.load_table(other.identifier))) for other in find_tables(lake))
        _require_own_folder(name, table, folders)
        found = call(
            lake.session(),
            "remove_orphan_files",
            table=name.qualified,
            older_than=lake.now - age,
            dry_run=dry_run,
            # Listed by the catalog's own file IO: Hadoop, the other way, knows nothing of S3 here.
            prefix_listing=True,
        )
        return Done({"orphans": len(found), "removed": 0 if dry_run else len(found)})

    return remove


def _folder(table: "Table") -> str:
    return f"{table.location().rstrip('/')}/"


def _require_own_folder(name: TableName, table: "Table", folders: Mapping[TableName, str]) -> None:
    """Refuse a table whose folder holds another table: the other's files would be taken for orphans."""
    for other, folder in folders.items():
        if other != name and folder.startswith(_folder(table)):
            raise FqError(
                f"Its folder {_folder(table)} also holds {other.dotted}, whose files would be taken for orphans",
                where=name.qualified,
                fix="Move one of the two tables to a folder of its own",
            )

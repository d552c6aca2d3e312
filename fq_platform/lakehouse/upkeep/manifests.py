"""Manifests and metadata files: what readers must open before they find a data file.

Belongs here: keeping them few. Does not: data files.
"""

from typing import TYPE_CHECKING

from pyiceberg.exceptions import CommitFailedException

from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.lakehouse.upkeep import figures
from fq_platform.lakehouse.upkeep.policy import MANIFESTS_PAY
from fq_platform.lakehouse.upkeep.procedures import MetAnotherWriterError, call, yielding
from fq_platform.lakehouse.upkeep.tables import Done, Lake

if TYPE_CHECKING:
    from pyiceberg.table import Table

DELETE_METADATA_PROPERTY = "write.metadata.delete-after-commit.enabled"
"""Whether a commit deletes the metadata file that falls out of the log of the newest hundred."""


def rewrite_manifests(lake: Lake, name: TableName, table: "Table") -> Done:
    """Merge the manifests of a table where that pays, and let its commits clean up their old metadata files.

    Args:
        lake: What is worked with; Spark is started only if manifests are rewritten.
        name: The table.
        table: The same, loaded.

    Returns:
        Manifests and their bytes before and after.
    """
    note = _let_commits_clean_up(name, table)
    before = figures.manifests(table)
    if not pays(before):
        return _done(before, before, note)
    session = lake.session()
    try:
        yielding(lambda: call(session, "rewrite_manifests", table=name.qualified, use_caching=False))
    except MetAnotherWriterError:
        return _done(before, before, "left alone: others wrote to it all the time")
    return _done(before, figures.manifests(table.refresh()), note)


def pays(found: figures.Manifests) -> bool:
    """Whether rewriting manifests is worth a commit: there are many, and half of them would do."""
    return found.files >= MANIFESTS_PAY and found.needed * 2 <= found.files


def _let_commits_clean_up(name: TableName, table: "Table") -> str:
    """Set the property where it is not set at all. Whoever writes to raw may have no right to delete anything."""
    if name.layer is Layer.RAW or DELETE_METADATA_PROPERTY in table.properties:
        return ""
    try:
        with table.transaction() as transaction:
            transaction.set_properties({DELETE_METADATA_PROPERTY: "true"})
    except CommitFailedException:
        return ""  # a writer was quicker; there is a next time
    return f"set {DELETE_METADATA_PROPERTY}"


def _done(before: figures.Manifests, after: figures.Manifests, note: str) -> Done:
    return Done(
        {
            "manifests_before": before.files,
            "manifests_after": after.files,
            "bytes_before": before.bytes,
            "bytes_after": after.bytes,
        },
        note,
    )

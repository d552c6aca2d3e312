"""Commits of rows through Spark's DataFrame API, and finding one's own again.

Belongs here: the single commit and what is reported of it. Does not: deciding what is committed.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the name that every PySpark reader knows
from pyspark.sql.types import StructType

from fq_platform.lakehouse.spark_table import Written
from fq_platform.lakehouse.table_options import Target
from fq_platform.lakehouse.writing.contents import Content
from fq_platform.lakehouse.writing.retry import with_retries
from fq_platform.lakehouse.writing.state import head, properties_of

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot
    from pyspark.sql.readwriter import DataFrameWriterV2

WRITE_ID = "fq.write-id"
"""Property of a snapshot: which call of `write` committed it."""


def overwrite(target: Target, rows: DataFrame, predicate: str, summary: Mapping[str, str]) -> None:
    """Replace the rows that the predicate holds for."""
    _writer(target, rows, summary).overwrite(F.expr(predicate))


def append(target: Target, rows: DataFrame, summary: Mapping[str, str]) -> None:
    """Add rows."""
    _writer(target, rows, summary).append()


def _writer(target: Target, rows: DataFrame, summary: Mapping[str, str]) -> "DataFrameWriterV2":
    return with_summary(rows.writeTo(target.name), summary)


def with_summary(writer: "DataFrameWriterV2", summary: Mapping[str, str]) -> "DataFrameWriterV2":
    """The writer, whose snapshot will have these properties."""
    for name, value in summary.items():
        writer = writer.option(f"snapshot-property.{name}", value)
    return writer


def note(catalog: "Catalog", target: Target, summary: Mapping[str, str]) -> None:
    """Add a snapshot without rows that bears the properties: SQL statements cannot give any to theirs."""

    def attempt() -> None:
        table = catalog.load_table(target.table.identifier)
        with (
            table.transaction() as transaction,
            transaction.update_snapshot(snapshot_properties=dict(summary), branch=target.ref).fast_append(),
        ):
            pass

    with_retries(attempt, where=target.table.qualified)


def own_snapshot(table: "Table", summary: Mapping[str, str]) -> "Snapshot | None":
    """The snapshot that this call of `write` committed, wherever the branch stands by now; None if it did not."""
    own = [s for s in table.snapshots() if properties_of(s).get(WRITE_ID) == summary[WRITE_ID]]
    return max(own, key=lambda snapshot: snapshot.sequence_number or 0, default=None)


def written(
    catalog: "Catalog",
    target: Target,
    content: Content,
    schema: StructType,
    summary: Mapping[str, str],
    *,
    changed: bool,
    counts: Mapping[str, int] | None = None,
) -> Written:
    """What is reported of a write.

    Args:
        catalog: Asked for the table's snapshots.
        target: What was written.
        content: What the rows consist of.
        schema: The table's columns.
        summary: The properties of the snapshot, if one was committed.
        changed: Whether one was.
        counts: What became of the rows, if the mode tells.
    """
    table = catalog.load_table(target.table.identifier)
    snapshot = own_snapshot(table, summary) if changed else head(table, target.ref) or table.current_snapshot()
    properties = properties_of(snapshot)
    return Written(
        changed=changed,
        rows_by_day={day: rows for day, (rows, _) in content.items()},
        table_rows=_rows(properties),
        snapshot_id=snapshot.snapshot_id if snapshot else None,
        bytes_added=int(properties.get("added-files-size", 0)) if changed else 0,
        schema=schema,
        counts=counts or {},
        table_bytes=_number(properties, "total-files-size"),
    )


def _number(properties: Mapping[str, str], name: str) -> int | None:
    return int(properties[name]) if name in properties else None


def _rows(properties: Mapping[str, str]) -> int | None:
    """The rows in the table by a snapshot's summary, which counts deleted ones among the rows of their files."""
    if "total-records" not in properties or int(properties.get("total-equality-deletes", 0)):
        return None
    return int(properties["total-records"]) - int(properties.get("total-position-deletes", 0))

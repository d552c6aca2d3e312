"""What a table is at the moment at which an attempt to write it begins.

Belongs here: looking. Does not: deciding or changing anything.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from fq_platform.lakehouse.spark_schema import conformed
from fq_platform.lakehouse.spark_table import find
from fq_platform.lakehouse.table_options import Target
from fq_platform.lakehouse.time_travel import rows_with_todays_columns

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot


@dataclass(frozen=True)
class State:
    """A table that exists.

    Args:
        table: Its metadata.
        schema: Its columns, as Spark sees them.
        base: The newest snapshot of the branch that is written to, or of `main` where there is no such branch yet;
            None if it has none.
    """

    table: "Table"
    schema: StructType
    base: "Snapshot | None"


def look(spark: SparkSession, catalog: "Catalog", target: Target) -> State | None:
    """Look at the table; None if the catalog does not have it."""
    from pyiceberg.exceptions import NoSuchTableError

    try:
        # Opened here first: Iceberg in Spark asks a storage that refuses it for two minutes before it says so.
        catalog.load_table(target.table.identifier)
    except NoSuchTableError:
        return None
    rows = find(spark, target.table)
    if rows is None:
        return None
    table = catalog.load_table(target.table.identifier)  # not older than the columns that Spark has seen
    return State(table, rows.schema, head(table, target.ref) or table.current_snapshot())


def head(table: "Table", ref: str) -> "Snapshot | None":
    """The newest snapshot of a branch; None if there is no such branch, or nothing on it."""
    return table.snapshot_by_name(ref) if ref in table.metadata.refs else None


def rows_at(spark: SparkSession, target: Target, state: State) -> DataFrame:
    """The rows that stand in the table, in its present columns, whatever is committed meanwhile."""
    if state.base is None:
        return spark.table(target.table.qualified).where("false")
    renamed = _renamed_since(state.table, state.base)
    then = rows_with_todays_columns(spark, target.table, state.base.snapshot_id, renamed)
    return then if then.schema == state.schema else then.select(*conformed(then.schema, state.schema))


def _renamed_since(table: "Table", snapshot: "Snapshot") -> dict[str, str]:
    """Columns that somebody has renamed: the name at the snapshot -> today's."""
    then = table.schemas().get(snapshot.schema_id) if snapshot.schema_id is not None else None
    now = {field.field_id: field.name for field in table.schema().fields}
    return {field.name: now.get(field.field_id, field.name) for field in (then.fields if then else ())}


def ancestors(table: "Table", snapshot: "Snapshot | None") -> "Iterator[Snapshot]":
    """The snapshot and those that it came from, as far as they are kept, newest first."""
    while snapshot is not None:
        yield snapshot
        parent = snapshot.parent_snapshot_id
        snapshot = table.snapshot_by_id(parent) if parent is not None else None


def properties_of(snapshot: "Snapshot | None") -> Mapping[str, str]:
    """The summary of a snapshot."""
    return snapshot.summary.additional_properties if snapshot and snapshot.summary else {}

"""Tables that have been in use for a while: small files, old snapshots, branches.

Belongs here: making them with PyIceberg, and doing one operation to one of them. Does not: assertions.
"""

import datetime as dt

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DateType, LongType, NestedField

from fq_platform.lakehouse.layout import Layout, TableName
from fq_platform.lakehouse.upkeep.tables import Done, Lake, Operation, find_tables, look_after

START = dt.date(2026, 1, 1)
_SCHEMA = Schema(NestedField(1, "day", DateType()), NestedField(2, "n", LongType()))
_BY_DAY = PartitionSpec(PartitionField(1, 1000, IdentityTransform(), "day"))


def make_table(catalog: Catalog, name: TableName, layout: Layout) -> Table:
    """An empty table with the columns `day`, by which it is partitioned, and `n`."""
    return catalog.create_table(
        layout.place(name).identifier,
        _SCHEMA,
        layout.location(name),
        _BY_DAY,
        properties={"format-version": "2"},
    )


def append(table: Table, *, days: int, times: int, branch: str = "main") -> None:
    """Append one file to each of some days, some times; `n` counts the times."""
    dates = [START + dt.timedelta(days=day) for day in range(days)]
    for time in range(times):
        table.append(pa.table({"day": dates, "n": pa.array([time] * days, pa.int64())}), branch=branch)


def numbers(table: Table) -> list[int]:
    """The values of `n` on main, in order."""
    return sorted(table.refresh().scan().to_arrow()["n"].to_pylist())


def do(lake: Lake, operation: Operation, name: TableName) -> Done:
    """What an operation did to a table.

    Raises:
        FqError: What the operation ended with.
    """
    (outcome,) = look_after(lake, find_tables(lake, [name.dotted]), operation)
    if outcome.error:
        raise outcome.error
    assert outcome.done is not None
    return outcome.done

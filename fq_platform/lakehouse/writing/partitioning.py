"""How a table's files are partitioned and sorted, compared with what is declared.

Belongs here: specs and sort orders in Iceberg's terms. Does not: their notation (`partition_fields.py`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyiceberg.partitioning import PARTITION_FIELD_ID_START, UNPARTITIONED_PARTITION_SPEC, PartitionSpec
from pyiceberg.partitioning import PartitionField as IcebergPartitionField
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import NullOrder, SortDirection, SortOrder
from pyiceberg.table.sorting import SortField as IcebergSortField
from pyiceberg.transforms import IdentityTransform, Transform, VoidTransform, parse_transform
from pyiceberg.types import NestedField, PrimitiveType

from fq_platform.errors import FqError
from fq_platform.lakehouse.partition_fields import PartitionField, SortField
from fq_platform.lakehouse.table_options import EVOLVE_PARTITION_SPEC, PARTITION_BY, SORT_BY, Target

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from pyiceberg.table.update.spec import UpdateSpec


def partition_spec(target: Target, schema: Schema) -> PartitionSpec:
    """The spec that a new table gets.

    Raises:
        FqError: A column is missing, or its type cannot be partitioned so.
    """
    if not target.partition_fields:
        return UNPARTITIONED_PARTITION_SPEC
    return PartitionSpec(
        *(
            IcebergPartitionField(
                _partitionable(target, schema, declared).field_id,
                PARTITION_FIELD_ID_START + number,
                _transform(declared),
                declared.name,
            )
            for number, declared in enumerate(target.partition_fields)
        )
    )


def sort_order(target: Target, schema: Schema) -> SortOrder:
    """The order that a new table's files get.

    Raises:
        FqError: A column is missing, or its type has no order.
    """
    fields = [
        IcebergSortField(
            source_id=_sortable(target, schema, declared).field_id,
            transform=IdentityTransform(),
            direction=SortDirection.DESC if declared.descending else SortDirection.ASC,
            null_order=NullOrder.NULLS_FIRST if declared.nulls_first else NullOrder.NULLS_LAST,
        )
        for declared in target.options.sort_fields
    ]
    return SortOrder(*fields, order_id=1) if fields else SortOrder(order_id=0)


def present_partition_fields(table: "Table") -> list[PartitionField]:
    """The fields by which new files of a table are partitioned."""
    return [field for _, field in _named_fields(table)]


def present_sort_fields(table: "Table") -> list[SortField]:
    """The fields by which new files of a table are sorted; transformed ones by their column."""
    schema = table.schema()
    return [
        SortField(
            schema.find_column_name(field.source_id) or "?",
            field.direction is SortDirection.DESC,
            field.null_order is NullOrder.NULLS_FIRST,
        )
        for field in table.sort_order().fields
    ]


def spec_differs(table: "Table", target: Target) -> bool:
    """Whether the asset declares another partition spec than the table has; the order of fields means nothing."""
    declared = target.options.partition_fields
    return declared is not None and _comparable(declared) != _comparable(present_partition_fields(table))


def require_same_spec(table: "Table", target: Target) -> None:
    """Refuse a table that is partitioned otherwise than declared, unless the declaration says to change it.

    Raises:
        FqError: It is; the message names both specs.
    """
    if target.options.evolve_partition_spec or not spec_differs(table, target):
        return
    present, declared = present_partition_fields(table), target.partition_fields
    names = ", ".join(f'"{field}"' for field in present)
    raise FqError(
        f"The table is partitioned by {_named(present)}, but {_named(declared)} is declared; nothing was written",
        where=target.table.qualified,
        fix=f'Declare "{PARTITION_BY}": [{names}] to keep it; or add "{EVOLVE_PARTITION_SPEC}": True, and files '
        "written from then on are partitioned as declared; or drop the table to have all of it made anew",
    )


def change_spec(update: "UpdateSpec", table: "Table", schema: Schema, target: Target) -> None:
    """Give a table the declared spec, field by field; files that are there keep theirs.

    Args:
        update: Takes the changes.
        table: The table as it is.
        schema: Its columns, with those that the same commit adds.
        target: What is declared.

    Raises:
        FqError: A column is missing, or its type cannot be partitioned so.
    """
    wanted, there = _comparable(target.partition_fields), _comparable(present_partition_fields(table))
    for name, field in _named_fields(table):
        if not _comparable([field]) & wanted:
            update.remove_field(name)
    for declared in target.partition_fields:
        if not _comparable([declared]) & there:
            column = schema.find_column_name(_partitionable(target, schema, declared).field_id)
            update.add_field(column or declared.column, _transform(declared), declared.name)


def _named_fields(table: "Table") -> list[tuple[str, PartitionField]]:
    """The fields by which new files of a table are partitioned, with the names that they have there."""
    schema = table.schema()
    found = []
    for field in table.spec().fields:
        if not isinstance(field.transform, VoidTransform):
            transform, _, width = str(field.transform).rstrip("]").partition("[")
            column = schema.find_column_name(field.source_id) or "?"
            found.append((field.name, PartitionField(transform, column, int(width) if width else None)))
    return found


def _comparable(fields: Sequence[PartitionField]) -> set[tuple[str, str]]:
    return {(field.iceberg, field.column.lower()) for field in fields}


def _named(fields: Sequence[PartitionField]) -> str:
    return ", ".join(str(field) for field in fields) or "nothing"


def _transform(field: PartitionField) -> Transform:
    return parse_transform(field.iceberg)


def _partitionable(target: Target, schema: Schema, declared: PartitionField) -> NestedField:
    field = _column(target, schema, declared.column, PARTITION_BY)
    if not _transform(declared).can_transform(field.field_type):
        raise FqError(
            f"The table cannot be partitioned by {declared}: the column is {field.field_type}; nothing was written",
            where=target.table.qualified,
            fix=f"Choose another transform or column in {PARTITION_BY}, or cast the column",
        )
    return field


def _sortable(target: Target, schema: Schema, declared: SortField) -> NestedField:
    field = _column(target, schema, declared.column, SORT_BY)
    if not isinstance(field.field_type, PrimitiveType):
        raise FqError(
            f"The table cannot be sorted by {declared.column}, which is {field.field_type}; nothing was written",
            where=target.table.qualified,
            fix=f"Name a field within it in {SORT_BY}, or another column",
        )
    return field


def _column(target: Target, schema: Schema, name: str, key: str) -> NestedField:
    try:
        return schema.find_field(name, case_sensitive=False)
    except ValueError:
        raise FqError(
            f"The column {name}, which {key} names, is missing; nothing was written",
            where=target.table.qualified,
            fix=f"Correct {key} in the asset's metadata, or let the transform make the column",
        ) from None

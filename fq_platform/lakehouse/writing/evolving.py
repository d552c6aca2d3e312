"""Lets a table that exists follow its declaration and its rows, in one commit without a snapshot.

Belongs here: what is changed, and the commit. Does not: creation (`creating.py`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pyiceberg.transforms import IdentityTransform

from fq_platform.lakehouse.spark_schema import Change
from fq_platform.lakehouse.table_options import Target, WriteMode
from fq_platform.lakehouse.writing.creating import MERGED_TABLE_PROPERTIES
from fq_platform.lakehouse.writing.documenting import (
    DECLARED,
    comment_changes,
    declared_properties,
    formerly_declared,
)
from fq_platform.lakehouse.writing.partitioning import (
    change_spec,
    present_sort_fields,
    sort_order,
    spec_differs,
)

if TYPE_CHECKING:
    from pyiceberg.table import Table, Transaction


def evolve(table: "Table", target: Target, changes: Sequence[Change] = ()) -> bool:
    """Give a table new and wider columns, and what its asset declares: comments, owner, properties, order, spec.

    Args:
        table: Its metadata, not older than this attempt.
        target: What is declared.
        changes: What the rows need.

    Returns:
        Whether anything was different; if not, nothing was committed.

    Raises:
        FqError: The table cannot be partitioned or sorted as declared.
        CommitFailedException: Another writer was faster.
    """
    properties, removed = _property_changes(table, target)
    transaction = table.transaction()
    differs = _evolve_columns(transaction, target, changes)
    if properties:
        transaction.set_properties(properties)
    if removed:
        transaction.remove_properties(*removed)
    reordered = _evolve_order(transaction, table, target)
    respecified = target.options.evolve_partition_spec and spec_differs(table, target)
    if respecified:
        with transaction.update_spec() as update:
            change_spec(update, table, transaction.table_metadata.schema(), target)
    unordered = _orders_no_more(table, target)
    if differs or properties or removed or reordered or respecified:
        table = transaction.commit_transaction()
    elif not unordered:
        return False
    if unordered:
        _remove_order(table)
    return True


def _evolve_columns(transaction: "Transaction", target: Target, changes: Sequence[Change]) -> bool:
    if changes:
        with transaction.update_schema(case_sensitive=False) as update:
            for change in changes:
                if change.added:
                    update.add_column(change.path, change.kind)
                else:
                    update.update_column(change.path, change.kind)
    comments = comment_changes(transaction.table_metadata.schema(), target.docs)
    if comments:
        with transaction.update_schema(case_sensitive=False) as update:
            for path, text in comments.items():
                update.update_column(path, doc=text)
    return bool(changes or comments)


def _property_changes(table: "Table", target: Target) -> tuple[dict[str, str], list[str]]:
    """The properties to set, and those to remove."""
    wanted = declared_properties(target)
    if target.options.mode is WriteMode.MERGE:
        # A table that was not merged before; what it says itself stays.
        wanted = {**{k: v for k, v in MERGED_TABLE_PROPERTIES.items() if k not in table.properties}, **wanted}
    former, _ = formerly_declared(table)
    if DECLARED in table.properties and DECLARED not in wanted:
        former.add(DECLARED)
    return (
        {name: value for name, value in wanted.items() if table.properties.get(name) != value},
        sorted(name for name in former if name not in wanted and name in table.properties),
    )


def _evolve_order(transaction: "Transaction", table: "Table", target: Target) -> bool:
    declared = list(target.options.sort_fields)
    if not declared:
        return False  # an order that nobody declares is somebody's own, or goes last
    present = present_sort_fields(table)
    if [(f.column.lower(), f.descending, f.nulls_first) for f in present] == [
        (f.column.lower(), f.descending, f.nulls_first) for f in declared
    ]:
        return False
    schema = transaction.table_metadata.schema()
    order = sort_order(target, schema)
    with transaction.update_sort_order(case_sensitive=False) as update:
        for field in order.fields:
            name = schema.find_column_name(field.source_id) or ""
            add = update.desc if field.direction.name == "DESC" else update.asc
            add(name, IdentityTransform(), field.null_order)
    return True


def _orders_no_more(table: "Table", target: Target) -> bool:
    """Whether the table has an order that was declared and is no longer."""
    _, was_declared = formerly_declared(table)
    return was_declared and not target.options.sort_by and bool(table.sort_order().fields)


def _remove_order(table: "Table") -> None:
    """Let new files have no order, past PyIceberg's transaction, which takes no empty one."""
    from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
    from pyiceberg.table.update import AddSortOrderUpdate, AssertTableUUID, SetDefaultSortOrderUpdate, TableUpdate

    number = UNSORTED_SORT_ORDER.order_id
    known = any(order.order_id == number for order in table.metadata.sort_orders)
    added: tuple[TableUpdate, ...] = () if known else (AddSortOrderUpdate(sort_order=UNSORTED_SORT_ORDER),)
    chosen = SetDefaultSortOrderUpdate(sort_order_id=number)
    table.catalog.commit_table(table, (AssertTableUUID(uuid=table.metadata.table_uuid),), (*added, chosen))

"""Makes a table as it is declared, without rows, in one commit.

Belongs here: creation. Does not: changing a table that exists (`evolving.py`).
"""

import contextlib
from typing import TYPE_CHECKING

from pyspark.sql.types import StructType

from fq_platform.lakehouse.iceberg_types import iceberg_schema
from fq_platform.lakehouse.table_options import Target, WriteMode
from fq_platform.lakehouse.writing.documenting import declared_properties, documented
from fq_platform.lakehouse.writing.partitioning import partition_spec, sort_order

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

NEW_TABLE_PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    # Several writers may commit at a time.
    "commit.retry.num-retries": "10",
    "commit.retry.max-wait-ms": "2000",
}
"""Properties of every table that Spark is going to write, unless the asset declares others."""

MERGED_TABLE_PROPERTIES = {
    "write.merge.mode": "merge-on-read",
    "write.delete.mode": "merge-on-read",
    "write.update.mode": "merge-on-read",
}
"""Properties of every table whose rows are merged (ADR 0013)."""


def create(catalog: "Catalog", target: Target, schema: StructType) -> None:
    """Make the table; if another writer has made it meanwhile, that one stays.

    Args:
        catalog: The catalog.
        target: What is declared.
        schema: Columns of the first rows.

    Raises:
        FqError: A column cannot be stored, or cannot be partitioned or sorted by as declared; no table was made.
    """
    from pyiceberg.exceptions import TableAlreadyExistsError

    columns = documented(iceberg_schema(target.table.qualified, schema), target.docs)
    with contextlib.suppress(TableAlreadyExistsError):
        catalog.create_table(
            target.table.identifier,
            schema=columns,
            location=target.location,
            partition_spec=partition_spec(target, columns),
            sort_order=sort_order(target, columns),
            properties=new_table_properties(target),
        )


def new_table_properties(target: Target) -> dict[str, str]:
    """The properties of a new table."""
    merged = MERGED_TABLE_PROPERTIES if target.options.mode is WriteMode.MERGE else {}
    return {**NEW_TABLE_PROPERTIES, **merged, **declared_properties(target)}

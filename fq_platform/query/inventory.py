"""What the lakehouse holds, read from the tables' metadata without opening a data file.

Belongs here: the listing of tables. Does not: rendering it (`format.py`).
"""

from typing import TYPE_CHECKING

import pyarrow as pa

from fq_platform.lakehouse.listing import list_names
from fq_platform.lakehouse.storage import storage_errors

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

    from fq_platform.lakehouse.layout import Layout

SCHEMA = pa.schema(
    [
        ("table", pa.string()),
        ("rows", pa.int64()),
        ("snapshots", pa.int64()),
        ("snapshot_id", pa.int64()),
        ("committed_at", pa.timestamp("ms", "UTC")),
    ]
)


def list_tables(catalog: "Catalog", layout: "Layout") -> pa.RecordBatchReader:
    """Every table with its size and its latest snapshot.

    Args:
        catalog: The opened Iceberg catalog.
        layout: Which namespaces it has.

    Returns:
        A row per table, by layer and name: `table`, `rows` (live ones; null where delete files hide the number),
        `snapshots` kept, `snapshot_id` and `committed_at` of the current one (null for a table never written).

    Raises:
        FqError: A table's metadata cannot be read.
    """
    rows = []
    for name in list_names(catalog, layout):
        with storage_errors(name.dotted):
            rows.append(_row(catalog.load_table(name.identifier)))
    return pa.Table.from_pylist(rows, schema=SCHEMA).to_reader()


def _row(table: "Table") -> dict[str, object]:
    snapshot = table.current_snapshot()
    row: dict[str, object] = {"table": ".".join(table.name()), "rows": 0, "snapshots": len(table.snapshots())}
    if snapshot is None:
        return row
    summary = snapshot.summary.additional_properties if snapshot.summary else {}
    exact = summary.get("total-delete-files", "0") == "0" and "total-records" in summary
    return row | {
        "rows": int(summary["total-records"]) if exact else None,
        "snapshot_id": snapshot.snapshot_id,
        "committed_at": snapshot.timestamp_ms,
    }

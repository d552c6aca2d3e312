"""Planning a scan of a raw table with many files: none of them is opened, so they need not exist.

Belongs here: a table of many entries, and the cost of looking through them. Does not: reading data.
"""

import statistics
from pathlib import Path
from typing import Any

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from benchmarks.lake import Lake
from benchmarks.measure import Cost

_REPEATS = 3
_FIELDS = (
    *("content", "file_format", "partition", "record_count", "file_size_in_bytes", "column_sizes", "value_counts"),
    *("null_value_counts", "nan_value_counts", "lower_bounds", "upper_bounds", "key_metadata", "split_offsets"),
    *("equality_ids", "sort_order_id"),
)


def run(uri: str, home: str, collection: str, files: int) -> dict[str, Any]:
    """Give a table many entries, in one manifest, and plan a scan of all of them.

    Args:
        uri: The replay server.
        home: Folder of the lake.
        collection: Where the entries' statistics come from.
        files: How many entries.

    Returns:
        CPU-seconds of planning.
    """
    lake = Lake(uri, Path(home) / "lake")
    lake.sync(collection, by_day=True)
    table = lake.table(collection)
    there = [task.file for task in table.scan().plan_files()]
    with table.transaction() as transaction, transaction.update_snapshot().fast_append() as snapshot:
        for number in range(files - len(there)):
            snapshot.append_data_file(_another(there[number % len(there)], number))
    return {"planning": statistics.median(_planned(lake.table(collection), files) for _ in range(_REPEATS))}


def _planned(table: Table, files: int) -> float:
    cost = Cost()
    with cost.measured():
        found = len(list(table.scan().plan_files()))
    if found != files:
        raise RuntimeError(f"of {files} files {found} were planned")
    return cost.cpu


def _another(file: DataFile, number: int) -> DataFile:
    """An entry with the same statistics for a file of another name."""
    values = {name: getattr(file, name) for name in _FIELDS}
    another = DataFile.from_args(file_path=f"{file.file_path}.{number:06}.parquet", **values)
    another.spec_id = file.spec_id
    return another

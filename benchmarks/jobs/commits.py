"""Commits of one small file each to a table of this process's own.

Belongs here: one process's commits and their cost. Does not: how many processes commit at a time (`cases/scale.py`).
"""

import time
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.measure import Cost
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.settings import Settings


def run(home: str, table: str, commits: int) -> dict[str, Any]:
    """Append one row again and again.

    Args:
        home: Folder of the lake, which other processes may use too.
        table: The name of a table that is not there yet.
        commits: How often.

    Returns:
        When the first commit began and the last one had ended (seconds since the epoch), and CPU-seconds.
    """
    catalog = open_catalog(Settings(home=Path(home)))
    catalog.create_namespace_if_not_exists("raw")
    row = pa.table({"number": pa.array([1], pa.int64())})
    own = catalog.create_table(f"raw.{table}", row.schema)
    own.append(row)  # warm: imports, connections
    cost, begun = Cost(), time.time()
    with cost.measured():
        for _ in range(commits):
            own.append(row)
    return {"begun": begun, "ended": time.time(), "cpu": cost.cpu}

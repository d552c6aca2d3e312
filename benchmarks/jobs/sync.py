"""A sync, measured after everything is imported and compiled.

Belongs here: one sync and its cost. Does not: checking what it landed.
"""

import os
import sys
from pathlib import Path
from typing import Any

from benchmarks.lake import Lake
from benchmarks.measure import Cost, peak_bytes
from benchmarks.processes import READY


def warm_up(uri: str, home: Path, collection: str) -> None:
    """Import and compile all that a first load and a repetition use, in a lake of its own."""
    lake = Lake(uri, home)
    lake.sync(collection)
    lake.sync(collection)


def run(
    uri: str,
    home: str,
    collection: str,
    warm: str,
    by_day: bool = False,
    cores: list[int] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Sync a collection once.

    Args:
        uri: The replay server.
        home: Folder of the lake.
        collection: What to land.
        warm: A small collection of the same kind, to warm up with.
        by_day: Whether it is landed in daily windows.
        cores: The processors that this process may use; None for all.
        **options: Of `SyncOptions`.

    Returns:
        Counts, cost, peak memory (bytes), and what is in the lake now.
    """
    if cores is not None:
        os.sched_setaffinity(0, cores)
    warm_up(uri, Path(home) / "warm", warm)
    lake = Lake(uri, Path(home) / "lake")
    lake.connect()
    before = lake.stored()
    sys.stdout.write(READY + "\n")
    sys.stdout.flush()
    cost = Cost()
    with cost.measured():
        result = lake.sync(collection, by_day=by_day, **options)
    after = lake.stored()
    return {
        "documents": result.documents,
        "inserted": result.inserted,
        "unchanged": result.unchanged,
        "rescued": result.rescued,
        "cpu": cost.cpu,
        "wall": cost.wall,
        "peak": peak_bytes(),
        "snapshots": lake.snapshots(collection),
        "written": sum(size for path, size in after.items() if before.get(path) != size),
    }

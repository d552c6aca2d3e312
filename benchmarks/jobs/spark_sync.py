"""A sync by the engine `spark` on this machine, measured after JVM and Python workers have started.

Belongs here: one sync, and what all its processes cost. Does not: checking what it landed.
"""

from pathlib import Path
from typing import Any

import psutil

from benchmarks.lake import Lake
from benchmarks.measure import Cost
from fq_platform.extraction.spark.engine import SparkEngine
from fq_platform.resources.spark import start_session


def run(uri: str, home: str, collection: str, warm: str, by_day: bool = False) -> dict[str, Any]:
    """Sync a collection once.

    Args:
        uri: The replay server.
        home: Folder of the lake.
        collection: What to land.
        warm: A small collection of the same kind, to warm up with.
        by_day: Whether it is landed in daily windows.

    Returns:
        Counts, and cost of this process, the JVM and the Python workers together.
    """
    lake = Lake(uri, Path(home) / "lake")
    session = start_session(lake.settings)
    engine = SparkEngine(lake.settings, lambda: uri, lambda: session)
    warming = Lake(uri, Path(home) / "warm")
    for _ in range(2):
        warming.sync(warm, by_day=by_day, engine=engine)
    lake.connect()
    before, cost = _cpu_seconds(), Cost()
    with cost.measured():
        result = lake.sync(collection, by_day=by_day, engine=engine)
    return {
        "documents": result.documents,
        "inserted": result.inserted,
        "cpu": _cpu_seconds() - before,
        "wall": cost.wall,
    }


def _cpu_seconds() -> float:
    """What this process and all that it started, if it still runs, have cost so far."""
    process = psutil.Process()
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(time.user + time.system for time in times)

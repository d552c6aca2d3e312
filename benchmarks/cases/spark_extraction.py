"""A first load by the engine `spark` beside one by `arrow`, on one machine.

Belongs here: alternating the two, and their ratio. Does not: the loads (`jobs/spark_sync.py`, `jobs/sync.py`).
"""

import statistics
from collections.abc import Iterator

from benchmarks.cases.loads import fresh_home, load
from benchmarks.figures import Bench, Figure
from benchmarks.processes import JobFailedError, run


def spark_extraction(bench: Bench) -> Iterator[Figure]:
    """Documents per CPU-second of both, in 30 daily windows; what a cluster must make good by its number."""
    arrow, spark = [], []
    for _ in range(bench.repeats):
        with fresh_home(bench) as home:
            arrow.append(bench.documents / load(bench, home, by_day=True)["cpu"])
        with fresh_home(bench) as home:
            bench.say(f"syncing {bench.documents:,} documents by Spark")
            found = run("spark_sync", **bench.named("clean"), warm=bench.warm("clean"), home=home, by_day=True)
        if found["inserted"] != bench.documents:
            raise JobFailedError(f"of {bench.documents} documents {found['inserted']} were inserted: {found}")
        spark.append(bench.documents / found["cpu"])
    note = f"{bench.documents:,} documents; the last took {found['wall']:.1f} s"
    yield Figure(
        "Documents per CPU-second by Spark, all processes", statistics.median(spark), "{:,.0f}", runs=spark, note=note
    )
    yield Figure("The same by Arrow", statistics.median(arrow), "{:,.0f}", runs=arrow)
    ratios = [one / other for one, other in zip(spark, arrow, strict=True)]
    yield Figure("Spark to Arrow", statistics.median(ratios), runs=ratios)

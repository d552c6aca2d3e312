"""What more cores give and what more documents take.

Belongs here: cases of cores and memory. Does not: those of CPU.
"""

import os
import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.cases.loads import fresh_home, load
from benchmarks.figures import Bench, Figure
from fq_platform.extraction.sync import SyncOptions

MOST_MEMORY_MB = 700
_LARGER = 4
_MORE = 2
"""So much larger than others are the loads of one and of two cores: opening and committing a table is not shared."""


def two_cores(bench: Bench) -> Iterator[Figure]:
    """Wall throughput of two workers on two cores, against one worker on one core."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        bench.say("two cores cannot be compared with one here")
        return
    one: list[float] = []
    two: list[float] = []
    for _ in range(max(bench.repeats, 5)):
        for workers, walls in ((1, one), (2, two)):
            with fresh_home(bench) as home:
                options: dict[str, Any] = {
                    "workers": workers,
                    "cores": cores[:workers],
                    "range_documents": _range(bench),
                    "documents": _MORE * bench.documents,
                }
                walls.append(load(bench, home, **options)["wall"])
    ratios = [single / double for single, double in zip(one, two, strict=True)]
    best = min(one) / min(two)
    note = f"best of each: {min(one):.2f} and {min(two):.2f} s; median of the pairs {statistics.median(ratios):.2f}"
    yield Figure("Wall throughput on two cores, to one", best, least=1.6, runs=ratios, note=note)


def memory(bench: Bench) -> Iterator[Figure]:
    """Peak memory of a load, and of one four times as large."""
    peaks = []
    for documents in (bench.documents, _LARGER * bench.documents):
        with fresh_home(bench) as home:
            peaks.append(load(bench, home, documents=documents, range_documents=_range(bench))["peak"])
    small, large = peaks
    yield Figure(f"Peak memory, {_LARGER} times the documents", large / small, most=1.05)
    runs = [peak / 1e6 for peak in peaks]
    yield Figure("Peak memory of the larger, MB", large / 1e6, "{:,.0f}", most=MOST_MEMORY_MB, runs=runs)


def _range(bench: Bench) -> int:
    """Four ranges at least, so that two workers have something to share in a small run too."""
    return min(SyncOptions().range_documents, max(bench.documents // 4, 1))

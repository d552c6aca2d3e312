"""First loads, and what their CPU is compared with.

Belongs here: cases that land one collection in a lake of their own. Does not: those of cores, memory and kills.
"""

import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figures import Bench, Figure
from benchmarks.processes import JobFailedError, run

PER_CPU_SECOND = 350_000
"""Documents of 350 bytes from the wire to a committed table that a CPU-second must do."""


def throughput(bench: Bench) -> Iterator[Figure]:
    """Documents per CPU-second of a first load by one worker."""
    loads = []
    for _ in range(bench.repeats):
        with fresh_home(bench) as home:
            loads.append(load(bench, home, workers=1))
    cpu = [found["cpu"] for found in loads]
    speeds = [bench.documents / seconds for seconds in cpu]
    size = loads[0]["written"] / bench.documents
    yield Figure(
        "Documents per CPU-second, wire to committed table",
        statistics.median(speeds),
        "{:,.0f}",
        least=PER_CPU_SECOND,
        runs=speeds,
        note=f"best {max(speeds):,.0f}; {bench.documents:,} documents, one worker, {size:.0f} bytes each in the lake",
    )


def by_day(bench: Bench) -> Iterator[Figure]:
    """The same for a collection in 30 daily windows."""
    speeds = []
    for _ in range(bench.repeats):
        with fresh_home(bench) as home:
            speeds.append(bench.documents / load(bench, home, workers=1, by_day=True)["cpu"])
    yield Figure("The same, in 30 daily windows", statistics.median(speeds), "{:,.0f}", runs=speeds)


def limit(bench: Bench) -> Iterator[Figure]:
    """A load against its bytes read and its tables written, nothing else."""
    own, stock = [], []
    for _ in range(bench.repeats):
        with fresh_home(bench) as home:
            cpu = load(bench, home, workers=1)["cpu"]
            bench.say("reading the same bytes, writing the same tables")
            found = run("limit", **bench.named("clean"), home=home)
        own.append((found["read"] + found["write"]) / cpu)
        stock.append((found["read_pymongo"] + found["write"]) / cpu)
    parts = f"the last: reading {found['read']:.2f}, writing {found['write']:.2f} of {cpu:.2f} CPU-s"
    yield Figure("Of the limit, read as the platform reads", statistics.median(own), least=0.7, runs=own, note=parts)
    note = f"the last: reading {found['read_pymongo']:.2f} CPU-s"
    yield Figure("Of the limit, read by find_raw_batches", statistics.median(stock), least=0.7, runs=stock, note=note)


def mixed(bench: Bench) -> Iterator[Figure]:
    """One document in a hundred of mixed types, against none."""
    ratios = []
    for _ in range(bench.repeats):
        with fresh_home(bench) as home:
            clean = load(bench, home, workers=1)
        with fresh_home(bench) as home:
            dirty = load(bench, home, "mixed", workers=1)
        ratios.append(dirty["cpu"] / clean["cpu"])
    note = f"{dirty['rescued']:,} values rescued"
    yield Figure("CPU with 1 % of mixed types, to clean", statistics.median(ratios), most=2, runs=ratios, note=note)


def unchanged(bench: Bench) -> Iterator[Figure]:
    """A second sync of the same collection, against the first."""
    ratios, written, snapshots = [], 0, 0
    for _ in range(bench.repeats):
        with fresh_home(bench) as home:
            first = load(bench, home, workers=1)
            again = load(bench, home, workers=1, expected="unchanged")
        ratios.append(again["cpu"] / first["cpu"])
        written += again["written"]
        snapshots += again["snapshots"] - first["snapshots"]
    yield Figure("CPU of an unchanged re-extraction, to the load", statistics.median(ratios), most=0.35, runs=ratios)
    yield Figure("Bytes that it wrote", written, "{:,.0f}", most=0)
    yield Figure("Snapshots that it made", snapshots, "{:,.0f}", most=0)


def load(
    bench: Bench,
    home: str,
    variant: str = "clean",
    documents: int | None = None,
    expected: str = "inserted",
    **options: Any,
) -> dict[str, Any]:
    """Sync once in a fresh process, and see that every document was counted.

    Args:
        bench: The run.
        home: Folder of the lake.
        variant: Of documents.
        documents: How many; the run's number by default.
        expected: Where all of them must be counted: `inserted` or `unchanged`.
        **options: For the job `sync`.

    Returns:
        What the job found.

    Raises:
        JobFailedError: It counted otherwise.
    """
    count = documents or bench.documents
    bench.say(f"syncing {count:,} {variant} documents {options}")
    found = run("sync", **bench.named(variant, count), warm=bench.warm(variant), home=home, **options)
    if found[expected] != count:
        raise JobFailedError(f"of {count} documents {found[expected]} were {expected}: {found}")
    return found


@contextmanager
def fresh_home(bench: Bench) -> Iterator[str]:
    """A folder for a lake, removed afterwards."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as home:
        yield str(Path(home))

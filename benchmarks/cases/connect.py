"""A run of one partition on a Spark Connect server that runs already, beside one that starts a JVM.

Belongs here: alternating the two, and their ratio. Does not: the run (`jobs/materialise.py`).
"""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console

from benchmarks.cases.loads import fresh_home
from benchmarks.figures import Bench, Figure
from benchmarks.processes import run
from fq_platform.demo.connect import SparkServer
from fq_platform.settings import Settings

ASSET = "curated/ecommerce_db_orders_silver"
MOST = 1 / 3
"""The part of the time of a fresh JVM that a materialisation on the server may take."""
_ORDERS_A_DAY = 300
_DAYS_WARM = 5
"""Runs on the server that do not count: the first makes the table, and Java compiles what it meets often."""
_LEAST_DAYS = 30
"""That the sample business has."""


def connect(bench: Bench) -> Iterator[Figure]:
    """Wall of the step, of the run as the UI shows it and of its whole process, a new day each time, in turn."""
    days = max(_LEAST_DAYS, _DAYS_WARM + 2 * bench.repeats)
    with fresh_home(bench) as home:
        bench.say("landing orders")
        left = iter(run("sales_lake", home=home, days=days, orders=_ORDERS_A_DAY * days)["days"])
        server = SparkServer(Settings(home=Path(home)), Console(stderr=True))
        try:
            remote = server.remote.get_secret_value()
            bench.say("warming the server")
            cold = [_measured(home, next(left), server.pid, remote) for _ in range(_DAYS_WARM)]
            served, alone = [], []
            for number in range(bench.repeats):
                bench.say(f"pair {number + 1} of {bench.repeats}")
                alone.append(_measured(home, next(left), server.pid, ""))
                served.append(_measured(home, next(left), server.pid, remote))
        finally:
            server.stop()
    yield from _figures("step", "the materialisation", served, alone, MOST)
    yield from _figures("recorded", "the run, as Dagster's UI shows it,", served, alone, None)
    yield from _figures("run", "the run's process, from its start to its end", served, alone, None)
    yield Figure(
        "Seconds before the step, in both the import of Dagster and of the definitions",
        statistics.median(cost["before"] for cost in served + alone),
        runs=[cost["before"] for cost in served + alone],
    )
    yield Figure(
        "Seconds of the first materialisation on a server that was just started",
        cold[0]["step"],
        runs=[cost["step"] for cost in cold],
        note="it waits until the server is up",
    )


def _measured(home: str, day: str, server: int, remote: str) -> dict[str, Any]:
    cpu, begin = _cpu_seconds(server), time.monotonic()
    found = run("materialise", home=home, asset=ASSET, day=day, remote=remote)
    return found | {"run": time.monotonic() - begin, "server": _cpu_seconds(server) - cpu}


def _figures(
    part: str, what: str, served: list[dict[str, Any]], alone: list[dict[str, Any]], most: float | None
) -> Iterator[Figure]:
    ratios = [with_server[part] / without[part] for with_server, without in zip(served, alone, strict=True)]
    walls = [statistics.median(cost[part] for cost in side) for side in (served, alone)]
    cpu = [
        statistics.median(cost["cpu"] + cost["server"] * (side is served) for cost in side) for side in (served, alone)
    ]
    yield Figure(
        f"Part of a fresh JVM's time that {what} takes on the server",
        statistics.median(ratios),
        most=most,
        runs=ratios,
        note=f"{walls[0]:.2f} s against {walls[1]:.2f}; {cpu[0]:.1f} CPU-s (server too) against {cpu[1]:.1f}",
    )


def _cpu_seconds(server: int) -> float:
    """What a process and all that it started have cost so far."""
    process = psutil.Process(server)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(time.user + time.system for time in times)

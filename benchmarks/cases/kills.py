"""Loads that are killed at random moments and run again.

Belongs here: killing, and counting what was lost or repeated. Does not: comparing lake and source (`jobs/verify.py`).
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from random import Random

from benchmarks.cases.loads import fresh_home, load
from benchmarks.figures import KILLED_DOCUMENTS, Bench, Figure
from benchmarks.processes import READY, JobFailedError, run, start

_MARGIN = 1.05
"""The moments reach a little beyond the usual end of a load, so that the commit is hit too."""


def kills(bench: Bench) -> Iterator[Figure]:
    """Kill a load outright, run it again, compare; each time in a lake of its own."""
    with fresh_home(bench) as home:
        usual = load(bench, home, documents=KILLED_DOCUMENTS)["wall"]
    moments = Random(bench.seed)  # noqa: S311 - not a secret
    total: Counter[str] = Counter()
    midway = 0
    for number in range(bench.kills):
        moment = moments.uniform(0, usual * _MARGIN)
        bench.say(f"kill {number + 1} of {bench.kills}, after {moment:.2f} of {usual:.2f} s")
        with fresh_home(bench) as home:
            midway += _kill(bench, home, moment)
            total.update(run("verify", **bench.named("clean", KILLED_DOCUMENTS), home=home))
    note = f"{midway} of {bench.kills} loads ended by SIGKILL, {KILLED_DOCUMENTS:,} documents each"
    yield Figure("Lost in killed loads", total["lost"], "{:,.0f}", most=0, note=note)
    yield Figure("Duplicated, invented or different", _wrong(total), "{:,.0f}", most=0)
    yield Figure("Snapshots of each table", total["snapshots"] / max(bench.kills, 1), most=1)


def _kill(bench: Bench, home: str, moment: float) -> bool:
    """Kill a load some seconds after it began; tells whether it was still under way."""
    arguments = bench.named("clean", KILLED_DOCUMENTS) | {"warm": bench.warm("clean"), "home": home}
    with start("sync", **arguments) as process:
        assert process.stdout is not None, "it is a pipe"  # noqa: S101 - for the type checker
        if process.stdout.readline().strip() != READY:
            raise JobFailedError("a load to be killed did not begin")
        time.sleep(moment)
        os.kill(process.pid, signal.SIGKILL)
        return process.wait() == -signal.SIGKILL


def _wrong(total: Counter[str]) -> int:
    return total["duplicated"] + total["invented"] + total["different"]

"""The cases: each runs jobs in fresh processes, alternating what is compared, and makes figures of them.

Belongs here: repetition, comparison, targets. Does not: the work itself (`jobs/`).
"""

from collections.abc import Callable, Iterator, Mapping

from benchmarks.cases.analyses import analyses
from benchmarks.cases.connect import connect
from benchmarks.cases.kills import kills
from benchmarks.cases.loads import by_day, limit, mixed, throughput, unchanged
from benchmarks.cases.resources import memory, two_cores
from benchmarks.cases.scale import scale
from benchmarks.cases.spark_extraction import spark_extraction
from benchmarks.cases.stages import stages, yardsticks
from benchmarks.figures import Bench, Figure

CASES: Mapping[str, Callable[[Bench], Iterator[Figure]]] = {
    "throughput": throughput,
    "limit": limit,
    "cores": two_cores,
    "mixed": mixed,
    "unchanged": unchanged,
    "memory": memory,
    "days": by_day,
    "kills": kills,
    "stages": stages,
    "yardsticks": yardsticks,
    "analyses": analyses,
    "spark_extraction": spark_extraction,
    "connect": connect,
    "scale": scale,
}
"""Every case by the name that `--only` takes."""

"""The formulae of every day: what runs read, how long they take, how often the catalog is written to.

Belongs here: runs and commits. Does not: first loads (`model.py`), what lies there afterwards (`tables.py`).
"""

from dataclasses import dataclass

from benchmarks.scale.inputs import Inputs
from benchmarks.scale.model import DAY, Capacity, Workload, arrow_rate
from benchmarks.scale.tables import by_day


@dataclass(frozen=True)
class Day:
    """A day of all collections.

    Args:
        read: Bytes of BSON that MongoDB sends.
        share: Part of the day in which MongoDB or the cores are busy with it.
        run: Seconds of one run over all collections, each of which changed.
        most_runs: How many such runs a day has time for, one after the other.
        commits: Of the day.
        rate: Commits a second while a run goes on.
    """

    read: float
    share: float
    run: float
    most_runs: float
    commits: int
    rate: float


def definitions(inputs: Inputs, collections: int) -> float:
    """CPU-seconds to load the definitions: the line through 10 and 1,000 collections."""
    slope = (inputs.definitions_thousand - inputs.definitions_ten) / (1_000 - 10)
    return inputs.definitions_ten + slope * (collections - 10)


def read_a_run(workload: Workload) -> float:
    """Bytes that a run reads: whole days are compared, so touched days x a day's bytes; without days, everything."""
    part = min(workload.touched, workload.days) / workload.days if by_day(workload) else 1.0
    return workload.size * part


def day(inputs: Inputs, workload: Workload, capacity: Capacity) -> Day:
    """A day in which every run finds changes in every collection.

    Seconds of a run = import + definitions + collections x (step + sync) + bytes / rate. Its steps run one after the
    other in one process, and one run reads MongoDB at a time (the pool `mongodb`).
    """
    comparing = arrow_rate(inputs, capacity.cores, 1) / inputs.unchanged_part
    rate = min(inputs.mongo_rate, inputs.network_rate, comparing)
    reading = read_a_run(workload) / rate
    steps = workload.collections * (inputs.step + inputs.changed_sync)
    run = inputs.import_dagster + definitions(inputs, workload.collections) + steps + reading
    commits = workload.runs * workload.collections
    return Day(
        read=workload.runs * read_a_run(workload),
        share=workload.runs * run / DAY,
        run=run,
        most_runs=DAY / run,
        commits=commits,
        rate=workload.collections / run,
    )


def commit_seconds_on_s3(inputs: Inputs) -> float:
    """Seconds of a commit on an object store: CPU as measured on a folder, and the requests that wait in turn."""
    return 1 / inputs.commits_alone + inputs.object_requests * inputs.request_seconds

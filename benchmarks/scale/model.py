"""The formulae of extraction: how long, how much, and where one engine gives way to the other.

Belongs here: pure functions of a workload and the inputs. Does not: files and metadata (`tables.py`), days (`days.py`).
"""

import math
from dataclasses import dataclass, replace
from enum import Enum

from benchmarks.scale.inputs import Inputs

HOUR = 3_600
DAY = 24 * HOUR


@dataclass(frozen=True)
class Workload:
    """What is extracted, and how it changes.

    Args:
        size: BSON of all collections together (bytes).
        collections: How many there are, all of the same size.
        days: Days that a collection covers, evenly.
        change_rate: Part of the documents that is inserted, updated or deleted a day.
        runs: How often a day each collection is compared.
        touched: Days of a collection in which a run finds changes.
    """

    size: float
    collections: int
    days: int = 365
    change_rate: float = 0.01
    runs: int = 24
    touched: int = 7

    @property
    def one(self) -> float:
        """The size of one collection (bytes)."""
        return self.size / self.collections


@dataclass(frozen=True)
class Capacity:
    """What there is to extract with.

    Args:
        cores: Of the one machine that the engine `arrow` has.
        spark_cores: Of the executors together.
        spark_machines: On so many machines, each with a network of its own.
        window: How long a first load may take (seconds).
    """

    cores: int = 8
    spark_cores: int = 64
    spark_machines: int = 4
    window: float = DAY


class Limit(Enum):
    """What holds an extraction back."""

    MONGODB = "MongoDB"
    CORES = "cores"
    NETWORK = "network"


@dataclass(frozen=True)
class Extraction:
    """How an extraction goes.

    Args:
        seconds: By the wall.
        limit: What is hit first.
        core_seconds: What is paid for: all cores, also while they wait.
    """

    seconds: float
    limit: Limit
    core_seconds: float


def speed_up(workers: float, two_workers: float) -> float:
    """How much faster one process is with several workers.

    Amdahl's law, its serial part taken from two workers: s = 2 / S(2) - 1 and S(n) = 1 / (s + (1 - s) / n). Beyond two
    it is extrapolated, and cannot exceed 1 / s.

    Args:
        workers: How many, at least 1.
        two_workers: What two give.

    Returns:
        Times one worker.
    """
    serial = max(0.0, 2 / two_workers - 1)
    return 1 / (serial + (1 - serial) / workers)


def arrow_rate(inputs: Inputs, cores: int, collections: int) -> float:
    """What the cores of one machine extract by the engine `arrow` (bytes of BSON a second).

    Collections share nothing, so each can have a process: P = min(collections, cores) processes of cores / P workers.
    """
    processes = min(collections, cores)
    worker = inputs.arrow_rate * inputs.document_bytes
    return processes * worker * speed_up(cores / processes, inputs.two_workers)


def spark_rate(inputs: Inputs, cores: int) -> float:
    """What executors extract (bytes of BSON a second): cores x rate x the part of them that works."""
    return cores * inputs.spark_rate * inputs.document_bytes * inputs.spark_efficiency


def by_arrow(inputs: Inputs, workload: Workload, capacity: Capacity) -> Extraction:
    """A first load by the engine `arrow` on one machine."""
    rate = arrow_rate(inputs, capacity.cores, workload.collections)
    return _extraction(inputs, workload.size, rate, inputs.network_rate, capacity.cores, 0)


def by_spark(inputs: Inputs, workload: Workload, capacity: Capacity) -> Extraction:
    """A first load by the engine `spark`, each collection a job."""
    rate = spark_rate(inputs, capacity.spark_cores)
    network = inputs.network_rate * capacity.spark_machines
    start = inputs.spark_start * workload.collections / capacity.spark_cores
    return _extraction(inputs, workload.size, rate, network, capacity.spark_cores, start)


def _extraction(inputs: Inputs, size: float, rate: float, network: float, cores: int, start: float) -> Extraction:
    """Seconds = start + bytes / the least of the rates."""
    rates = {Limit.MONGODB: inputs.mongo_rate, Limit.CORES: rate, Limit.NETWORK: network}
    limit = min(rates, key=lambda each: rates[each])
    seconds = start + size / rates[limit]
    return Extraction(seconds, limit, seconds * cores)


def busy_cores(inputs: Inputs) -> float:
    """Cores that the engine `arrow` keeps busy at the rate at which MongoDB delivers."""
    return inputs.mongo_rate / (inputs.arrow_rate * inputs.document_bytes)


def busy_spark_cores(inputs: Inputs) -> float:
    """Cores that the engine `spark` needs to take what MongoDB delivers."""
    return inputs.mongo_rate / spark_rate(inputs, 1)


def equal_spark_cores(inputs: Inputs, cores: int, collections: int) -> int:
    """Cores of executors that are as quick as one machine by the engine `arrow`."""
    return math.ceil(arrow_rate(inputs, cores, collections) / spark_rate(inputs, 1))


def most_in_window(inputs: Inputs, capacity: Capacity, collections: int) -> float:
    """The most that one machine loads by `arrow` within the window (bytes): the limit for moving to Spark."""
    rate = min(arrow_rate(inputs, capacity.cores, collections), inputs.network_rate, inputs.mongo_rate)
    return rate * capacity.window


def engine_advice(inputs: Inputs, workload: Workload, capacity: Capacity) -> str:
    """Which engine makes a first load within the window.

    `arrow` on one machine if that is enough; if MongoDB is what holds it back, no engine helps; several machines by
    `arrow` if each collection alone is done in time; `spark` for a collection that one machine does not do in time.
    """
    arrow = by_arrow(inputs, workload, capacity)
    if arrow.seconds <= capacity.window:
        return "`arrow`, one machine"
    if workload.size / inputs.mongo_rate > capacity.window:
        return f"MongoDB is the limit: {workload.size / capacity.window / 1e6:,.0f} MB/s would be needed"
    machines = arrow_machines(inputs, workload, capacity)
    if machines is not None:
        return f"`arrow`, {machines} machines, each with collections of its own"
    return f"`spark`, {math.ceil(workload.size / capacity.window / spark_rate(inputs, 1)):,} cores"


def arrow_machines(inputs: Inputs, workload: Workload, capacity: Capacity) -> int | None:
    """Machines among which the collections are divided, so that each is done within the window by `arrow`.

    Returns:
        How many; None if one collection alone takes a machine longer.
    """
    for machines in range(1, workload.collections + 1):
        its = math.ceil(workload.collections / machines)
        share = replace(workload, size=workload.one * its, collections=its)
        if by_arrow(inputs, share, capacity).seconds <= capacity.window:
            return machines
    return None

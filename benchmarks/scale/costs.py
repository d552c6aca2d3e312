"""What it costs: computing, requests, storage.

Belongs here: dollars of what the formulae say. Does not: the prices (`prices.py`).
"""

from dataclasses import dataclass

from benchmarks.scale.days import read_a_run
from benchmarks.scale.inputs import Inputs
from benchmarks.scale.model import DAY, HOUR, Extraction, Workload
from benchmarks.scale.prices import Prices
from benchmarks.scale.tables import files, metadata

MONTH = 30
"""Days."""


@dataclass(frozen=True)
class Monthly:
    """A month of all raw tables on S3, in US dollars.

    Args:
        data: Storage of data files after the first load.
        metadata: Storage of metadata, manifests and lists of manifests.
        requests: PUTs of all commits, if every run finds changes in every collection.
    """

    data: float
    metadata: float
    requests: float


def load(inputs: Inputs, workload: Workload, extraction: Extraction, core_hour: float, prices: Prices) -> float:
    """A first load (US dollars): core-hours x price + a PUT for each part of each file and each file of a commit."""
    found = files(inputs, workload)
    parts = workload.size * inputs.stored_part / inputs.part_bytes + found.loaded * workload.collections
    puts = parts + inputs.commit_files * workload.collections
    return extraction.core_seconds / HOUR * core_hour + puts * float(prices.s3_put.dollars)


def month(inputs: Inputs, workload: Workload, prices: Prices) -> Monthly:
    """A month on S3 (US dollars)."""
    stored = workload.size * inputs.stored_part / 1e9
    beside = metadata(inputs, workload).total * workload.collections / 1e9
    touched = min(workload.touched, files(inputs, workload).windows)
    puts = workload.runs * MONTH * workload.collections * (inputs.commit_files - 1 + touched)
    storage = float(prices.s3_storage.dollars)
    return Monthly(stored * storage, beside * storage, puts * float(prices.s3_put.dollars))


def comparing_a_day(inputs: Inputs, workload: Workload, core_hour: float) -> float:
    """Core-time of a day's comparisons by `arrow` (US dollars): the cores that work, not those that wait."""
    read = workload.runs * read_a_run(workload)
    seconds = read / inputs.document_bytes / inputs.arrow_rate * inputs.unchanged_part
    return seconds / HOUR * core_hour


def in_days(seconds: float) -> float:
    """Seconds as days."""
    return seconds / DAY

"""Documents that runs under way may land where they no longer are.

Belongs here: remembering them until these runs have ended. Does not: finding out where they are (`looking.py`).
"""

import datetime as dt
from collections.abc import Iterable, Mapping

from fq_platform.automation.mongo_changes.memory import Again, Memory, everything
from fq_platform.automation.mongo_changes.runs import Reading, Runs
from fq_platform.sources import Sources

MOST_KEYS = 50_000
"""Documents of a collection that are remembered; if they are more, all of it is compared when the runs have ended."""


def landed(memory: Memory, runs: Runs, sources: Sources, today: dt.date) -> Mapping[str, frozenset[str]]:
    """What can be looked at again, since the runs that it waited for have ended.

    Args:
        memory: Is brought up to date.
        runs: The instance's runs.
        sources: The sources file.
        today: The last day that has a partition.

    Returns:
        By collection, documents to ask the lake for.
    """
    still: list[Again] = []
    found: dict[str, frozenset[str]] = {}
    for one in memory.again:
        if any(runs.is_reading(run, one.collection) for run in one.runs):
            still.append(one)
        elif one.keys:
            found[one.collection] = found.get(one.collection, frozenset()) | one.keys
        else:
            memory.pending |= everything(sources, one.collection, today)
    memory.again = still
    return found


def remember(memory: Memory, keys: Mapping[str, Iterable[str]], reading: Iterable[Reading]) -> None:
    """Keep documents that only the lake could place until the runs have ended that read their collection meanwhile.

    Args:
        memory: Is brought up to date.
        keys: By collection, the documents.
        reading: What runs read, or have read since the look began.
    """
    for name, told in keys.items():
        runs = frozenset(one.run for one in reading if one.collection == name)
        same = next((one for one in memory.again if one.collection == name and one.runs == runs), None)
        if not told or not runs or (same is not None and not same.keys):
            continue
        together = frozenset(told) | (same.keys if same else frozenset())
        if same:
            memory.again.remove(same)
        few = len(together) <= MOST_KEYS
        memory.again.append(Again(collection=name, runs=runs, keys=together if few else frozenset()))

"""What runs under way may land though it is no longer true.

Belongs here: remembering it until these runs have ended. Does not: what they were asked for, which waits as a whole
(`requests.py`), or where documents are (`looking.py`).
"""

import datetime as dt
from collections.abc import Iterable, Mapping

from fq_platform.automation.mongo_changes.blocks import Unit
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
        name = one.collection
        if any(runs.is_reading(run, name) for run in one.runs):
            still.append(one)
            continue
        found[name] = found.get(name, frozenset()) | one.keys
        if one.days:
            memory.pending |= {(name, day) for day in one.days & runs.made(one.runs, name)}
        if one.everything:
            memory.pending |= everything(sources, name, today)
    memory.again = still
    return found


def remember(
    memory: Memory, keys: Mapping[str, Iterable[str]], units: Iterable[Unit], reading: Iterable[Reading]
) -> None:
    """Keep what runs may land wrongly until they have ended.

    A document that only the lake could place may be landed where it was by a run that read it before. And a run may
    read days that it was not asked for, because documents have moved.

    Args:
        memory: Is brought up to date.
        keys: By collection, documents that only the lake could place.
        units: What is to be compared.
        reading: What runs read, or have read since the look began.
    """
    for name in {one.collection for one in reading}:
        of_it = [one for one in reading if one.collection == name]
        days = frozenset(
            day
            for collection, day in units
            if collection == name and day and any(one.now and not one.covers(name, day) for one in of_it)
        )
        told = frozenset(keys.get(name, ()))
        if told or days:
            _keep(memory, Again(collection=name, runs=frozenset(one.run for one in of_it), keys=told, days=days))


def _keep(memory: Memory, new: Again) -> None:
    """Put together what waits for the same runs, so that a long one does not fill the cursor."""
    for one in memory.again:
        if (one.collection, one.runs) == (new.collection, new.runs):
            memory.again.remove(one)
            new.keys, new.days, new.everything = one.keys | new.keys, one.days | new.days, one.everything
            break
    if len(new.keys) > MOST_KEYS:
        new.keys, new.everything = frozenset(), True
    memory.again.append(new)

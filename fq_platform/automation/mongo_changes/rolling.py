"""The rolling reconciliation: every partition is compared within some days, whether anything pointed to it or not.

Belongs here: whose turn it is. Does not: asking for the runs (`requests.py`).
"""

import datetime as dt
from collections.abc import Sequence

from fq_platform.automation.mongo_changes.blocks import Block, Unit
from fq_platform.automation.mongo_changes.memory import Memory, Rolling
from fq_platform.sources import Sources

PACE = dt.timedelta(hours=1)
"""How often a share is due, so that a run is worth its while."""
_DAY = dt.timedelta(days=1)


def roll(
    memory: Memory, sources: Sources, collections: Sequence[str], *, days: int, now: dt.datetime, today: dt.date
) -> set[Unit]:
    """The units whose turn it is.

    Args:
        memory: Knows how far it has come; is brought up to date.
        sources: The sources file.
        collections: Those in which deletions are not seen.
        days: Within how many days each partition comes once; 0 for never.
        now: The time.
        today: The last day that has a partition.

    Returns:
        The days from where it was on, as many as are due for the time that has passed, never more than all once.
    """
    dated = tuple(name for name in collections if sources.collections[name].partition_by)
    if not dated or not days or today < sources.start_date:
        memory.rolling = None
        return set()
    if memory.rolling is None:
        memory.rolling = Rolling(next=sources.start_date, at=now)  # all has just been compared as a whole
    passed = now - memory.rolling.at
    if passed < PACE:
        return set()
    number = (today - sources.start_date).days + 1
    each = days * _DAY / number
    share = min(number, passed // each)
    if not share:
        return set()
    begin = memory.rolling.next if sources.start_date <= memory.rolling.next <= today else sources.start_date
    end = min(begin + (share - 1) * _DAY, today)
    used = (end - begin).days + 1
    memory.rolling = Rolling(next=end + _DAY, at=now if share == number else memory.rolling.at + used * each)
    return Block(dated=dated, first=begin, last=end).units()

"""Asking for runs, once each, until they have succeeded.

Belongs here: which of what is pending is asked for now, and what comes of requests. Does not: how runs stand
(`runs.py`), how units become blocks (`blocks.py`).
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Mapping

import dagster as dg

from fq_platform.assets.raw import raw_key
from fq_platform.automation.mongo_changes.blocks import Block, blocks
from fq_platform.automation.mongo_changes.memory import Memory, Postponed, Request
from fq_platform.automation.mongo_changes.runs import Reading, Runs, State
from fq_platform.automation.partitions import range_tags
from fq_platform.automation.runs import UNATTENDED
from fq_platform.sources import Sources

REQUEST = "fq/request"
"""Tag of a run that the sensor asked for, and of those that take it up again: the request's id."""
MOST_REQUESTS = 8
"""Requests under way at a time; what is named meanwhile waits and is put together."""
_LONG = dt.timedelta(days=7)
"""Runs over more days wait like backfills until others have left the queue."""
_FIRST_DELAY, _LONGEST_DELAY = dt.timedelta(minutes=1), dt.timedelta(hours=1)


def settle(memory: Memory, runs: Runs, now: dt.datetime) -> list[str]:
    """Take note of how the requests stand.

    What a run has yet to read is no longer pending. What failed is postponed, each time for twice as long.

    Args:
        memory: Is brought up to date.
        runs: The instance's runs.
        now: The time.

    Returns:
        What failed, in words.
    """
    said, under_way = [], []
    for request in memory.requests:
        records = runs.tagged(REQUEST, request.id)
        states = runs.states(request.block.collections, records)
        memory.pending -= request.block.only(_in(states, State.WAITING)).units()
        if State.WAITING in states.values() or State.READING in states.values():
            under_way.append(request)
        elif failed := request.block.only(_in(states, State.FAILED)).collections:
            last = records[-1].dagster_run.status.value.lower() if records else "gone"
            postponed = _postponed(request, request.block.only(failed), f"its run is {last}", now)
            memory.postponed.append(postponed)
            memory.failed += 1
            said.append(f"{postponed.block}: {postponed.reason}")
    memory.requests = under_way
    return said


def _in(states: Mapping[str, State], state: State) -> list[str]:
    return [name for name, its in states.items() if its is state]


def _postponed(request: Request, block: Block, reason: str, now: dt.datetime) -> Postponed:
    delay = min(_FIRST_DELAY * 2 ** min(request.failures, 10), _LONGEST_DELAY)
    return Postponed(block=block, failures=request.failures + 1, until=now + delay, reason=reason)


def due(
    memory: Memory, reading: Iterable[Reading], *, now: dt.datetime, today: dt.date, longest: int
) -> Iterator[Request]:
    """Choose what is asked for now.

    Args:
        memory: Is brought up to date: what is asked for is no longer pending.
        reading: What runs read now, which waits until they have.
        now: The time.
        today: The last day that has a partition.
        longest: The most days of a run; 0 for no limit.

    Yields:
        The new requests: first what failed before, then the newest days.
    """
    for postponed in [one for one in memory.postponed if one.until <= now]:
        if len(memory.requests) < MOST_REQUESTS:
            memory.postponed.remove(postponed)
            yield _request(memory, postponed.block, now, postponed.failures)
    later = {unit for one in memory.postponed for unit in one.block.units()}
    memory.pending -= later  # it will be compared when its time has come, and nothing more was asked of it
    reading = [one for one in reading if one.now]
    ready = {
        (name, day)
        for name, day in memory.pending
        if (day is None or day <= today) and not any(one.covers(name, day) for one in reading)
    }
    for block in blocks(ready, longest=longest)[: MOST_REQUESTS - len(memory.requests)]:
        yield _request(memory, block, now, 0)


def _request(memory: Memory, block: Block, now: dt.datetime, failures: int) -> Request:
    request = Request(id=uuid.uuid4().hex[:12], block=block, at=now, failures=failures)
    memory.requests.append(request)
    memory.pending -= block.units()
    return request


def run_request(sources: Sources, request: Request) -> dg.RunRequest:
    """What Dagster is asked for: the raw assets of a request's collections, and nothing that follows from them."""
    block = request.block
    tags = {**UNATTENDED, REQUEST: request.id}
    if block.first and block.last:
        tags |= range_tags(block.first, block.last)
        if block.last - block.first >= _LONG:
            tags["dagster/priority"] = "0"
    return dg.RunRequest(
        run_key=request.id,
        tags=tags,
        asset_selection=[raw_key(sources, name) for name in block.collections],
    )

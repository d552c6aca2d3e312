"""One tick of the sensor, from the look at MongoDB to the runs asked for.

Belongs here: the order of things, and what is told of them. Does not: the things themselves (the modules beside).
"""

import datetime as dt
from collections.abc import Sequence

import dagster as dg

from fq_platform.assets.raw import raw_key
from fq_platform.automation.mongo_changes.flight import landed, remember
from fq_platform.automation.mongo_changes.idle import idle
from fq_platform.automation.mongo_changes.looking import Look, look
from fq_platform.automation.mongo_changes.memory import Memory, Request
from fq_platform.automation.mongo_changes.requests import due, run_request, settle
from fq_platform.automation.mongo_changes.rolling import roll
from fq_platform.automation.mongo_changes.runs import Runs
from fq_platform.automation.registry import sensor_status
from fq_platform.resources.failures import shown_to_users
from fq_platform.resources.mongo import MongoResource
from fq_platform.settings import get_settings
from fq_platform.sources import Sources

NAME = "mongo_changes"
INTERVAL_SECONDS = 30


def build_mongo_sensor(sources: Sources) -> dg.SensorDefinition:
    """The sensor over all declared collections.

    Args:
        sources: The sources file.

    Returns:
        The sensor; the environment decides whether it runs.
    """
    raw = {name: raw_key(sources, name) for name in sources.collections}

    @dg.sensor(
        name=NAME,
        description="Requests the raw partitions of documents that were inserted, changed, moved or deleted in "
        "MongoDB: by its change stream, or by watermark where there is none.",
        asset_selection=dg.AssetSelection.assets(*raw.values()),
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=sensor_status(NAME),
    )
    def mongo_changes(context: dg.SensorEvaluationContext, mongo: MongoResource) -> dg.SensorResult:
        steps = {name: key.to_python_identifier() for name, key in raw.items()}
        with shown_to_users():
            return _tick(context, mongo, sources, steps)

    return mongo_changes


def _tick(
    context: dg.SensorEvaluationContext, mongo: MongoResource, sources: Sources, steps: dict[str, str]
) -> dg.SensorResult:
    """Look first, then ask how runs stand: what has not begun to read by then will see all that the look saw."""
    settings, now, today = get_settings(), dt.datetime.now(dt.UTC), sources.today()
    memory = Memory.of(context.cursor)
    if context.cursor and memory == Memory():
        context.log.warning("The cursor is not one that this sensor has written: it begins anew")
    anew = memory.adapt(sources, today)
    again = landed(memory, Runs(context.instance, steps), sources, today)
    with mongo.database(sources.database) as database:
        found = look(database, sources, memory, again, today)
        runs = Runs(context.instance, steps)
        reading = runs.reading(since=now)
        memory.pending |= found.units
        whole = found.whole.union(anew) - {one.collection for one in reading if one.now}
        memory.pending -= idle(database, sources, whole, today)
    if sources.today() != today:  # what was written since midnight was taken for the future's, and no event will come
        dated = (name for name, options in sources.collections.items() if options.partition_by)
        memory.pending |= {(name, sources.today()) for name in dated}
    memory.lost += bool(found.lost)
    remember(memory, found.keys, found.units, reading)
    failed = settle(memory, runs, now)
    memory.pending |= roll(memory, sources, found.by_mark, days=settings.reconcile_days, now=now, today=today)
    requests = list(due(memory, reading, now=now, today=today, longest=settings.backfill_partitions))
    _tell(context, memory, found, anew, failed, requests)
    return dg.SensorResult(
        run_requests=[run_request(sources, request) for request in requests],
        skip_reason=None if requests else _reason(memory, found),
        cursor=memory.to_cursor(),
    )


def _tell(
    context: dg.SensorEvaluationContext,
    memory: Memory,
    found: Look,
    anew: Sequence[str],
    failed: Sequence[str],
    requests: Sequence[Request],
) -> None:
    """Write to the tick's log what is worth reading."""
    if found.lost:
        context.log.warning(f"Everything is compared, since the position in the change stream is lost: {found.lost}")
    if anew:
        context.log.info(f"Compared as a whole, being new or declared otherwise than before: {', '.join(anew)}")
    for text in failed:
        context.log.warning(f"Failed, and asked for again later: {text}")
    for text in found.said:
        context.log.info(text)
    if found.unwatched:
        context.log.info(
            f"No watermark is declared, and no change stream tells of {', '.join(found.unwatched)}: these collections "
            "are compared by the schedules only"
        )
    for request in requests:
        tries = f" (failed {request.failures} times before)" if request.failures else ""
        context.log.info(f"Requested: {request.block}{tries}")
    context.log.info(_reason(memory, found))


def _reason(memory: Memory, found: Look) -> str:
    """How things stand, in one line."""
    parts = [f"{found.events:,} events of the change stream"] if found.events else ["Nothing new in MongoDB"]
    if found.units and not found.events:
        parts = [f"{len(found.units):,} partitions to compare"]
    if found.more:
        parts.append("more to read in the next tick")
    if memory.pending:
        parts.append(f"{len(memory.pending):,} partitions wait for runs under way")
    if memory.requests:
        parts.append(f"{len(memory.requests)} runs requested and not ended")
    parts += [
        f"{one.block} failed {one.failures} times, asked for again at {one.until:%Y-%m-%d %H:%M} UTC"
        for one in memory.postponed
    ]
    return "; ".join(parts)

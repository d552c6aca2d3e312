"""The sensor that has facts made again when a dimension changed whose attributes they show: the days concerned only.

Dimensions have no days, so the cascade would make all days of the facts again, whoever changed.

Belongs here: turning days into run requests. Does not: finding the days (`lakehouse/stale_facts.py`).
"""

import datetime as dt
import json
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

import dagster as dg

from fq_platform.automation.dimension_memory import Memory
from fq_platform.automation.partitions import range_tags
from fq_platform.automation.registry import sensor_status
from fq_platform.automation.runs import UNATTENDED
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.facts import Dimension, Facts
from fq_platform.resources.failures import shown_to_users
from fq_platform.settings import get_settings

DIMENSION_CHANGES = "dimension_changes"
MOST_RUNS = 10
"""So many stretches of days a tick at most: beyond, the nearest ones become one, with the days between them."""

_ONE_DAY = dt.timedelta(days=1)
Span = tuple[dt.date, dt.date]
"""First and last day, both inclusive."""


def build_dimension_sensor(
    facts: Facts, dimensions: Sequence[Dimension], fact_asset: dg.AssetKey
) -> dg.SensorDefinition:
    """The sensor of one table of facts.

    Args:
        facts: The table of facts.
        dimensions: The dimensions whose attributes it shows.
        fact_asset: The asset that makes it; what is made of it by day is asked for with it.

    Returns:
        The sensor, running where the registry says so. Its cursor is a JSON object: dimension to its `Memory`.
    """
    shown = ", ".join(dimension.table.name for dimension in dimensions)

    @dg.sensor(
        name=DIMENSION_CHANGES,
        description=f"Makes the days of {facts.table.name} again that show members of {shown} as they no longer are.",
        asset_selection=dg.AssetSelection.assets(fact_asset).downstream(),
        minimum_interval_seconds=60,
        default_status=sensor_status(DIMENSION_CHANGES),
    )
    def dimension_changes(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        memories = json.loads(context.cursor) if context.cursor else {}
        days: set[dt.date] = set()
        for dimension in dimensions:
            name = dimension.table.name
            known = Memory.from_json(memories[name]) if name in memories else Memory()
            memory, asked = _look(facts, dimension, known)
            memories[name] = memory.to_json()
            days |= asked
            if asked:
                context.log.info(f"{facts.table.name}: {len(asked)} days show {name} as it no longer is")
        requests = list(_requests(context, fact_asset, days))
        nothing = None if requests else dg.SkipReason(f"All facts show {shown} as they are")
        return dg.SensorResult(requests, skip_reason=nothing, cursor=json.dumps(memories, sort_keys=True))

    return dimension_changes


def _look(facts: Facts, dimension: Dimension, known: Memory) -> tuple[Memory, frozenset[dt.date]]:
    """Compare the facts with a dimension if that is due."""
    from fq_platform.lakehouse.stale_facts import newest_snapshot, stale_days

    now = dt.datetime.now(dt.UTC).timestamp()
    with shown_to_users(dimension.table.qualified):
        catalog = open_catalog(get_settings())
        newest = newest_snapshot(catalog, dimension.table)
        if newest is None or not known.needs_look(newest, now):
            return known, frozenset()
        return known.looked(newest, stale_days(catalog, facts, dimension, known.settled, newest), now)


def _requests(
    context: dg.SensorEvaluationContext, fact_asset: dg.AssetKey, days: Collection[dt.date]
) -> Iterator[dg.RunRequest]:
    if context.repository_def is None:
        raise RuntimeError("the sensor is evaluated without its code location")
    graph = context.repository_def.asset_graph
    own = graph.get(fact_asset).partitions_def
    made = dg.AssetSelection.assets(fact_asset).downstream().resolve(graph)
    assets = sorted(key for key in made if graph.get(key).partitions_def == own)
    longest = get_settings().backfill_partitions
    for first, last in few_spans(days, MOST_RUNS):
        for begin, end in _cut(first, last, longest):
            yield dg.RunRequest(tags={**UNATTENDED, **range_tags(begin, end)}, asset_selection=assets)


def few_spans(days: Collection[dt.date], most: int) -> list[Span]:
    """Cover days by few spans of neighbouring days.

    Args:
        days: The days.
        most: How many spans there may be; if it takes more, the smallest gaps are covered, too.

    Returns:
        The spans in order.
    """
    ordered = sorted(days)
    gaps = [(here - before, at) for at, (before, here) in enumerate(pairwise(ordered), 1) if here - before > _ONE_DAY]
    begins = sorted(at for _, at in sorted(gaps, reverse=True)[: most - 1])
    return [(ordered[at], ordered[end - 1]) for at, end in pairwise([0, *begins, len(ordered)]) if end]


def _cut(first: dt.date, last: dt.date, longest: int) -> Iterator[Span]:
    """A span in runs of at most so many days; 0 for one run."""
    length = (last - first).days + 1
    for offset in range(0, length, longest or length):
        begin = first + offset * _ONE_DAY
        yield begin, min(begin + ((longest or length) - 1) * _ONE_DAY, last)

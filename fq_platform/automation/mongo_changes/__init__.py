"""The sensor that notices new and changed documents in MongoDB and requests the partitions concerned.

Belongs here: turning changed days into run requests. Does not: looking into MongoDB (`extraction/changes.py`).
"""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from fq_platform.assets.raw import raw_key
from fq_platform.automation.partitions import daily_partitions, range_tags
from fq_platform.automation.registry import sensor_status
from fq_platform.automation.runs import UNATTENDED
from fq_platform.resources.failures import shown_to_users
from fq_platform.resources.mongo import MongoResource
from fq_platform.sources import Collection, Sources

Days = Mapping[str, frozenset[dt.date]]
Span = tuple[dt.date, dt.date, list[str]]
"""First day, last day (inclusive), and the collections concerned."""

NAME = "mongo_changes"
REQUEST = "fq/request"
"""Tag of a run that this sensor asked for: the id of the request."""
_ONE_DAY = dt.timedelta(days=1)


def build_mongo_sensor(sources: Sources) -> dg.SensorDefinition:
    """The sensor over all collections that declare a watermark.

    Its cursor is a JSON object, collection to the last watermark seen. The first tick sees every document.

    Args:
        sources: The sources file.

    Returns:
        A sensor that is running by default.
    """
    watched = {name: options for name, options in sources.collections.items() if options.watermark}

    @dg.sensor(
        name=NAME,
        description="Requests the partitions of documents that were inserted or updated in MongoDB.",
        asset_selection=dg.AssetSelection.all(),
        minimum_interval_seconds=60,
        default_status=sensor_status(NAME),
    )
    def mongo_changes(context: dg.SensorEvaluationContext, mongo: MongoResource) -> dg.SensorResult:
        from fq_platform.extraction.changes import changes_since

        cursor: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
        days: dict[str, frozenset[dt.date]] = {}
        whole: list[str] = []
        with shown_to_users(), mongo.database(sources.database) as database:
            for name, options in watched.items():
                since = dt.datetime.fromisoformat(cursor[name]) if name in cursor else None
                found = changes_since(
                    database,
                    name,
                    watermark=options.watermark or "",
                    since=since,
                    partition_by=options.partition_by,
                    start_date=sources.start_date,
                    last_day=sources.today(),
                    zone=sources.zone,
                )
                if found.watermark:
                    cursor[name] = found.watermark.isoformat()
                if found.documents and options.partition_by:
                    days[name] = found.days
                elif found.documents:
                    whole.append(name)
        dated = list(spans(days))
        if dated and not context.cursor:
            # Nothing is known of the lake yet: one run makes every table, so that none misses one that it needs.
            dated = [(dated[0][0], max(last for _, last, _ in dated), sorted(_dated(watched)))]
        marks = json.dumps(cursor, sort_keys=True)
        requests = list(_requests(context, sources, dated, whole, marks))
        nothing = None if requests else dg.SkipReason("No document was inserted or updated since the last tick")
        return dg.SensorResult(run_requests=requests, skip_reason=nothing, cursor=marks)

    return mongo_changes


def _requests(
    context: dg.SensorEvaluationContext, sources: Sources, dated: Sequence[Span], whole: list[str], marks: str
) -> Iterator[dg.RunRequest]:
    """A run for each span of days; the first one also refreshes the collections without days, which others refer to."""
    undated = _with_downstream(context, sources, whole, daily=False)
    today = sources.today()
    for first, last, names in dated:
        if first <= today:
            last = min(last, today)
            yield dg.RunRequest(
                run_key=f"{first}:{last}:{marks}",
                tags={**UNATTENDED, **range_tags(first, last)},
                asset_selection=[*undated, *_with_downstream(context, sources, names, daily=True)],
            )
            undated = []
    if undated:
        yield dg.RunRequest(run_key=f"whole:{marks}", tags=dict(UNATTENDED), asset_selection=undated)


def _dated(collections: Mapping[str, Collection]) -> list[str]:
    return [name for name, options in collections.items() if options.partition_by]


def spans(days: Days) -> Iterator[Span]:
    """Group days into contiguous spans in which the same collections changed.

    Args:
        days: Collection to the days that changed in it.

    Yields:
        First day, last day (inclusive) and the collections, in order of days.
    """
    by_day: dict[dt.date, list[str]] = {}
    for name in sorted(days):
        for day in days[name]:
            by_day.setdefault(day, []).append(name)
    pending: Span | None = None
    for day in sorted(by_day):
        if pending and day == pending[1] + _ONE_DAY and by_day[day] == pending[2]:
            pending = (pending[0], day, pending[2])
            continue
        if pending:
            yield pending
        pending = (day, day, by_day[day])
    if pending:
        yield pending


def _with_downstream(
    context: dg.SensorEvaluationContext, sources: Sources, names: list[str], *, daily: bool
) -> list[dg.AssetKey]:
    """The raw assets of some collections and what follows from them with the same partitions."""
    if context.repository_def is None:
        raise RuntimeError("the sensor is evaluated without its code location")
    if not names:
        return []
    graph = context.repository_def.asset_graph
    partitions = daily_partitions(sources) if daily else None
    selection = dg.AssetSelection.assets(*(raw_key(sources, name) for name in names)).downstream()
    return sorted(key for key in selection.resolve(graph) if graph.get(key).partitions_def == partitions)

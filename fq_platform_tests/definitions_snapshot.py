"""The definitions as a text that can be read in a review: what there is, what hangs together, what runs by itself.

Belongs here: writing them down. Does not: what is right (`test_definitions.py`), or anything that changes with the day.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph, AssetNode

from fq_platform.automation.following import UpstreamChanged
from fq_platform.automation.runs import UNATTENDED
from fq_platform.settings import Environment


def snapshot(definitions: Mapping[Environment, dg.Definitions]) -> str:
    """Write definitions down.

    Args:
        definitions: The definitions as each environment has them; they differ in what runs by itself only.

    Returns:
        The text.
    """
    repositories = {where: found.get_repository_def() for where, found in definitions.items()}
    running = {where: _running(found) for where, found in repositories.items()}
    repository = next(iter(repositories.values()))
    graph = repository.asset_graph
    jobs = [job for job in repository.get_all_jobs() if not job.name.startswith("__")]

    def runs_in(name: str) -> str:
        return f", runs in {', '.join(where.value for where, names in running.items() if name in names) or 'none'}"

    return "\n".join(
        [
            *_section("Assets", (line for key in _in_order(graph) for line in _asset(graph, graph.get(key)))),
            *_section("Jobs", (_job(job, graph) for job in jobs)),
            *_section("Schedules", (_schedule(made) + runs_in(made.name) for made in repository.schedule_defs)),
            *_section("Sensors", (_sensor(made) + runs_in(made.name) for made in repository.sensor_defs)),
            *_section(
                "Tags of the runs that are launched by themselves",
                (f"{key}: {UNATTENDED[key]}" for key in sorted(UNATTENDED)),
            ),
        ]
    )


def _section(title: str, lines: Iterable[str]) -> list[str]:
    return [title, "=" * len(title), *lines, ""]


def _in_order(graph: AssetGraph) -> list[dg.AssetKey]:
    return [key for level in graph.toposorted_asset_keys_by_level for key in sorted(level)]


def _asset(graph: AssetGraph, node: AssetNode) -> Iterator[str]:
    kind = "" if node.is_materializable else " (external)"
    yield f"{node.key.to_user_string()}{kind}: {', '.join([str(node.group_name), *sorted(node.kinds), *node.owners])}"
    for parent in sorted(node.parent_keys):
        yield f"  from {parent.to_user_string()}{_mapping(node.partition_mappings.get(parent))}"
    about = [_days(node), _freshness(node.freshness_policy), _follows(node), _pools(node)]
    yield from (f"  {text}" for text in about if text)
    checks = [graph.get(key) for key in node.check_keys]
    for title, blocking in (("audits", True), ("checks", False)):
        names = sorted(check.key.name for check in checks if check.blocking is blocking)
        if names:
            yield f"  {title}: {', '.join(names)}"


def _mapping(mapping: dg.PartitionMapping | None) -> str:
    if mapping is None:
        return ""
    if isinstance(mapping, dg.TimeWindowPartitionMapping):
        return f", days {mapping.start_offset} to {mapping.end_offset}"
    return f", {type(mapping).__name__}"


def _days(node: AssetNode) -> str:
    found, policy = node.partitions_def, node.backfill_policy
    if not isinstance(found, dg.DailyPartitionsDefinition):
        return f"partitions: {found}" if found else ""
    last = "today" if found.end_offset == 1 else f"today and {found.end_offset - 1} more"
    most = policy.max_partitions_per_run if policy else 1
    return f"daily from {found.start:%Y-%m-%d} to {last}, {found.timezone}; backfills in runs of {most or 'all'}"


def _freshness(policy: Any) -> str:
    if policy is None:
        return ""
    hours = [window.to_timedelta() // dt.timedelta(hours=1) for window in (policy.warn_window, policy.fail_window)]
    return f"fresh for {hours[0]} hours, stale after {hours[1]}"


def _follows(node: AssetNode) -> str:
    condition = node.automation_condition
    if condition is None:
        return ""
    ignored = sorted(key.to_user_string() for found in _ignoring(condition) for key in found.ignored)
    return f"automation: {condition.get_label()}" + (f", but not {', '.join(ignored)}" if ignored else "")


def _ignoring(condition: Any) -> Iterator[UpstreamChanged]:
    if isinstance(condition, UpstreamChanged):
        yield condition
    for child in condition.children:
        yield from _ignoring(child)


def _pools(node: AssetNode) -> str:
    return f"pool {', '.join(sorted(node.pools))}" if node.pools else ""


def _job(job: dg.JobDefinition, graph: AssetGraph) -> str:
    chosen = set(job.asset_layer.selected_asset_keys)
    groups: dict[str, set[dg.AssetKey]] = {}
    for key in graph.materializable_asset_keys:
        groups.setdefault(str(graph.get(key).group_name), set()).add(key)
    whole = [f"all of {name}" for name, keys in sorted(groups.items()) if keys <= chosen]
    others = sorted(key.to_user_string() for keys in groups.values() if not keys <= chosen for key in keys & chosen)
    return f"{job.name}: {', '.join([*whole, *others])}" + ("" if job.partitions_def is None else "; by day")


def _schedule(schedule: dg.ScheduleDefinition) -> str:
    return f"{schedule.name}: {schedule.cron_schedule} {schedule.execution_timezone}, job {schedule.job_name}"


def _sensor(sensor: dg.SensorDefinition) -> str:
    return f"{sensor.name}: every {sensor.minimum_interval_seconds} seconds"


def _running(repository: dg.RepositoryDefinition) -> set[str]:
    schedules = {made.name for made in repository.schedule_defs if made.default_status.value == "RUNNING"}
    return schedules | {made.name for made in repository.sensor_defs if made.default_status.value == "RUNNING"}

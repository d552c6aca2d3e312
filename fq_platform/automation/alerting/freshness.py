"""The sensor `alert_freshness`: tells that a table is late or too old, and when it is fresh again.

Belongs here: the states that Dagster's freshness daemon stores, told once each. Does not: the policies
(`automation/freshness.py`).
"""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
from dagster._core.definitions.freshness import FreshnessState

from fq_platform.alerts.alert import Alert, Kind, Severity
from fq_platform.alerts.conditions import Turn
from fq_platform.automation.alerting.directory import Directory
from fq_platform.automation.alerting.telling import Memory, alert_sensor

NAME = "alert_freshness"

_SEVERITY = {
    FreshnessState.PASS: None,
    FreshnessState.NOT_APPLICABLE: None,
    FreshnessState.WARN: Severity.WARNING,
    FreshnessState.FAIL: Severity.ERROR,
}
"""What each state means; one that is unknown (nothing was ever materialised) says nothing."""


def build_freshness_alerts() -> dg.SensorDefinition:
    """The sensor `alert_freshness`."""
    return alert_sensor(NAME, "Tells of tables that are late or too old, and fresh again.", _look)


def _look(context: dg.SensorEvaluationContext, directory: Directory, memory: Memory) -> Iterator[Alert]:
    watched = [node.key for node in directory.graph.asset_nodes if node.freshness_policy_or_from_metadata]
    found = context.instance.get_freshness_state_records(watched)
    states = {key: found[key].freshness_state for key in watched if key in found}
    for key, state in sorted(states.items()):
        if state not in _SEVERITY:
            continue
        change = memory.conditions.note(key.to_user_string(), _SEVERITY[state])
        if change:
            yield _alert(context, directory, key, state, change.turn, change.severity)


def _alert(
    context: dg.SensorEvaluationContext,
    directory: Directory,
    key: dg.AssetKey,
    state: FreshnessState,
    turn: Turn,
    severity: Severity,
) -> Alert:
    table = key.to_user_string()
    made = context.instance.get_latest_materialization_event(key)
    last = f"Last materialised {_shown(made.timestamp)}" if made else "It was never materialised"
    if turn is Turn.ENDED:
        kind, title, fix = Kind.FRESH, f"Fresh again: {table}", ""
    else:
        late = state is FreshnessState.WARN
        kind, title = (Kind.LATE, f"Late: {table}") if late else (Kind.STALE, f"Too old: {table}")
        fix = "Look at what it is made of in the lineage: which of it is late, failed or stopped; then materialise it"
    return Alert(
        kind,
        severity,
        title,
        what=f"{last}. {_asked(directory, key)}".strip(),
        fix=fix,
        link=directory.asset(key),
        **directory.concerned([key]),
    )


def _asked(directory: Directory, key: dg.AssetKey) -> str:
    """What the policy asks for, in words; nothing for a kind of policy that has none here."""
    from dagster._core.definitions.freshness import CronFreshnessPolicy, TimeWindowFreshnessPolicy

    policy = directory.graph.get(key).freshness_policy_or_from_metadata
    if isinstance(policy, TimeWindowFreshnessPolicy):
        limits = [
            f"{word} after {_length(window.to_timedelta())}"
            for word, window in (("late", policy.warn_window), ("too old", policy.fail_window))
            if window
        ]
        return f"It is {' and '.join(limits)}."
    if isinstance(policy, CronFreshnessPolicy):
        return f"It is due at {policy.deadline_cron} ({policy.timezone})."
    return ""


def _length(length: dt.timedelta) -> str:
    hours = length.total_seconds() / 3600
    return f"{hours:g} hours" if hours >= 1 else f"{hours * 60:g} minutes"


def _shown(timestamp: float) -> str:
    return f"{dt.datetime.fromtimestamp(timestamp, dt.UTC):%Y-%m-%d %H:%M} UTC"

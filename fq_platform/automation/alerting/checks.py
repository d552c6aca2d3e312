"""The sensor `alert_checks`: tells that a check failed or warns, and when it passes again; and what raw tables met.

Belongs here: which evaluations are told, and in which words. Does not: finding them (`evaluations.py`).
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import dagster as dg

from fq_platform.alerts.alert import Alert, Kind, Severity
from fq_platform.assets.raw_checks import SCHEMA_UNCHANGED, VALUES_RESCUED
from fq_platform.automation.alerting.directory import Directory
from fq_platform.automation.alerting.errors import is_audit, of_step
from fq_platform.automation.alerting.evaluations import new_evaluations
from fq_platform.automation.alerting.telling import Memory, alert_sensor
from fq_platform.automation.expected_partitions import PARTITION_COMPLETE
from fq_platform.automation.partitions import partition_range

NAME = "alert_checks"
WHOLE = "*"
"""In place of partitions: all of a table."""
NEWS_REMEMBERED = 300
"""Findings of raw tables that are known to have been told."""

NEWS = {SCHEMA_UNCHANGED: Kind.SCHEMA_CHANGED, VALUES_RESCUED: Kind.VALUES_RESCUED}
"""Checks that speak of the last materialisation only: what one found is told once, and that the next found nothing
does not mean that it is gone."""
_SAME_NEWS = {SCHEMA_UNCHANGED: ("schema_changes",), VALUES_RESCUED: ("windows", "places")}
"""The metadata that says whether it is the same finding again, though with other numbers."""

_TITLES = {
    Kind.CHECK_BLOCKED: "Blocking check failed",
    Kind.CHECK_FAILED: "Check failed",
    Kind.CHECK_WARNED: "Check warns",
    Kind.INCOMPLETE: "Days missing or incomplete",
    Kind.WAITS: "Waits for other tables",
    Kind.SCHEMA_CHANGED: "New columns",
    Kind.VALUES_RESCUED: "Values that do not fit",
    Kind.CHECK_PASSED: "Passes again",
}
_FIXES = {
    Kind.CHECK_BLOCKED: "Readers keep what was there before. Open the failed run: it says where the rejected rows are; "
    "correct the source or the transform, and materialise again",
    Kind.CHECK_FAILED: "Open the check for the rows that it names; correct the source or the transform, and "
    "materialise again",
    Kind.CHECK_WARNED: "Open the check for what it found; nothing is held up by it",
    Kind.INCOMPLETE: "",  # what the check says of it ends with that
    Kind.WAITS: "",
    Kind.SCHEMA_CHANGED: "Decide whether curated tables shall use the new fields; a type can be declared in the "
    "sources file",
    Kind.VALUES_RESCUED: "Nothing is lost: they stand in _fq_rescued. Correct them in the source, or declare the "
    "column's type in the sources file",
}


def build_check_alerts() -> dg.SensorDefinition:
    """The sensor `alert_checks`."""
    return alert_sensor(
        NAME,
        "Tells of checks that failed or warn, and pass again; of new columns and values that do not fit.",
        _look,
    )


def _look(context: dg.SensorEvaluationContext, directory: Directory, memory: Memory) -> Iterator[Alert]:
    keys = sorted(directory.graph.asset_check_keys, key=lambda key: key.to_user_string())
    evaluations = new_evaluations(context.instance, keys, memory.position)
    last = dict(evaluations)
    for key, record in evaluations:
        if key.name == PARTITION_COMPLETE and record is not last[key]:
            continue  # it was asked in the middle of a catch-up: only where it has come to counts
        evaluation = record.evaluation
        if not isinstance(evaluation, dg.AssetCheckEvaluation):
            continue
        found = _Found(context.instance, directory, memory, key, evaluation, record.run_id)
        if key.name in NEWS:
            yield from _news(found)
        elif evaluation.passed:
            yield from _passed(found)
        else:
            yield from _failed(found)


@dataclass(frozen=True)
class _Found:
    """An evaluation, and all that is needed to tell it."""

    instance: dg.DagsterInstance
    directory: Directory
    memory: Memory
    key: dg.AssetCheckKey
    evaluation: dg.AssetCheckEvaluation
    run_id: str

    @property
    def name(self) -> str:
        return self.key.to_user_string()

    @property
    def rule(self) -> str:
        return self.directory.graph.get(self.key).description or ""

    @property
    def blocking(self) -> bool:
        return self.directory.graph.get(self.key).blocking

    @property
    def failing(self) -> dict[str, list[str]]:
        """Check to the parts of its table that fail."""
        return self.memory.position.setdefault("failing", {})

    def alert(
        self, kind: Kind, severity: Severity, called: str, *, what: str = "", fix: str = "", link: str = ""
    ) -> Alert:
        table = self.key.asset_key
        title = f"{_TITLES[kind]}: {table.to_user_string()}{called}"
        return Alert(kind, severity, title, what, fix, link, **self.directory.concerned([table]))

    @cached_property
    def parts(self) -> list[str]:
        """The parts of the table that the evaluation is about.

        A blocking check looks at the rows that its run writes: that those of another day passed does not mean that
        these did. Other checks look at all of their table, whatever the run wrote.
        """
        if self.evaluation.partition:
            return [self.evaluation.partition]
        run = self.instance.get_run_by_id(self.run_id) if self.run_id and self.blocking else None
        partitions = self.directory.graph.get(self.key.asset_key).partitions_def
        days = partition_range(run) if run else None
        if partitions is None or days is None:
            return [WHOLE]
        if not all(map(partitions.has_partition_key, days)):
            return sorted(set(days))  # of a time when there were others
        return list(partitions.get_partition_keys_in_range(dg.PartitionKeyRange(*days)))


def _news(found: _Found) -> Iterator[Alert]:
    if found.evaluation.passed:
        return
    finding = _fingerprint(found.key, found.evaluation)
    told: list[str] = found.memory.position.setdefault("news", [])
    if finding in told:
        return
    found.memory.position["news"] = [*told, finding][-NEWS_REMEMBERED:]
    kind = NEWS[found.key.name]
    link = found.directory.run(found.run_id) if found.run_id else found.directory.check(found.key)
    yield found.alert(
        kind, Severity.WARNING, "", what=found.evaluation.description or found.rule, fix=_FIXES[kind], link=link
    )


def _failed(found: _Found) -> Iterator[Alert]:
    """Told when a check begins to fail, fails for another part of its table, or is worse or better than before."""
    warns = found.evaluation.severity is dg.AssetCheckSeverity.WARN
    severity = Severity.WARNING if warns else Severity.ERROR
    known = found.failing.get(found.name, [])
    found.failing[found.name] = sorted({*known, *found.parts})
    change = found.memory.conditions.note(found.name, severity)
    if change is None and not set(known).isdisjoint(found.parts):
        return
    kind = _kind(found, warns)
    blocked = kind is Kind.CHECK_BLOCKED and found.run_id
    yield found.alert(
        kind,
        change.severity if change else severity,
        f", {found.key.name}{_shown(found.parts)}",
        what=found.evaluation.description or found.rule,
        fix=_remedy(found) if blocked else _FIXES[kind],
        link=found.directory.run(found.run_id) if blocked else found.directory.check(found.key),
    )


def _passed(found: _Found) -> Iterator[Alert]:
    """Told when no part of the table fails any longer."""
    known = found.failing.pop(found.name, None)
    if known is None:
        return
    left = [] if WHOLE in found.parts else sorted(set(known) - set(found.parts))
    if left:
        found.failing[found.name] = left
        return
    change = found.memory.conditions.note(found.name, None)
    if change:
        link = found.directory.check(found.key)
        yield found.alert(Kind.CHECK_PASSED, change.severity, f", {found.key.name}", what=found.rule, link=link)


def _kind(found: _Found, warns: bool) -> Kind:
    if found.key.name == PARTITION_COMPLETE:
        return Kind.WAITS if warns else Kind.INCOMPLETE
    if warns:
        return Kind.CHECK_WARNED
    return Kind.CHECK_BLOCKED if found.blocking else Kind.CHECK_FAILED


def _remedy(found: _Found) -> str:
    """What the step that refused the rows says of looking at them."""
    records = found.instance.get_records_for_run(found.run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    failures = [record.event_log_entry.get_dagster_event().step_failure_data for record in records]
    fixes = [of_step(failure).fix for failure in failures if is_audit(failure)]
    return next(filter(None, fixes), _FIXES[Kind.CHECK_BLOCKED])


def _shown(parts: list[str]) -> str:
    if WHOLE in parts:
        return ""
    return f", {parts[0]}" if len(parts) == 1 else f", {parts[0]} to {parts[-1]}"


def _fingerprint(key: dg.AssetCheckKey, evaluation: dg.AssetCheckEvaluation) -> str:
    """The same for the same finding, whatever its counts."""
    found: list[Any] = [key.to_user_string()]
    for name in _SAME_NEWS[key.name]:
        value = evaluation.metadata[name].value if name in evaluation.metadata else None
        found.append([_without_count(place) for place in value] if isinstance(value, list) else value)
    return hashlib.blake2b(json.dumps(found, sort_keys=True, default=str).encode(), digest_size=8).hexdigest()


def _without_count(place: Any) -> Any:
    return {name: value for name, value in place.items() if name != "values"} if isinstance(place, dict) else place

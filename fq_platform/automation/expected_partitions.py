"""The check `partition_complete` of each dated table, and the sensor that answers it when nothing runs.

Dagster's freshness looks at the last materialisation only: a backfill of an old day makes a table look fresh whose
yesterday is missing.

Belongs here: which days are looked at, and how that is told. Does not: the rules (`completeness.py`).
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as Status

from fq_platform.automation.completeness import Calendar, Cause, Chain, Gaps, Inspector, dated_chain
from fq_platform.automation.registry import sensor_status
from fq_platform.lakehouse.day_spans import spans
from fq_platform.settings import get_settings
from fq_platform.sources import Sources

if TYPE_CHECKING:
    from dagster import DagsterInstance

EXPECTED_PARTITIONS = "expected_partitions"
PARTITION_COMPLETE = "partition_complete"
LOOK_BACK_DAYS = 7
"""The days before the last one due that are looked at each time; one that was not complete, until it is."""

_SECONDS = 300
_DAY = dt.timedelta(days=1)
_INCOMPLETE = "incomplete_days"
_LAST_DUE = "last_day_due"


def completeness_checks(sources: Sources, assets: Sequence[dg.AssetsDefinition]) -> list[dg.AssetChecksDefinition]:
    """The check of each dated table. It stops nothing; runs that make the table answer it too.

    Args:
        sources: The sources file, for its time zone and first day.
        assets: The assets that are tables.

    Returns:
        A definition a table.
    """
    chain, calendar = dated_chain(assets), _calendar(sources)
    return [_check(asset, chain, calendar) for asset in chain]


def build_expected_partitions_sensor(sources: Sources, assets: Sequence[dg.AssetsDefinition]) -> dg.SensorDefinition:
    """The sensor that answers those checks when the answer changes, or another day is due. It requests no run.

    Args:
        sources: The sources file, for its time zone and first day.
        assets: The assets that are tables.

    Returns:
        The sensor, running where the registry says so. Its cursor is a JSON object, table to when it was first seen.
    """
    chain, calendar = dated_chain(assets), _calendar(sources)

    @dg.sensor(
        name=EXPECTED_PARTITIONS,
        description="Says of each dated table whether the partitions that should exist by now exist and are complete "
        f"(check {PARTITION_COMPLETE}).",
        minimum_interval_seconds=_SECONDS,
        default_status=sensor_status(EXPECTED_PARTITIONS),
    )
    def expected_partitions(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now = dt.datetime.now(dt.UTC)
        known: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
        known = {key: known.get(key, now.isoformat()) for key in (asset.to_user_string() for asset in chain)}
        since = {dg.AssetKey.from_user_string(key): dt.datetime.fromisoformat(text) for key, text in known.items()}
        told = _answer(context.instance, Inspector(context.instance, chain, calendar, now, since), chain, calendar, now)
        return dg.SensorResult(skip_reason=_summary(told, calendar.last_due(now)), cursor=json.dumps(known))

    return expected_partitions


def _calendar(sources: Sources) -> Calendar:
    settings = get_settings()
    return Calendar(
        sources.zone,
        sources.start_date,
        after=dt.timedelta(minutes=settings.daily_refresh_after_minutes),
        grace=dt.timedelta(minutes=settings.partition_grace_minutes),
    )


def _check(asset: dg.AssetKey, chain: Chain, calendar: Calendar) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset,
        name=PARTITION_COMPLETE,
        description="Every day that is due was materialised after it had ended, and since what it is made of changed.",
    )
    def evaluate(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        now = dt.datetime.now(dt.UTC)
        inspector = Inspector(context.instance, chain, calendar, now)
        answer = _look(inspector, asset, calendar.last_due(now), calendar, _last_answer(context.instance, asset))
        return dg.AssetCheckResult(
            passed=answer.passed,
            severity=answer.severity,
            description=answer.description(calendar),
            metadata=answer.metadata(),
        )

    return evaluate


@dataclass(frozen=True)
class Answer:
    """The answer of the check of one table.

    Args:
        last_due: The last day that is due; None if none is, or the first load still has its time.
        gaps: The days that are not complete, and why.
    """

    last_due: dt.date | None
    gaps: Gaps

    @property
    def passed(self) -> bool:
        """Whether every day that is due is complete."""
        return not self.gaps

    @property
    def severity(self) -> dg.AssetCheckSeverity:
        """A warning if all that is wrong is wrong upstream, where it is told as an error."""
        waits = bool(self.gaps) and set(self.gaps.values()) == {Cause.WAITS}
        return dg.AssetCheckSeverity.WARN if waits else dg.AssetCheckSeverity.ERROR

    def description(self, calendar: Calendar) -> str | None:
        """What is wrong, and what to do."""
        if not self.gaps:
            return None if self.last_due else "No day is due yet, or the first load still has its time."
        said = [f"{_days(self.gaps, cause)} {cause}" for cause in Cause if cause in self.gaps.values()]
        day = max(self.gaps)
        due = calendar.due(day).astimezone(calendar.zone)
        remedy = (
            "Put right the upstream table that the same check fails for."
            if self.severity is dg.AssetCheckSeverity.WARN
            else "See why the last run of it failed or did not come, or materialise these days."
        )
        return f"Not complete: {'; '.join(said)}. {day} was due on {due:%Y-%m-%d at %H:%M %Z}. {remedy}"

    def metadata(self) -> dict[str, Any]:
        """The same, for the next look at it."""
        days = {str(day): cause.name.lower() for day, cause in self.gaps.items()}
        return {
            _LAST_DUE: str(self.last_due) if self.last_due else "none",
            "incomplete": len(days),
            _INCOMPLETE: dg.MetadataValue.json(days),
        }


def _days(gaps: Gaps, cause: Cause) -> str:
    days = frozenset(day for day, found in gaps.items() if found is cause)
    return ", ".join(str(text).replace("...", " to ") for text in spans(days))


def _answer(
    instance: "DagsterInstance", inspector: Inspector, chain: Chain, calendar: Calendar, now: dt.datetime
) -> Mapping[dg.AssetKey, Answer]:
    """Look at each table, and report the answers that are not known yet."""
    checks = {asset: dg.AssetCheckKey(asset, PARTITION_COMPLETE) for asset in chain}
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(checks.values()))
    answers: dict[dg.AssetKey, Answer] = {}
    for asset, check in checks.items():
        before = _last_answer(instance, asset)
        answers[asset] = answer = _look(inspector, asset, calendar.last_due(now), calendar, before)
        if answer.last_due and (answer != before or _hides(instance, latest.get(check))):
            instance.report_runless_asset_event(
                dg.AssetCheckEvaluation(
                    asset_key=asset,
                    check_name=PARTITION_COMPLETE,
                    passed=answer.passed,
                    severity=answer.severity,
                    description=answer.description(calendar),
                    metadata=answer.metadata(),
                    blocking=False,
                )
            )
    return answers


def _look(
    inspector: Inspector, asset: dg.AssetKey, last_due: dt.date | None, calendar: Calendar, before: Answer | None
) -> Answer:
    """Look at the days before the last one due, those that have come due since the last answer, and its gaps."""
    if last_due is None or not inspector.is_expected(asset):
        return Answer(None, {})
    first = last_due - (LOOK_BACK_DAYS - 1) * _DAY
    if before and before.last_due:
        first = min(first, before.last_due + _DAY)
    first = max(first, calendar.first_day)
    days = {first + number * _DAY for number in range((last_due - first).days + 1)}
    if before:
        days.update(day for day in before.gaps if day >= calendar.first_day)
    return Answer(last_due, inspector.gaps(asset, days))


def _last_answer(instance: "DagsterInstance", asset: dg.AssetKey) -> Answer | None:
    """The last answer that was given, by a run or by the sensor."""
    found = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(asset, PARTITION_COMPLETE), limit=1, status={Status.SUCCEEDED, Status.FAILED}
    )
    evaluation = found[0].evaluation if found else None
    if evaluation is None or _INCOMPLETE not in evaluation.metadata:
        return None
    days: Any = evaluation.metadata[_INCOMPLETE].value
    due = str(evaluation.metadata[_LAST_DUE].value)
    # A cause that another version wrote counts as any other: the day is looked at again.
    causes = {cause.name.lower(): cause for cause in Cause}
    gaps = {dt.date.fromisoformat(day): causes.get(name, Cause.MISSING) for day, name in days.items()}
    return Answer(None if due == "none" else dt.date.fromisoformat(due), gaps)


def _hides(instance: "DagsterInstance", latest: AssetCheckExecutionRecord | None) -> bool:
    """Whether the answer is hidden by a run that should have given one and ended without: the UI shows the run's."""
    if latest is None or latest.status is not Status.PLANNED:
        return False
    run = instance.get_run_by_id(latest.run_id)
    return run is None or run.is_finished


def _summary(answers: Mapping[dg.AssetKey, Answer], last_due: dt.date | None) -> str:
    if last_due is None:
        return "No day is due yet"
    wrong = {asset.to_user_string(): len(answer.gaps) for asset, answer in answers.items() if answer.gaps}
    if not wrong:
        return f"Every day up to {last_due} is complete"
    return "Days that are not complete: " + ", ".join(f"{days} of {asset}" for asset, days in wrong.items())

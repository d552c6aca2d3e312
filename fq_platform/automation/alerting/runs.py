"""The sensor `alert_runs`: tells that a run has failed for good, and what the nightly one brought unexpectedly.

Belongs here: which failed runs are told, and in which words. Does not: failed checks (`checks.py`).
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.alerts.alert import Alert, Kind, Severity
from fq_platform.automation.alerting.differences import differences
from fq_platform.automation.alerting.directory import Directory
from fq_platform.automation.alerting.errors import Told, is_audit, of_error, of_step
from fq_platform.automation.alerting.telling import Memory, alert_sensor
from fq_platform.automation.partitions import partition_range

if TYPE_CHECKING:
    from dagster._core.execution.plan.objects import StepFailureData

NAME = "alert_runs"
OVERLAP = dt.timedelta(minutes=10)
"""How far back each look goes: what happened just before the last one may have been stored just after it."""
TAGGED_WITHIN = dt.timedelta(minutes=2)
"""When it is not known by then whether a failed run is tried again, it is not."""
RETRIED_WITHIN = dt.timedelta(minutes=15)
"""When a retry that was promised has not begun by then, it never will."""
TOLD_AGAIN_AFTER = dt.timedelta(hours=24)
NAMED = 3

WILL_RETRY = "dagster/will_retry"
RETRIED_AS = "dagster/auto_retry_run_id"

_FAILED = [dg.DagsterRunStatus.FAILURE]
_FIX = "Open the run, put right what its log names, and re-execute it from there"


def build_run_alerts() -> dg.SensorDefinition:
    """The sensor `alert_runs`."""
    return alert_sensor(
        NAME,
        "Tells of runs that failed, unless they are tried again, and of documents that no sensor had noticed.",
        _look,
        every_seconds=30,
    )


def _look(context: dg.SensorEvaluationContext, directory: Directory, memory: Memory) -> Iterator[Alert]:
    """The failed runs that nobody has been told of.

    The position is the moment of the last failure seen, the runs settled around it, and those of which it is not yet
    known whether they are tried again, with the moment since when that is so.
    """
    instance, now = context.instance, dt.datetime.now(dt.UTC)
    after = _moment(memory.position.get("after", now.timestamp()))
    settled: dict[str, float] = memory.position.get("settled", {})
    since: dict[str, float] = memory.position.get("waiting", {})
    waiting: dict[str, float] = {}
    for record in _failed_runs(instance, after - OVERLAP, list(since)):
        run, failed_at = record.dagster_run, _moment(record.end_time or record.update_timestamp.timestamp())
        after = max(after, failed_at)
        if run.run_id in settled:
            continue
        waits = since.get(run.run_id, now.timestamp())
        final = _final(instance, run, now - _moment(waits))
        if final is None:
            waiting[run.run_id] = waits
            continue
        settled[run.run_id] = failed_at.timestamp()
        if final:
            yield from _unless_told(instance, run, _alerts(instance, directory, run), memory, now)
    oldest = (after - 2 * OVERLAP).timestamp()
    memory.position |= {
        "after": after.timestamp(),
        "settled": {run_id: moment for run_id, moment in settled.items() if moment > oldest},
        "waiting": waiting,
    }
    yield from differences(instance, directory, memory.position, now)


def _unless_told(
    instance: dg.DagsterInstance, run: dg.DagsterRun, alerts: Iterable[Alert], memory: Memory, now: dt.datetime
) -> Iterator[Alert]:
    """The alerts that differ from those of the last day, or follow a success: sensors ask for the same until it works.

    A failure that goes on is told once a day.
    """
    since = (now - TOLD_AGAIN_AFTER).timestamp()
    told = {name: moment for name, moment in memory.position.get("told", {}).items() if moment > since}
    for alert in alerts:
        text = f"{alert.title}\n{alert.what}".encode()
        name = hashlib.blake2b(text, digest_size=8).hexdigest()
        if name not in told or _succeeded(instance, run, _moment(told[name])):
            told[name] = now.timestamp()
            yield alert
    memory.position["told"] = told


def _succeeded(instance: dg.DagsterInstance, failed: dg.DagsterRun, since: dt.datetime) -> bool:
    """Whether a run of the same has succeeded since a moment."""
    records = instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS], job_name=failed.job_name, updated_after=since)
    )
    return any(
        record.dagster_run.asset_selection == failed.asset_selection
        and partition_range(record.dagster_run) == partition_range(failed)
        for record in records
    )


def _failed_runs(instance: dg.DagsterInstance, after: dt.datetime, waiting: list[str]) -> Sequence[dg.RunRecord]:
    """The runs that failed after a moment, and those that wait, the oldest first."""
    recent = instance.get_run_records(
        dg.RunsFilter(statuses=_FAILED, updated_after=after), order_by="update_timestamp", ascending=True
    )
    # A run that failed long ago is among them if somebody has given it a tag since.
    recent = [record for record in recent if record.end_time is None or record.end_time > after.timestamp()]
    known = {record.dagster_run.run_id for record in recent}
    missing = [run_id for run_id in waiting if run_id not in known]
    older = instance.get_run_records(dg.RunsFilter(run_ids=missing, statuses=_FAILED)) if missing else []
    return [*older, *recent]


def _final(instance: dg.DagsterInstance, run: dg.DagsterRun, waited: dt.timedelta) -> bool | None:
    """Whether a failed run stays as it is; False if another has taken its place, None if it is not known yet."""
    promised = run.tags.get(WILL_RETRY)
    if promised == "true":
        if RETRIED_AS in run.tags:
            return False
        return True if waited > RETRIED_WITHIN else None
    if promised is None and instance.run_retries_enabled:
        return True if waited > TAGGED_WITHIN else None
    return True


def _alerts(instance: dg.DagsterInstance, directory: Directory, run: dg.DagsterRun) -> Iterator[Alert]:
    """The alert of a failed run; none if it failed only since rows did not pass: the check is told (`checks.py`)."""
    steps = _failed_steps(instance, run.run_id)
    if steps and all(is_audit(failure) for failure in steps.values()):
        return
    assets = _assets(instance, run)
    concerned = {key for step in steps for key in assets.get(step, ())} or {
        key for keys in assets.values() for key in keys
    }
    errors = [of_step(failure) for failure in steps.values()] or [_of_run(instance, run.run_id)]
    what = list(dict.fromkeys(error.what for error in errors))
    more = f"\nand {len(what) - NAMED} other errors" if len(what) > NAMED else ""
    yield Alert(
        Kind.RUN_FAILED,
        Severity.ERROR,
        title=f"Run failed: {_called(run, sorted(key.to_user_string() for key in concerned))}",
        what="\n".join(what[:NAMED]) + more,
        fix=next((error.fix for error in errors if error.fix), _FIX),
        link=directory.run(run.run_id),
        **directory.concerned(concerned),
    )


def _failed_steps(instance: dg.DagsterInstance, run_id: str) -> "dict[str, StepFailureData]":
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
    events = [record.event_log_entry.get_dagster_event() for record in records]
    return {event.step_key or "": event.step_failure_data for event in events}


def _assets(instance: dg.DagsterInstance, run: dg.DagsterRun) -> dict[str, set[dg.AssetKey]]:
    """What a run was to make, by step; under no step what only the run itself says."""
    planned = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
    assets: dict[str, set[dg.AssetKey]] = {}
    for record in instance.get_records_for_run(run.run_id, of_type=planned).records:
        event = record.event_log_entry.get_dagster_event()
        if event.asset_key:
            assets.setdefault(event.step_key or "", set()).add(event.asset_key)
    return assets or {"": set(run.asset_selection or ())}


def _of_run(instance: dg.DagsterInstance, run_id: str) -> Told:
    """What ended a run of which no step failed: its process died, it was stopped, or it never began."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.RUN_FAILURE).records
    if not records:
        return Told("It ended without saying why")
    event = records[-1].event_log_entry.get_dagster_event()
    error = event.job_failure_data.error
    return of_error(error) if error else Told(event.message or "It ended without saying why")


def _called(run: dg.DagsterRun, assets: list[str]) -> str:
    """The job, or the assets of a run that belongs to none; and the partitions."""
    named = f"{', '.join(assets[:NAMED])}{f' and {len(assets) - NAMED} more' if len(assets) > NAMED else ''}"
    name = named if run.job_name.startswith("__") and assets else run.job_name
    days = partition_range(run)
    if days is None:
        return name
    first, last = days
    return f"{name}, {first}" if first == last else f"{name}, {first} to {last}"


def _moment(timestamp: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(timestamp, dt.UTC)

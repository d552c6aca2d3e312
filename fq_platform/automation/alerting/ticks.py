"""The sensor `alert_automation`: tells that a schedule or sensor fails, works again, or has lost its place in MongoDB.

Belongs here: ticks. Does not: the runs that they request (`runs.py`).
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.alerts.alert import Alert, Kind, Severity
from fq_platform.alerts.conditions import Turn
from fq_platform.automation.alerting.directory import Directory
from fq_platform.automation.alerting.errors import of_error
from fq_platform.automation.alerting.telling import Memory, alert_sensor
from fq_platform.automation.mongo_changes.memory import Memory as Cursor
from fq_platform.automation.mongo_changes.sensor import NAME as MONGO_CHANGES

if TYPE_CHECKING:
    from dagster._core.scheduler.instigation import InstigatorState, InstigatorTick

NAME = "alert_automation"
SENSOR_FAILURES = 3
"""Failed ticks in a row after which a sensor is told: one tick may meet a restart, and the next is a minute away."""
SCHEDULE_FAILURES = 1
"""For a schedule, whose next tick may be a day away, the first."""


def build_automation_alerts() -> dg.SensorDefinition:
    """The sensor `alert_automation`."""
    return alert_sensor(
        NAME, "Tells of schedules that fail, and of sensors that fail repeatedly or have missed events.", _look
    )


def _look(context: dg.SensorEvaluationContext, directory: Directory, memory: Memory) -> Iterator[Alert]:
    running = {_named(state): state for state in context.instance.all_instigator_state() if _is_ours(state, directory)}
    for name in memory.conditions.present.keys() - running.keys():
        del memory.conditions.present[name]  # somebody has stopped it: it neither fails nor works
    for name, state in sorted(running.items()):
        tick = next(iter(context.instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)), None)
        if tick is None:
            continue
        failures = tick.consecutive_failure_count or tick.failure_count
        most = SENSOR_FAILURES if _is_sensor(state) else SCHEDULE_FAILURES
        change = memory.conditions.note(name, Severity.ERROR if failures >= most else None)
        if change and change.turn is Turn.ENDED:
            yield _alert(directory, state, Kind.TICKS_RECOVERED, f"Works again: {name}", "", "")
        elif change:
            yield _failing(context, directory, state, failures)
        if state.instigator_name == MONGO_CHANGES:
            yield from _lost(directory, state, memory)


def _lost(directory: Directory, state: "InstigatorState", memory: Memory) -> Iterator[Alert]:
    """That everything is compared, since events were missed: not of the very first look, which has no place yet."""
    times = Cursor.of(getattr(state.instigator_data, "cursor", None)).lost
    known = memory.position.get("lost", 1)
    memory.position["lost"] = max(times, 1)
    if times > known:
        yield replace(
            _alert(
                directory,
                state,
                Kind.PLACE_LOST,
                f"Compares everything: {_named(state)}",
                "Its place in MongoDB's change stream is lost: nobody read it for longer than MongoDB keeps it, or the "
                "database was restored. All days are compared with the source, in runs of some weeks",
                "Nothing is lost, and nothing has to be done. If it happens again, let MongoDB keep a longer oplog",
            ),
            severity=Severity.WARNING,
        )


def _failing(
    context: dg.SensorEvaluationContext, directory: Directory, state: "InstigatorState", failures: int
) -> Alert:
    """With the error of the last tick that failed: the very last may have just begun."""
    from dagster._core.scheduler.instigation import TickStatus

    failed: list[InstigatorTick] = list(
        context.instance.get_ticks(
            state.instigator_origin_id, state.selector_id, limit=1, statuses=[TickStatus.FAILURE]
        )
    )
    told = of_error(failed[0].error if failed else None)
    times = "" if failures == 1 else f"{failures} times in a row. "
    return _alert(
        directory,
        state,
        Kind.TICKS_FAILED,
        f"Fails: {_named(state)}",
        f"{times}{told.what}",
        told.fix or "Put right what the error names; its next tick tries again, and nothing that it watches is lost",
    )


def _alert(directory: Directory, state: "InstigatorState", kind: Kind, title: str, what: str, fix: str) -> Alert:
    link = directory.instigator(state.instigator_name, sensor=_is_sensor(state))
    return Alert(kind, Severity.ERROR, title, what, fix, link, **directory.automation())


def _is_ours(state: "InstigatorState", directory: Directory) -> bool:
    """Whether it runs, and belongs to this code location: an instance may have others."""
    origin = state.origin.repository_origin
    location = origin.code_location_origin.location_name
    return (
        state.is_running
        and origin.repository_name == directory.repository
        and (directory.location is None or location == directory.location)
    )


def _is_sensor(state: "InstigatorState") -> bool:
    from dagster._core.definitions.run_request import InstigatorType

    return state.instigator_type is InstigatorType.SENSOR


def _named(state: "InstigatorState") -> str:
    return f"{'sensor' if _is_sensor(state) else 'schedule'} {state.instigator_name}"

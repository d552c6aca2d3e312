"""Running assets in this process, and telling what came of each.

Belongs here: one run of the daily job and its outcome as values. Does not: printing (`report.py`).
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from fq_platform.demo.children import interrupts_heard

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class TableOutcome:
    """What a run did to one table.

    Args:
        name: The table's name, such as `raw/ecommerce_db_orders`.
        rows: Rows of the table that the run's partitions hold.
        seconds: Wall time of the step.
        changed: Whether a snapshot was committed.
        metadata: The materialisation's metadata, by name; of several partitions, the last one's.
    """

    name: str
    rows: int
    seconds: float
    changed: bool
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class CheckOutcome:
    """What an asset check found.

    Args:
        name: Its table and name.
        passed: Whether it found no error; a warning is none.
        warned: Whether it found something to know of, which stops nothing.
        description: What it found.
    """

    name: str
    passed: bool
    warned: bool
    description: str


@dataclass(frozen=True)
class RunOutcome:
    """What a run did.

    Args:
        tables: The materialised tables, in the order in which they were made.
        checks: All checks that were evaluated.
        failures: Name of the step and the text for users, for each step that failed.
    """

    tables: Sequence[TableOutcome]
    checks: Sequence[CheckOutcome]
    failures: Sequence[tuple[str, str]] = field(default_factory=list)

    @property
    def succeeded(self) -> bool:
        """Whether every step ended well and every check passed, with a warning or without."""
        return not self.failures and all(check.passed for check in self.checks)


def run_assets(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    tags: Mapping[str, str],
    assets: Sequence[dg.AssetKey] | None = None,
    on_step: Callable[[str], None] = lambda step: None,
) -> RunOutcome:
    """Run a job's assets in this process.

    Args:
        job: The job.
        instance: Where the run is recorded.
        tags: The run's tags; a range of partitions is asked for by them.
        assets: The assets to materialise; all of the job's if None.
        on_step: Told the name of each table when it is materialised.

    Returns:
        The outcome; a failed step does not raise.

    Raises:
        KeyboardInterrupt: The run was interrupted.
    """
    run_id = str(uuid.uuid4())
    told: set[str] = set()

    def listen(entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is not None and event.is_step_materialization and event.asset_key is not None:
            name = event.asset_key.to_user_string()
            if name not in told:
                told.add(name)
                on_step(name)

    instance.add_event_listener(run_id, listen)
    with interrupts_heard() as interrupted:
        try:
            result = job.execute_in_process(
                instance=instance,
                run_id=run_id,
                run_config=_QUIET,
                tags=dict(tags),
                asset_selection=list(assets) if assets is not None else None,
                raise_on_error=False,
            )
        except dg.DagsterExecutionInterruptedError:
            raise KeyboardInterrupt from None
        # One that comes in the middle of a call to the JVM can be lost on the way, leaving nothing but a failed step.
        if interrupted() or any(_was_interrupted(event) for event in result.all_events):
            raise KeyboardInterrupt
    return _outcome(result)


def _was_interrupted(event: dg.DagsterEvent) -> bool:
    """Whether an interruption ended a step: Dagster records it as the step's failure."""
    if event.event_type != dg.DagsterEventType.STEP_FAILURE:
        return False
    error = event.step_failure_data.error
    return error is not None and error.cls_name == dg.DagsterExecutionInterruptedError.__name__


def _outcome(result: dg.ExecuteInProcessResult) -> RunOutcome:
    seconds = {
        event.step_key: event.step_success_data.duration_ms / 1000
        for event in result.all_events
        if event.event_type == dg.DagsterEventType.STEP_SUCCESS
    }
    made: dict[str, list[dg.DagsterEvent]] = {}
    for event in result.get_asset_materialization_events():
        if event.asset_key is not None:
            made.setdefault(event.asset_key.to_user_string(), []).append(event)
    tables = [_table(name, events, seconds) for name, events in made.items()]
    checks = [
        CheckOutcome(
            f"{evaluation.asset_key.to_user_string()}: {evaluation.check_name}",
            evaluation.passed or evaluation.severity is dg.AssetCheckSeverity.WARN,
            not evaluation.passed and evaluation.severity is dg.AssetCheckSeverity.WARN,
            evaluation.description or "",
        )
        for evaluation in result.get_asset_check_evaluations()
    ]
    failures = [
        (event.step_key or "", _reason(event))
        for event in result.all_events
        if event.event_type == dg.DagsterEventType.STEP_FAILURE
    ]
    return RunOutcome(tables, checks, failures)


def _table(name: str, events: Sequence[dg.DagsterEvent], seconds: Mapping[str | None, float]) -> TableOutcome:
    """The outcome of a table from its materialisations, one for each partition of the run."""
    metadata: dict[str, Any] = {}
    rows = 0
    for event in events:
        found: dict[str, Any] = {key: value.value for key, value in event.materialization.metadata.items()}
        rows += int(found.get("dagster/partition_row_count", found.get("dagster/row_count", 0)))
        metadata |= found
    return TableOutcome(name, rows, seconds.get(events[0].step_key, 0.0), bool(metadata.get("changed")), metadata)


def _reason(event: dg.DagsterEvent) -> str:
    """What the step says of its failure: its own description if it has one, else the error's first line."""
    data = event.step_failure_data
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error is not None else "unknown"

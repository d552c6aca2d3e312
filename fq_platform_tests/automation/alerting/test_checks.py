"""Checks that fail, warn and pass again are told once each, whoever evaluates them; and what raw tables met."""

import datetime as dt
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationPlanned
from dagster._core.events import DagsterEvent
from dagster._core.test_utils import create_run_for_test

from fq_platform.automation.alerting.evaluations import new_evaluations
from fq_platform.automation.expected_partitions import PARTITION_COMPLETE
from fq_platform_tests.automation.alerting.conftest import RAW, SALES, UI, Stage
from fq_platform_tests.fixtures.sinks import Message

pytestmark = pytest.mark.services

ENOUGH = dg.AssetCheckKey(SALES, "enough_rows")


def titles(messages: list[Message]) -> list[str]:
    return [message.title for message in messages]


def report(
    stage: Stage,
    *,
    passed: bool,
    partition: str | None = None,
    warns: bool = True,
    said: str = "",
    check: str = ENOUGH.name,
) -> None:
    """Evaluate a check without a run, as sensors do."""
    stage.instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=SALES,
            check_name=check,
            passed=passed,
            severity=dg.AssetCheckSeverity.WARN if warns else dg.AssetCheckSeverity.ERROR,
            description=said,
            metadata={},
            partition=partition,
        )
    )


def test_blocking_check_is_told_with_its_remedy_and_passes_again_when_its_days_do(stage: Stage) -> None:
    stage.world.broken = {"2026-03-08"}
    run = stage.run(RAW, SALES, first=8, last=9)
    assert stage.tick("alert_checks") == [
        Message(
            "Blocking check failed: analytics/sales, never_negative, 2026-03-08 to 2026-03-09",
            f"1 of 2 rows: No sum is negative.\nWhat to do: Look at it.\nSee: {UI}/runs/{run}",
            "failure",
        )
    ]

    stage.run(SALES, first=8)  # the same again
    stage.run(SALES, first=9)
    stage.run(SALES, first=5)
    assert stage.tick("alert_checks") == []

    stage.world.broken = {"2026-03-05"}
    stage.run(SALES, first=5)
    assert titles(stage.tick("alert_checks")) == ["Blocking check failed: analytics/sales, never_negative, 2026-03-05"]

    stage.world.broken = set()
    stage.run(SALES, first=5)
    assert stage.tick("alert_checks") == []
    stage.run(SALES, first=7, last=8)
    assert stage.tick("alert_checks") == [
        Message(
            "Passes again: analytics/sales, never_negative",
            f"No sum is negative.\nSee: {UI}/assets/analytics/sales?view=checks&checkDetail=never_negative",
            "success",
        )
    ]


def test_warning_is_told_apart_from_failure_and_both_once(stage: Stage) -> None:
    report(stage, passed=False, said="2 of 900")
    [warned] = stage.tick("alert_checks")
    assert (warned.title, warned.type) == ("Check warns: analytics/sales, enough_rows", "warning")
    assert warned.body.startswith("2 of 900\nWhat to do: Open the check")

    report(stage, passed=False)
    assert stage.tick("alert_checks") == []
    report(stage, passed=False, warns=False)
    assert titles(stage.tick("alert_checks")) == ["Check failed: analytics/sales, enough_rows"]
    report(stage, passed=True)
    assert titles(stage.tick("alert_checks")) == ["Passes again: analytics/sales, enough_rows"]
    report(stage, passed=True)
    assert stage.tick("alert_checks") == []


def test_failure_that_passed_before_anybody_looked_is_told_too(stage: Stage) -> None:
    for passed in (False, True, False, True):
        report(stage, passed=passed)

    assert (
        titles(stage.tick("alert_checks"))
        == [
            "Check warns: analytics/sales, enough_rows",
            "Passes again: analytics/sales, enough_rows",
        ]
        * 2
    )


def test_of_a_table_that_catches_up_only_where_it_has_come_to_is_told(stage: Stage) -> None:
    for passed, warns in ((False, True), (False, False), (False, True)):
        report(stage, passed=passed, warns=warns, check=PARTITION_COMPLETE)
    assert titles(stage.tick("alert_checks")) == ["Waits for other tables: analytics/sales, partition_complete"]

    for passed in (False, True):
        report(stage, passed=passed, warns=False, check=PARTITION_COMPLETE)
    assert titles(stage.tick("alert_checks")) == ["Passes again: analytics/sales, partition_complete"]


def test_storm_of_failures_is_one_message(stage: Stage) -> None:
    for number in range(100):
        report(stage, passed=False, partition=str(dt.date(2025, 1, 1) + dt.timedelta(days=number)))

    [told] = stage.tick("alert_checks")

    assert told.title == "100 checks warn"
    assert told.body.startswith("- Check warns: analytics/sales, enough_rows, 2025-01-01\n")
    report(stage, passed=True)
    assert titles(stage.tick("alert_checks")) == ["Passes again: analytics/sales, enough_rows"]


def test_check_that_fails_when_alerts_begin_is_told(stage: Stage) -> None:
    report(stage, passed=True)
    report(stage, passed=False)
    stage.cursors.clear()

    assert titles(stage.tick("alert_checks")) == ["Check warns: analytics/sales, enough_rows"]


def test_what_a_raw_table_met_is_told_once_and_never_as_over(stage: Stage) -> None:
    def place(path: str, values: int) -> dict[str, Any]:
        return {"path": path, "column": "decimal(38,12)", "found": "string", "values": values}

    stage.world.news = ["column vip added: boolean"]
    stage.world.rescued = [place("price", 3)]
    run = stage.run(RAW, first=8)
    columns, values = stage.tick("alert_checks")
    assert (columns.title, columns.type) == ("New columns: raw/orders", "warning")
    assert (values.title, values.type) == ("Values that do not fit: raw/orders", "warning")
    assert "_fq_rescued" in values.body
    assert values.body.endswith(f"See: {UI}/runs/{run}")

    stage.world.rescued = [place("price", 4)]
    stage.run(RAW, first=8)
    stage.world.news = stage.world.rescued = []
    stage.run(RAW, first=8)
    assert stage.tick("alert_checks") == []

    stage.world.rescued = [place("price", 4), place("lines[].quantity", 1)]
    stage.run(RAW, first=8)
    assert titles(stage.tick("alert_checks")) == ["Values that do not fit: raw/orders"]


def test_each_evaluation_is_seen_once_in_whatever_order_runs_plan_and_end(stage: Stage) -> None:
    """A run that plans its check first and evaluates it last is not hidden by one that came in between."""
    instance, position = stage.instance, {}
    keys = [ENOUGH, dg.AssetCheckKey(RAW, "values_rescued")]

    def seen() -> list[bool]:
        found = [record.evaluation for _, record in new_evaluations(instance, keys, position)]
        return [evaluation.passed for evaluation in found if isinstance(evaluation, dg.AssetCheckEvaluation)]

    assert seen() == []
    slow, quick, dead = (planned(instance) for _ in range(3))
    assert seen() == []
    evaluated(instance, quick, passed=True)
    assert seen() == [True]
    report(stage, passed=True)
    assert seen() == [True]
    evaluated(instance, slow, passed=False)
    assert seen() == [False]
    assert position["planned"] == {"analytics/sales:enough_rows": [3]}
    instance.report_run_failed(dead)
    assert (seen(), position["planned"]) == ([], {})


def planned(instance: dg.DagsterInstance) -> dg.DagsterRun:
    """A run that has announced the check and is under way."""
    run = create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED)
    store(
        instance,
        run,
        dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
        AssetCheckEvaluationPlanned(asset_key=SALES, check_name=ENOUGH.name),
    )
    return run


def evaluated(instance: dg.DagsterInstance, run: dg.DagsterRun, *, passed: bool) -> None:
    evaluation = dg.AssetCheckEvaluation(asset_key=SALES, check_name=ENOUGH.name, passed=passed, metadata={})
    store(instance, run, dg.DagsterEventType.ASSET_CHECK_EVALUATION, evaluation)


def store(instance: dg.DagsterInstance, run: dg.DagsterRun, kind: dg.DagsterEventType, data: Any) -> None:
    instance.report_dagster_event(DagsterEvent(kind.value, run.job_name, event_specific_data=data), run.run_id)

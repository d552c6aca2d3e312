"""What a job tells reaches the run whole, and what a person starts by hand ends with an exit code."""

import json
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from fq_platform.pipes import handing_over, job
from fq_platform.pipes.report import Report, read_report

KEY = dg.AssetKey(["analytics", "sales"])


def check(name: str, severity: dg.AssetCheckSeverity) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        KEY, name, passed=False, metadata={"rows": dg.IntMetadataValue(3)}, severity=severity
    )


REPORT = Report(
    (dg.AssetMaterialization(KEY, metadata={"rows": 7}, partition="2026-01-01"),),
    (check("strict", dg.AssetCheckSeverity.ERROR), check("lenient", dg.AssetCheckSeverity.WARN)),
    "It is broken",
    {"broken rules": dg.TextMetadataValue("strict")},
)


class Pipes:
    """Keeps what is reported, as JSON would carry it."""

    def __init__(self) -> None:
        self.messages: list[Any] = [{"kind": "another's"}, "a word"]
        self.checks: list[tuple[Any, ...]] = []
        self.made: list[tuple[Any, ...]] = []

    def report_custom_message(self, message: Any) -> None:
        self.messages.append(json.loads(json.dumps(message)))

    def report_asset_check(self, *given: Any) -> None:
        self.checks.append(given)

    def report_asset_materialization(self, *given: Any, asset_key: str) -> None:
        self.made.append((asset_key, *given))


def test_a_report_is_read_as_it_was_told_and_stands_in_pipes_own_words_too() -> None:
    pipes: Any = Pipes()
    REPORT.tell(pipes)

    assert read_report(pipes.messages) == REPORT
    rows = {"rows": {"raw_value": 3, "type": "int"}}
    assert pipes.checks == [
        ("strict", False, "ERROR", rows, "analytics/sales"),
        ("lenient", False, "WARN", rows, "analytics/sales"),
    ]
    assert pipes.made == [("analytics/sales", {"rows": {"raw_value": 7, "type": "int"}})]
    assert read_report(pipes.messages[:2]) is None


def test_a_run_hears_of_the_checks_that_it_asked_for_and_is_not_tried_again() -> None:
    context: Any = SimpleNamespace(selected_asset_check_keys={dg.AssetCheckKey(KEY, "strict")})
    heard = handing_over._told(context, KEY, REPORT)
    first = next(heard)
    assert (first.check_name, first.passed) == ("strict", False)
    with pytest.raises(dg.Failure) as failed:
        next(heard)
    assert (failed.value.description, failed.value.allow_retries) == ("It is broken", False)


def test_a_job_by_hand_that_cannot_be_done_ends_with_1(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.setenv("FQ_COMPUTE", "emr")  # what the job sets is taken back with it
    assert job.main(["--asset", "no/such", "--partition", "2026-01-01"]) == 1
    assert "There is no asset no/such" in capsys.readouterr().err

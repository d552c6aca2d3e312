"""What the banner says of Dagster's state, on a real instance with events of every kind."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest
import time_machine
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationPlanned
from streamlit.testing.v1 import AppTest

from fq_platform.dagster_home import prepare_dagster_home
from fq_platform.dashboard.freshness import Age, instance_home, read_state
from fq_platform.settings import Settings
from fq_platform_tests.dashboard.conftest import SECONDS, said

NOW = dt.datetime(2026, 1, 31, 8, tzinfo=dt.UTC)
TABLE = "analytics.sales_summary"
SALES, SILVER = dg.AssetKey(["analytics", "sales_summary"]), dg.AssetKey(["curated", "ecommerce_db_orders_silver"])


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an instance in which nothing has happened."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return prepare_dagster_home(settings)


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(home)) as opened:
        yield opened


def materialise(instance: dg.DagsterInstance, key: dg.AssetKey, hours_ago: float) -> None:
    with time_machine.travel(NOW - dt.timedelta(hours=hours_ago), tick=False):
        instance.report_runless_asset_event(dg.AssetMaterialization(key))


def evaluate(instance: dg.DagsterInstance, key: dg.AssetKey, name: str, *, passed: bool, error: bool) -> None:
    severity = dg.AssetCheckSeverity.ERROR if error else dg.AssetCheckSeverity.WARN
    with time_machine.travel(NOW, tick=False):
        instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(asset_key=key, check_name=name, passed=passed, severity=severity)
        )


def test_without_an_instance_there_is_none_to_open(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)

    assert instance_home(settings) is None
    assert not settings.home.exists()


def test_age_follows_the_policy_of_the_layer(settings: Settings, instance: dg.DagsterInstance) -> None:
    home = instance_home(settings)
    assert home is not None
    [made] = read_state(home, [TABLE], NOW).made
    assert (made.at, made.age) == (None, Age.FRESH)
    for hours, age in ((40, Age.TOO_OLD), (30, Age.LATE), (2, Age.FRESH)):
        materialise(instance, SALES, hours)

        state = read_state(home, [TABLE], NOW)

        assert [made.age for made in state.made] == [age]
        assert state.as_of == NOW - dt.timedelta(hours=hours)


def test_failed_checks_upstream_count_until_they_pass(home: Path, instance: dg.DagsterInstance) -> None:
    evaluate(instance, SALES, "not_null", passed=False, error=False)
    evaluate(instance, SILVER, "primary_key_unique", passed=False, error=True)
    evaluate(instance, dg.AssetKey(["analytics", "vat_report"]), "not_null", passed=False, error=True)

    first, second = read_state(home, [TABLE], NOW).failures

    assert (first.table, first.check, first.is_error) == (
        "curated.ecommerce_db_orders_silver",
        "primary_key_unique",
        True,
    )
    assert (second.table, second.check, second.is_error) == (TABLE, "not_null", False)
    assert first.path == "/assets/curated/ecommerce_db_orders_silver?view=checks&checkDetail=primary_key_unique"
    evaluate(instance, SILVER, "primary_key_unique", passed=True, error=True)
    assert [failure.table for failure in read_state(home, [TABLE], NOW).failures] == [TABLE]


def test_result_counts_while_a_run_plans_the_next_one(home: Path, instance: dg.DagsterInstance) -> None:
    evaluate(instance, SALES, "not_null", passed=False, error=True)
    run = instance.create_run_for_job(dg.job(name="planned")(lambda: None))
    event = dg.DagsterEvent(
        dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED.value,
        run.job_name,
        event_specific_data=AssetCheckEvaluationPlanned(asset_key=SALES, check_name="not_null"),
    )
    instance.report_dagster_event(event, run.run_id)

    assert [failure.check for failure in read_state(home, [TABLE], NOW).failures] == ["not_null"]


BANNER = """
import datetime as dt
from fq_platform.dashboard import banner
from fq_platform.dashboard.freshness import Age, Failure, Made, State
from fq_platform.settings import Settings

at = dt.datetime(2026, 1, 31, 6, 5, tzinfo=dt.UTC)
made = {made}
failures = tuple(Failure("not_null", "analytics.x", is_error, at, "/assets/analytics/x") for is_error in {errors})
banner.tell(State((Made("analytics.x", at if made else None, Age[made or "FRESH"]),), failures), Settings(ui_url={url}))
"""


@pytest.mark.parametrize(
    ("made", "errors", "kind", "words"),
    [
        ("FRESH", [], "success", "Fresh as of **2026-01-31 06:05 UTC**. All checks passed."),
        ("LATE", [], "warning", "Late: `analytics.x`. "),
        ("TOO_OLD", [False], "error", "Too old: `analytics.x`. "),
        ("FRESH", [False, False], "warning", "2 checks warned."),
        ("FRESH", [True, False], "error", "**1 blocking check failed**. 1 check warned."),
        ("", [], "info", "Dagster has not materialised `analytics.x` yet."),
    ],
)
def test_banner_is_red_where_figures_cannot_be_relied_on(made: str, errors: list[bool], kind: str, words: str) -> None:
    script = BANNER.format(made=repr(made), errors=errors, url="'http://127.0.0.1:3000/'")

    app = AppTest.from_string(script, default_timeout=SECONDS).run()

    assert len(said(app)) == 1
    [box] = getattr(app, kind)
    assert words in box.value
    assert "[Open Dagster](http://127.0.0.1:3000/overview/activity)" in box.value
    assert len(app.expander) == bool(errors)


def test_banner_without_dagster_is_a_neutral_note(settings: Settings, over: Callable[[Settings], None]) -> None:
    over(settings)
    script = f"from fq_platform.dashboard import banner\nbanner.show([{TABLE!r}])\n"

    app = AppTest.from_string(script, default_timeout=SECONDS).run()

    assert len(app.info) == 1
    assert "there is no Dagster instance" in app.info[0].value

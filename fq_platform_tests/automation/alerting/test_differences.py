"""What the nightly comparison brings is told if no sensor notices it by itself."""

import datetime as dt

import pytest

from fq_platform_tests.automation.alerting.conftest import RAW, UI, Stage

pytestmark = pytest.mark.services

NIGHTLY = {"dagster/schedule_name": "daily_refresh"}
SENSOR = {"fq/request": "a1b2"}
LATER = dt.timedelta(minutes=16)


def test_documents_that_no_sensor_noticed_are_told_once_a_week(stage: Stage) -> None:
    stage.world.brought = {"2026-03-08": 2, "2026-03-09": 1, "2026-03-10": 9}
    run = stage.run(RAW, first=8, last=10, **NIGHTLY)
    assert stage.tick("alert_runs") == []

    [told] = stage.tick("alert_runs", after=LATER)
    assert (told.title, told.type) == ("Difference found: raw/orders, 2026-03-08, 2026-03-09", "warning")
    assert told.body.startswith(
        "daily_refresh brought documents that no sensor had noticed: 0 inserted, 0 updated, 3 deleted.\nWhat to do: "
    )
    assert told.body.endswith(f"See: {UI}/runs/{run}")

    stage.run(RAW, first=8, last=10, **NIGHTLY)
    assert stage.tick("alert_runs", after=LATER) == []
    stage.clock.advance(dt.timedelta(days=7))
    stage.run(RAW, first=8, last=10, **NIGHTLY)
    assert len(stage.tick("alert_runs", after=LATER)) == 1


def test_what_a_sensor_notices_too_and_what_others_bring_is_no_difference(stage: Stage) -> None:
    stage.world.brought = {"2026-03-08": 2, "2026-03-10": 9}
    stage.run(RAW, first=8, last=10)
    stage.run(RAW, first=8, last=10, **SENSOR)
    assert stage.tick("alert_runs", after=dt.timedelta(hours=3)) == []

    stage.run(RAW, first=8, last=10, **NIGHTLY)
    stage.tick("alert_runs")
    stage.run(RAW, first=8, **SENSOR)
    assert stage.tick("alert_runs", after=LATER) == []

    stage.world.brought = {"2026-03-10": 9}
    stage.clock.advance(dt.timedelta(hours=3))
    stage.run(RAW, first=8, last=10, **NIGHTLY)
    assert stage.tick("alert_runs", after=LATER) == []

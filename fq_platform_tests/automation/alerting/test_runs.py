"""Failed runs are told once, in words, to whom they concern; those that are tried again are not."""

import datetime as dt
from collections.abc import Callable

import dagster as dg
import pytest

from fq_platform_tests.automation.alerting.conftest import RAW, RETRIED, SALES, UI, Stage
from fq_platform_tests.fixtures.sinks import SECRET_PATH, Message, Webhook

pytestmark = pytest.mark.services


def test_run_that_failed_is_told_once_with_what_to_do(stage: Stage) -> None:
    stage.world.outage = "MongoDB cannot be reached"
    run = stage.run(RAW, SALES, first=8, last=9)

    assert stage.tick("alert_runs") == [
        Message(
            "Run failed: raw/orders, 2026-03-08 to 2026-03-09",
            "MongoDB cannot be reached (iceberg.raw.orders, 127.0.0.1:27017)\n"
            f"What to do: Start it, or let MONGO_URI name another.\nSee: {UI}/runs/{run}",
            "failure",
        )
    ]
    assert stage.tick("alert_runs", after=dt.timedelta(days=3)) == []
    stage.run(RAW, first=9)
    assert len(stage.tick("alert_runs")) == 1
    stage.instance.add_run_tags(run, {"looked_at": "yes"})  # makes Dagster call the run updated
    assert stage.tick("alert_runs") == []


def test_run_that_is_tried_again_is_told_only_when_no_retry_has_come(stage: Stage) -> None:
    stage.world.defect = "a defect"
    tried_again, forgotten = (stage.run(RAW, first=day, **RETRIED) for day in (8, 9))
    assert stage.tick("alert_runs") == []

    stage.instance.add_run_tags(tried_again, {"dagster/auto_retry_run_id": "another"})
    assert stage.tick("alert_runs") == []
    [told] = stage.tick("alert_runs", after=dt.timedelta(minutes=20))

    assert told.title == "Run failed: raw/orders, 2026-03-09"
    assert told.body.endswith(f"/runs/{forgotten}")
    assert stage.tick("alert_runs", after=dt.timedelta(minutes=20)) == []


def test_same_failure_is_told_once_a_day_until_it_has_worked(stage: Stage) -> None:
    stage.world.defect = "a defect"

    def told_after(hours: int, day: int = 8) -> int:
        stage.run(RAW, first=day)
        return len(stage.tick("alert_runs", after=dt.timedelta(hours=hours)))

    assert [told_after(1), told_after(1), told_after(1, day=9), told_after(21)] == [1, 0, 1, 0]
    assert [told_after(2), told_after(1)] == [1, 0]

    stage.world.defect = ""
    assert told_after(1) == 0
    stage.world.defect = "a defect"
    assert told_after(1) == 1


def test_run_that_failed_since_rows_did_not_pass_is_left_to_its_check(stage: Stage) -> None:
    stage.world.broken = {"2026-03-08"}
    stage.run(RAW, SALES, first=8)

    assert stage.tick("alert_runs") == []
    assert stage.log[-1] == "Nothing new"
    assert [message.title for message in stage.tick("alert_checks")] == [
        "Blocking check failed: analytics/sales, never_negative, 2026-03-08"
    ]


def test_secrets_are_neither_told_nor_logged_nor_kept(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.world.defect = f"cannot post to {stage.webhook.url} as mongodb://fq:pass-word-1@db/"
    stage.webhook.status = 503
    stage.run(RAW, first=8)
    stage.tick("alert_runs")
    stage.webhook.status = 200
    kept = str(stage.cursors["alert_runs"])
    [told] = stage.tick("alert_runs")

    assert told.body.startswith("ValueError: cannot post to *** as mongodb://***@db/\n")
    for said in (kept, caplog.text, str(stage.log), told.body):
        assert SECRET_PATH not in said
    for said in (kept, str(stage.log), told.body):
        assert "pass-word-1" not in said
    assert (
        "Alerts that wait: 1. 1 (json) did not take a message: Failed to send JSON POST notification" in stage.log[-2]
    )


def test_many_failed_runs_are_one_message(stage: Stage) -> None:
    stage.world.defect = "a defect"
    for day in range(1, 7):
        stage.run(RAW, first=day)

    [told] = stage.tick("alert_runs")

    assert told.title == "6 runs failed"
    assert told.body.count("- Run failed: raw/orders, 2026-03-") == 6


def test_address_that_was_down_is_told_later_and_the_other_not_twice(
    stage: Stage, addresses: Callable[[str], None], webhooks: Callable[[], Webhook]
) -> None:
    late = webhooks()
    late.status = 500
    addresses(f"{stage.webhook.url} {late.url}")
    stage.world.defect = "a defect"
    stage.run(RAW, first=8)

    told = [stage.tick("alert_runs", after=dt.timedelta(minutes=30)) for _ in range(3)]
    late.status = 200
    told += [stage.tick("alert_runs", after=dt.timedelta(hours=2)) for _ in range(2)]

    assert [len(messages) for messages in told] == [1, 0, 0, 0, 0]
    assert (late.titles, late.refused) == (["Run failed: raw/orders, 2026-03-08"], 3)


def test_owners_and_severities_decide_who_is_told(
    stage: Stage, addresses: Callable[[str], None], webhooks: Callable[[], Webhook]
) -> None:
    finance, data, warnings = webhooks(), webhooks(), webhooks()
    addresses(f"team:finance={finance.url}\nraw={data.url}\nwarning={warnings.url}")
    stage.world.defect = "a defect"
    stage.run(RAW, SALES, first=8)

    stage.tick("alert_runs")

    assert (len(finance.messages), len(data.messages), len(warnings.messages)) == (0, 1, 0)


def test_without_addresses_nothing_is_looked_at_and_nothing_is_lost(
    stage: Stage, addresses: Callable[[str], None]
) -> None:
    addresses("")
    stage.world.defect = "a defect"
    stage.run(RAW, first=8)
    cursor = stage.cursors["alert_runs"]
    assert stage.tick("alert_runs") == []
    assert stage.log[-1] == "Nobody is told anything: FQ_ALERT_URLS is not set"
    assert stage.cursors["alert_runs"] == cursor

    addresses(stage.webhook.url)
    assert len(stage.tick("alert_runs")) == 1


def test_address_that_cannot_be_read_fails_the_tick_in_words(stage: Stage, addresses: Callable[[str], None]) -> None:
    addresses("token-1234")
    with pytest.raises(dg.Failure, match="FQ_ALERT_URLS, line 1") as failure:
        stage.tick("alert_runs")
    assert "token-1234" not in str(failure.value.description)


@pytest.mark.parametrize(
    "cursor", ["not of ours", "[]", '{"outbox": {"waiting": {"1 (json)": [{"kind": "unknown"}]}}}']
)
def test_cursor_that_is_not_ours_is_forgotten(stage: Stage, cursor: str) -> None:
    stage.cursors["alert_runs"] = cursor
    stage.world.defect = "a defect"
    stage.run(RAW, first=8)

    assert len(stage.tick("alert_runs")) == 1

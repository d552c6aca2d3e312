"""Messages arrive at a real webhook and a real mail server; what does not arrive is said, without the address."""

import io
import logging
import time
from collections.abc import Callable

import pytest

from fq_platform.alerts.alert import Alert, Kind, Severity
from fq_platform.alerts.delivery import send
from fq_platform.alerts.sinks import Sink, parse_sinks
from fq_platform_tests.fixtures.sinks import SECRET_PATH, MailServer, Message, Webhook

pytestmark = pytest.mark.services

ALERT = Alert(
    Kind.CHECK_BLOCKED,
    Severity.ERROR,
    "Blocking check failed: analytics/fct_orders, primary_key_unique, 2026-03-01",
    what='3 of 10 rows: order_id < 5 & is *unique*\nFor example {"order_id": 7}',
    fix="Correct the source",
    link="http://127.0.0.1:3000/runs/1",
)
BODY = (
    '3 of 10 rows: order_id < 5 & is *unique*\nFor example {"order_id": 7}\nWhat to do: Correct the source.\n'
    "See: http://127.0.0.1:3000/runs/1"
)


def sink(url: str) -> Sink:
    return parse_sinks(url)[0]


def test_webhook_gets_title_text_and_type(webhook: Webhook) -> None:
    recovered = Alert(Kind.CHECK_PASSED, Severity.ERROR, "Passes again: analytics/fct_orders, primary_key_unique")
    warning = Alert(Kind.LATE, Severity.WARNING, "Late: analytics/fct_orders", what="Since 26 hours")

    outcomes = [send(sink(webhook.url), alert, 20) for alert in (ALERT, warning, recovered)]

    assert [(outcome.delivered, outcome.reason) for outcome in outcomes] == [(True, "")] * 3
    assert webhook.messages == [
        Message(ALERT.title, BODY, "failure"),
        Message("Late: analytics/fct_orders", "Since 26 hours", "warning"),
        Message(recovered.title, recovered.title, "success"),
    ]


def test_mail_has_the_title_as_subject_and_the_text_to_read(mail_server: MailServer) -> None:
    outcome = send(sink(mail_server.url), ALERT, 30)

    assert (outcome.delivered, outcome.reason) == (True, "")
    [mail] = mail_server.messages
    assert mail["subject"] == ALERT.title
    assert (str(mail["to"]), str(mail["from"])) == ("anna@example.org", "fq@example.org")
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == BODY.splitlines()


@pytest.mark.parametrize("status", [400, 404, 503])
def test_refusal_is_said_in_words(webhook: Webhook, status: int) -> None:
    webhook.status = status

    outcome = send(sink(webhook.url), ALERT, 20)

    assert not outcome.delivered
    assert f"error={status}" in outcome.reason
    assert (webhook.messages, webhook.refused) == ([], 1)


def test_slow_sink_is_given_up_in_time(webhook: Webhook) -> None:
    webhook.delay_seconds = 3
    began = time.monotonic()

    outcome = send(sink(webhook.url), ALERT, 0.5)

    assert time.monotonic() - began < 2.5
    assert (outcome.delivered, outcome.reason) == (False, "no answer within 0.5 seconds")


@pytest.mark.parametrize(
    "url",
    [
        "json://anna:pass-word-1@127.0.0.1:1/token-1234",
        "mailto://anna:pass-word-1@127.0.0.1:1?from=a@example.org&to=token-1234@example.org",
        "slack://token-1234",
        "nosuchservice://token-1234",
        "json://127.0.0.1:notaport/token-1234",
    ],
)
def test_address_that_does_not_work_is_said_and_not_shown(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    log, logger = logging.StreamHandler(io.StringIO()), logging.getLogger()
    logger.addHandler(log)
    try:
        outcome = send(sink(url), ALERT, 20)
    finally:
        logger.removeHandler(log)

    assert not outcome.delivered
    assert outcome.reason
    said = f"{outcome} {log.stream.getvalue()} {capfd.readouterr()} {sink(url)!r}"
    assert not any(secret in said for secret in ("token-1234", "pass-word-1", SECRET_PATH))


def test_messages_stay_apart_when_sent_at_the_same_time(webhooks: Callable[[], Webhook]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    first, second = webhooks(), webhooks()
    second.status = 500
    with ThreadPoolExecutor(8) as pool:
        good = [pool.submit(send, sink(first.url), ALERT, 20) for _ in range(8)]
        bad = [pool.submit(send, sink(second.url), ALERT, 20) for _ in range(8)]

    assert all(outcome.result().delivered for outcome in good)
    assert all("error=500" in outcome.result().reason for outcome in bad)
    assert (len(first.messages), second.refused) == (8, 8)

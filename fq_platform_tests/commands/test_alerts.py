"""`fq alerts test` says of each address whether it took the message, and never shows the address."""

import pytest
from typer.testing import CliRunner

from fq_platform import cli
from fq_platform.settings import get_settings
from fq_platform_tests.fixtures.sinks import SECRET_PATH, MailServer, Webhook

pytestmark = pytest.mark.services


def alerts_test(environment: pytest.MonkeyPatch, urls: str) -> tuple[int, str, str]:
    environment.setenv("FQ_ALERT_URLS", urls)
    environment.setenv("FQ_UI_URL", "https://dagster.example.org")
    get_settings.cache_clear()
    result = CliRunner().invoke(cli.app, ["alerts", "test"])
    return result.exit_code, result.stdout, result.stderr


def test_each_address_gets_a_message_and_is_reported(
    environment: pytest.MonkeyPatch, webhook: Webhook, mail_server: MailServer
) -> None:
    code, output, errors = alerts_test(environment, f"error,team:finance={webhook.url}\n{mail_server.url}")

    first, second = output.splitlines()
    assert (code, errors) == (0, "")
    assert first.startswith("1 (json), which takes severity error; owner finance: delivered in ")
    assert second.startswith("2 (mailto), which takes everything: delivered in ")
    [message] = webhook.messages
    assert (message.title, message.type) == ("Test message of FQ Platform", "warning")
    assert message.body.startswith("Sent by `fq alerts test` on ")
    assert message.body.endswith("See: https://dagster.example.org")
    assert [mail["subject"] for mail in mail_server.messages] == [message.title]
    assert SECRET_PATH not in output


def test_one_address_that_does_not_work_fails_the_command_but_holds_up_no_other(
    environment: pytest.MonkeyPatch, webhook: Webhook
) -> None:
    code, output, _ = alerts_test(
        environment, f"{webhook.url} json://127.0.0.1:{webhook.port}/token-1234 nosuch://token-1234"
    )

    taken, refused, unknown = output.splitlines()
    assert code == 1
    assert "delivered in" in taken
    assert "not delivered: Failed to send JSON POST notification" in refused
    assert "error=404" in refused
    assert unknown.endswith("apprise knows no such service, or the address lacks a part that it needs")
    assert len(webhook.messages) == 1
    assert "token-1234" not in output


def test_without_addresses_it_says_how_to_name_some(environment: pytest.MonkeyPatch) -> None:
    code, output, errors = alerts_test(environment, "")

    assert (code, output) == (1, "")
    assert errors.startswith("Alerts go nowhere\nWhere: FQ_ALERT_URLS is not set\nWhat to do: Let it hold addresses")

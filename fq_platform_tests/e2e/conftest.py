"""One `fq dev` for all end-to-end tests, with a webhook for its alerts, and a browser's page on its UI for each."""

import datetime as dt
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fq_platform.settings import Environment
from fq_platform_tests.e2e.dagster_api import Dagster
from fq_platform_tests.e2e.stack import Stack
from fq_platform_tests.e2e.ui import Ui
from fq_platform_tests.fixtures.sinks import Webhook, serve_webhook

if TYPE_CHECKING:
    from playwright.sync_api import Page

TOO_OLD = "analytics/sales_summary"
"""A table that was last materialised 40 hours ago; the policy of its layer fails after 36."""


@pytest.fixture(scope="module")
def people() -> Iterator[Webhook]:
    """Where the people who are alerted read their messages."""
    with ExitStack() as stack:
        yield serve_webhook(stack)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, people: Webhook) -> Iterator[Stack]:
    """`fq dev` on a fresh FQ_HOME with a small business, its UI answering; only what tests launch runs."""
    home = tmp_path_factory.mktemp("e2e") / "fq"
    with socket.socket() as first, socket.socket() as second:
        for free in (first, second):
            free.bind(("127.0.0.1", 0))
        port, dashboard_port = first.getsockname()[1], second.getsockname()[1]
    running = Stack(
        home,
        port,
        dashboard_port,
        FQ_DEMO_ORDERS="300",
        FQ_DEMO_DAYS="30",
        FQ_ENVIRONMENT=Environment.TEST,
        FQ_ALERT_URLS=people.url,
        FQ_UI_URL=f"http://127.0.0.1:{port}",
        FRESHNESS_DAEMON_INTERVAL_SECONDS="5",
    )
    try:
        running.await_url()
        running.materialised(TOO_OLD, ago=dt.timedelta(hours=40))
        yield running
    finally:
        running.kill()


@pytest.fixture
def dagster(stack: Stack) -> Dagster:
    return Dagster(stack.url)


@pytest.fixture
def ui(stack: Stack, page: "Page", tmp_path: Path) -> Iterator[Ui]:
    """The UI in a browser; afterwards nothing may have gone wrong in it, nor have left this machine."""
    shown = Ui(page, stack.url, tmp_path)
    yield shown
    shown.picture("at-the-end")
    assert shown.hosts <= {"127.0.0.1", None}
    assert shown.errors == []

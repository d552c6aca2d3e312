"""The dashboard as a person sees it: `fq dashboard` in a real browser, page by page."""

import csv
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from fq_platform.dashboard.pages import PAGES
from fq_platform.settings import Settings
from fq_platform_tests.e2e.polling import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.services

SLOW_MS = 60_000


class Dashboard:
    """`fq dashboard` as a process, until it is interrupted.

    Args:
        home: Its `FQ_HOME`.
        log: The file that gets what it prints.
    """

    def __init__(self, home: Path, log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("FQ_", "DAGSTER_"))}
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [Path(sys.executable).with_name("fq"), "dashboard", "--port", str(port)],
                env=inherited | {"FQ_HOME": str(home)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", urlsplit(self.url).port)) == 0


@pytest.fixture
def dashboard(analytics_lake: Settings, tmp_path: Path) -> Iterator[Dashboard]:
    started = Dashboard(analytics_lake.home, tmp_path / "dashboard.log")
    try:
        wait_until(started.answers, seconds=120, what="`fq dashboard` listens")
        yield started
    finally:
        started.process.kill()
        started.process.wait(30)


def test_every_page_shows_its_figures_and_hands_them_out(dashboard: Dashboard, page: "Page", tmp_path: Path) -> None:
    hosts: set[str | None] = set()
    errors: list[str] = []
    page.set_default_timeout(SLOW_MS)
    page.set_viewport_size({"width": 1400, "height": 1600})
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)

    page.goto(dashboard.url)
    for shown in PAGES:
        page.get_by_role("link", name=shown.title, exact=True).click()
        page.get_by_role("heading", name=shown.title, exact=True, level=1).wait_for()
        settled(page)
        page.get_by_text("there is no Dagster instance").wait_for()
        page.screenshot(path=tmp_path / f"{shown.path}.png")
        assert page.get_by_test_id("stException").count() == 0, shown.title
        assert page.get_by_text("What to do:").count() == 0, shown.title
        if shown.path == "overview":
            for figure in ("1,918.18", "14,378.95", "25,110.45"):
                page.get_by_text(figure, exact=True).wait_for()
        if shown.path == "commissions":
            assert texts_in_chart(page) >= {"Commission (EUR)", "Bruno Söder", "487.77"}
            assert downloaded(page)[:2] == [
                {"rank": "1", "sales_owner": "Ada Lindqvist", "commission": "650.31"},
                {"rank": "2", "sales_owner": "Bruno Söder", "commission": "487.77"},
            ]
    page.get_by_role("link", name="Sales owners of companies", exact=True).click()
    for label, choice in (("Company", "Alpine Greens GmbH"), ("Sales owner", "Farid Haddad")):
        page.get_by_role("combobox", name=re.compile(label)).last.fill(choice)
        page.get_by_role("option", name=choice).click()
        page.keyboard.press("Escape")  # the list stays open for further choices, over everything else
    page.get_by_text("No rows for this choice").wait_for()
    settled(page)
    page.screenshot(path=tmp_path / "no-rows.png")

    assert hosts <= {"127.0.0.1", None}
    assert errors == []
    dashboard.process.send_signal(signal.SIGINT)
    assert dashboard.process.wait(30) == 0
    assert "Traceback" not in dashboard.log.read_text()


def settled(page: "Page") -> None:
    """Wait until the page that was asked for is made, nothing of the last one is left, and its charts are drawn."""
    page.locator('[data-testid=stApp][data-test-script-state="notRunning"]').wait_for()
    page.wait_for_function("!document.querySelector('[data-stale=true], [data-testid=stSkeleton]')")
    for chart in page.get_by_test_id("stVegaLiteChart").all():
        if chart.is_visible():
            chart.locator("svg, canvas").first.wait_for()


def texts_in_chart(page: "Page") -> set[str]:
    """What is written in the page's first chart."""
    return set(page.get_by_test_id("stVegaLiteChart").first.locator("svg text").all_text_contents())


def downloaded(page: "Page") -> list[dict[str, str]]:
    """The rows of the file that the page's button hands out."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").first.click()
    assert download.value.suggested_filename == "commissions.csv"
    with Path(download.value.path()).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))

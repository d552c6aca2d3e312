"""`fq notebook` in a real browser: the tour opens with its token, runs by one command of the menu, and looks right."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fq_platform.dashboard.server import free_port
from fq_platform.settings import Settings
from fq_platform_tests.e2e.polling import wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.services

SLOW_MS = 180_000
LAST = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].at(-1)?.textContent.match(/\\d+/)"


@pytest.fixture
def address(analytics_lake: Settings, tmp_path: Path) -> Iterator[str]:
    """Where JupyterLab answers, with its token; nothing is written into the user's own folders."""
    log, port = tmp_path / "jupyter.log", free_port(8888)
    own = {f"JUPYTER_{kind}_DIR": str(tmp_path / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("fq"), "notebook", "--no-browser", "--port", str(port)],
            env=os.environ | {"FQ_HOME": str(analytics_lake.home), "IPYTHONDIR": str(tmp_path)} | own,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )

    def printed() -> str | None:
        assert process.poll() is None, log.read_text()
        found = re.search(rf"http://127\.0\.0\.1:{port}/\S+token=\w+", log.read_text())
        return found[0] if found else None

    try:
        yield wait_until(printed, seconds=240, what="JupyterLab prints its address")
    finally:
        process.terminate()
        process.wait(60)


def test_tour_runs_in_the_browser_and_nothing_leaves_the_machine(address: str, page: "Page", tmp_path: Path) -> None:
    hosts: set[str] = set()
    errors: list[str] = []
    page.on("request", lambda request: hosts.add(request.url.split("/")[2].split(":")[0]))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(SLOW_MS)
    page.goto(address)
    page.get_by_role("heading", name="A tour of the tables").wait_for()

    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(LAST)

    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert page.get_by_text("Would you like").count() == 0  # to get news: nobody asks for any
    charts = page.locator(".jp-RenderedVegaCommon5")
    assert charts.count() == 6
    for number, name in ((5, "receivables"), (1, "commissions")):
        charts.nth(number).locator("canvas, svg").first.wait_for()
        charts.nth(number).scroll_into_view_if_needed()
        page.screenshot(path=tmp_path / f"{name}.png")
    commissions = page.get_by_role("row").filter(has_text="Ada Lindqvist").filter(has_text="650.31")
    assert commissions.count() == 1
    assert (hosts, errors) == ({"127.0.0.1"}, [])

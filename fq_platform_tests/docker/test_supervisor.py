"""The container with both pages: supervisor runs its real configuration, and what ends is started again."""

import http.client
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from fq_platform_tests.docker import dockerfile
from fq_platform_tests.docker.processes import Process, program, started, variables
from fq_platform_tests.e2e.polling import wait_until
from fq_platform_tests.fixtures.catalog_servers import free_port

pytestmark = pytest.mark.services

TOKEN = "only-who-knows-this"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("all-in-one")
    environment = variables({"JUPYTER_TOKEN": TOKEN, "SUPERVISORD": program("supervisord")}, folder)
    environment |= {"DASHBOARD_PORT": str(free_port()), "NOTEBOOK_PORT": str(free_port())}
    command, check = dockerfile.command("all-in-one"), dockerfile.health_check("all-in-one")
    with started("all-in-one", command, environment, folder, check) as process:
        yield process


def page(process: Process, port: str, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", int(process.environment[port]), timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_both_pages_answer(both: Process) -> None:
    status, shown = page(both, "DASHBOARD_PORT", "/")
    assert (status, "<title>Streamlit</title>" in shown) == (200, True)

    status, told = page(both, "NOTEBOOK_PORT", f"/api/contents/tour.ipynb?token={TOKEN}&content=0")
    assert (status, '"name": "tour.ipynb"' in told) == (200, True)


def test_notebook_lets_in_nobody_without_the_token(both: Process) -> None:
    assert page(both, "NOTEBOOK_PORT", "/api/contents")[0] == 403
    assert page(both, "NOTEBOOK_PORT", "/api/contents?token=wrong")[0] == 403


def test_page_that_ends_is_started_again_and_missed_meanwhile(both: Process) -> None:
    (before,) = [one for one in psutil.Process(both.running.pid).children() if "streamlit" in one.cmdline()]
    before.kill()

    wait_until(lambda: not both.is_healthy(), seconds=20, what="the health check misses the dashboard")
    wait_until(both.is_healthy, seconds=60, what="the dashboard is back")

    (after,) = [one for one in psutil.Process(both.running.pid).children() if "streamlit" in one.cmdline()]
    assert after.pid != before.pid


def test_everything_ends_with_supervisor(both: Process) -> None:
    children = psutil.Process(both.running.pid).children(recursive=True)
    assert len(children) >= 2

    both.running.terminate()
    both.running.wait(40)

    assert not psutil.wait_procs(children, timeout=10)[1]


def test_output_of_both_is_the_containers(both: Process) -> None:
    told = Path(both.log).read_text()

    assert "The dashboard is on" in told
    assert "The tour is" in told

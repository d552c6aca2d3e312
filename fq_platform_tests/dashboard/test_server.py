"""How the dashboard's server is started."""

import socket

from typer.testing import CliRunner

from fq_platform.cli import app
from fq_platform.dashboard import server
from fq_platform.dashboard.pages import PAGES, TABLES


def test_only_this_machine_may_look_and_nothing_is_reported_elsewhere() -> None:
    command = server.command(8599)

    assert {"--server.address=127.0.0.1", "--browser.gatherUsageStats=false", "--server.headless=true"} <= set(command)
    assert "--server.port=8599" in command


def test_taken_port_is_refused_by_the_command_and_evaded_by_the_stack() -> None:
    with socket.socket() as other:
        other.bind((server.HOST, 0))
        other.listen()
        port = other.getsockname()[1]

        done = CliRunner().invoke(app, ["dashboard", "--port", str(port)])

        assert done.exit_code == 1
        assert f"Port {port} cannot be used for the dashboard" in done.output
        assert server.free_port(port) != port
    assert server.free_port(port) == port


def test_pages_have_addresses_of_their_own() -> None:
    assert len({page.path for page in PAGES}) == len(PAGES)
    assert all(table.startswith(("shared.", "analytics.")) for table in TABLES)

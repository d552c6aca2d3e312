"""`fq dev` as a user starts it.

Belongs here: its processes, its data. Does not: what Dagster says (`dagster_api.py`) and shows (`ui.py`).
"""

import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import time_machine

from fq_platform.demo.endpoint import running_endpoint
from fq_platform.settings import Settings
from fq_platform_tests.e2e.polling import wait_until

if TYPE_CHECKING:
    from pymongo.database import Database


FQ = Path(sys.executable).with_name("fq")


class Stack:
    """A running `fq dev`.

    Args:
        home: Its `FQ_HOME`.
        port: Of the UI.
        dashboard_port: Of the dashboard.
        variables: Further environment variables.
    """

    def __init__(self, home: Path, port: int, dashboard_port: int, **variables: str) -> None:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("FQ_DEMO_", "DAGSTER_")) and name != "MONGO_URI"
        }
        self.url = f"http://127.0.0.1:{port}"
        self.dashboard_url = f"http://127.0.0.1:{dashboard_port}"
        self._settings = Settings(home=home)
        self._output = home.with_name("fq-dev.log")
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [FQ, "dev", "--port", str(port), "--dashboard-port", str(dashboard_port)],
                env=environment | {"FQ_HOME": str(home)} | variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._output.read_text(encoding="utf-8")

    def await_url(self) -> None:
        """Wait until it prints the UI's address."""

        def printed() -> bool:
            assert self._process.poll() is None, f"`fq dev` ended by itself:\n{self.output}"
            return self.url in self.output

        wait_until(printed, seconds=240, what="`fq dev` prints the address of its UI")

    @contextlib.contextmanager
    def database(self) -> "Iterator[Database[dict[str, Any]]]":
        """The database of its embedded MongoDB."""
        from pymongo import MongoClient

        with MongoClient[dict[str, Any]](running_endpoint(self._settings)) as client:
            yield client["ecommerce_db_raw"]

    def materialised(self, asset: str, *, ago: dt.timedelta) -> None:
        """Let Dagster believe that an asset (`raw/x`) was materialised some time ago."""
        import dagster as dg

        with (
            dg.DagsterInstance.from_config(str(self._settings.dagster_home)) as instance,
            time_machine.travel(dt.datetime.now(dt.UTC) - ago),
        ):
            instance.report_runless_asset_event(dg.AssetMaterialization(asset.split("/")))

    def processes(self) -> list[psutil.Process]:
        """What lives of `fq dev` and all that it started, known by the FQ_HOME in their environment."""
        return [process for process in psutil.process_iter() if _works_for(process, self._settings.home)]

    def interrupt(self) -> int:
        """Press Ctrl-C, and wait for the end.

        Returns:
            The exit code.
        """
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(60)

    def kill(self) -> None:
        """End whatever is left, by force."""
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(30)


def _works_for(process: psutil.Process, home: Path) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.environ().get("FQ_HOME") == str(home) and process.status() != psutil.STATUS_ZOMBIE
    return False

"""A backfill whose run, and whose daemon, are killed halfway: asked for through GraphQL, made by processes."""

import datetime as dt
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.auto_run_reexecution.event_log_consumer import EventLogConsumerDaemon
from dagster._daemon.backfill import execute_backfill_iteration
from dagster._daemon.monitoring.run_monitoring import execute_run_monitoring_iteration
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon

from fq_platform.automation.partitions import RANGE_END, RANGE_START
from fq_platform.settings import project_root
from fq_platform_tests.automation.backfill_api import Backfills

pytestmark = pytest.mark.services

LOG = logging.getLogger("daemon")
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 1, 8)
"""Eight days, five a run: two runs."""


class Stack:
    """An instance as `dagster.yaml` has it, a code server, and the daemons that backfills need, turn by turn."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "dagster.yaml").write_bytes((project_root() / "dagster.yaml").read_bytes())
        self.start()

    def start(self) -> None:
        self.stack = ExitStack()
        self.instance = self.stack.enter_context(dg.DagsterInstance.from_config(str(self.folder)))
        target = ModuleTarget("fq_platform_tests.automation.backfill_location", None, None, "backfills")
        self.workspace = self.stack.enter_context(WorkspaceProcessContext(self.instance, target))
        self.backfills = Backfills(self.workspace)
        self.queue = QueuedRunCoordinatorDaemon(interval_seconds=0)
        self.retries = EventLogConsumerDaemon()

    def stop(self) -> None:
        self.stack.close()

    def turn(self) -> None:
        list(execute_backfill_iteration(self.workspace, LOG))
        list(execute_run_monitoring_iteration(self.workspace, LOG))
        list(self.retries.run_iteration(self.workspace))
        list(self.queue.run_iteration(self.workspace))
        time.sleep(0.2)

    def runs(self) -> list[dg.DagsterRun]:
        """Oldest first."""
        return [record.dagster_run for record in self.instance.get_run_records(ascending=True)]

    def made(self) -> list[tuple[str, str, str]]:
        """Run id, table and day, in the order in which they were made."""
        file = self.folder / "made"
        lines = file.read_text().splitlines() if file.exists() else []
        return [tuple(line.split()) for line in lines]  # type: ignore[misc] # three words a line


@pytest.fixture
def stack(tmp_path: Path, environment: pytest.MonkeyPatch) -> Iterator[Stack]:
    environment.setenv("BACKFILL_TEST_FOLDER", str(tmp_path))
    environment.setenv("FQ_BACKFILL_PARTITIONS", "5")
    running = Stack(tmp_path)
    yield running
    running.stop()


def until(stack: Stack, done: Callable[[], bool], seconds: float = 240) -> None:
    """Give the daemons turns until something holds."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, [(run.status, run.tags) for run in stack.runs()]
        stack.turn()


def test_a_backfill_goes_on_after_its_run_and_its_daemon_were_killed(stack: Stack) -> None:
    (stack.folder / "kill-curated-2026-01-03").touch()  # in the middle of the first run, when its first step is done
    backfill = stack.backfills.launch(["landed", "curated"], FIRST, LAST)
    until(stack, lambda: any(run.status is dg.DagsterRunStatus.STARTED for run in stack.runs()))
    stack.stop()
    stack.start()

    until(stack, lambda: stack.backfills.status(backfill) == "COMPLETED_SUCCESS")

    killed, rest, resumed = stack.runs()
    assert [(run.tags[RANGE_START], run.tags[RANGE_END], run.status.value) for run in (killed, rest, resumed)] == [
        ("2026-01-01", "2026-01-05", "FAILURE"),
        ("2026-01-06", "2026-01-08", "SUCCESS"),
        ("2026-01-01", "2026-01-05", "SUCCESS"),
    ]
    assert resumed.parent_run_id == killed.run_id
    assert Counter((run, table) for run, table, _ in stack.made()) == {
        (killed.run_id, "landed"): 5,
        (killed.run_id, "curated"): 2,
        (rest.run_id, "landed"): 3,
        (rest.run_id, "curated"): 3,
        (resumed.run_id, "curated"): 5,
    }

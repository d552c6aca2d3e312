"""A bar appears on a terminal when it has taken a while; a log gets a line now and then."""

import io
import time

import pytest
from rich.console import Console

from fq_platform.commands import sync_progress
from fq_platform.commands.sync_progress import teller
from fq_platform.extraction.sync import Progress

FOUND = Progress(
    window="2026-01-01", documents=12_345, inserted=12_000, updated=45, unchanged=300, units_done=3, units=31
)
TOLD = "12,345 documents read: 12,000 inserted, 45 updated, 300 unchanged"


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=200)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_quick_command_shows_no_bar() -> None:
    console = terminal()

    with teller(console) as progress:
        progress.begin("orders")
        progress.tell(FOUND)

    assert "orders" not in written(console)


def test_bar_appears_after_a_while_and_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_progress, "PATIENCE_SECONDS", 0.05)
    console = terminal()

    with teller(console) as progress:
        progress.begin("orders")
        progress.tell(FOUND)
        deadline = time.monotonic() + 10
        while "3/31" not in written(console):
            assert time.monotonic() < deadline, written(console)
            time.sleep(0.02)

    assert "12,345 documents" in written(console)


def test_log_gets_a_line_when_it_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(file=io.StringIO())

    with teller(console) as progress:
        progress.begin("orders")
        progress.tell(FOUND)
        assert written(console) == ""
        monkeypatch.setattr(sync_progress, "LINE_SECONDS", 0.0)
        progress.begin("orders")
        progress.tell(FOUND)

    assert written(console) == f"orders: 3 of 31 parts done, {TOLD}\n"

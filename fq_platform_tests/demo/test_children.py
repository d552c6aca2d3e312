"""Child processes end with everything they started, whatever happens to whom."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from fq_platform.demo import children as module
from fq_platform.demo.children import Child, ended, ended_by_signals, interrupts_heard, stopped_together

pytestmark = pytest.mark.services

FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("family", os.getpid(), child.pid, flush=True)
time.sleep(600)
"""
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("family", os.getpid(), flush=True)
time.sleep(600)
"""


def python(code: str, folder: Path, name: str = "child") -> Child:
    return Child(name, [sys.executable, "-c", code], {}, folder / f"{name}.log")


def family(log: Path) -> list[psutil.Process]:
    """The processes that a child names in its log once it is ready."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        words = log.read_text().split() if log.exists() else []
        if words[:1] == ["family"]:
            return [psutil.Process(int(pid)) for pid in words[1:]]
        time.sleep(0.05)
    raise AssertionError(f"{log} stays empty")


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def test_children_end_with_what_they_started(tmp_path: Path) -> None:
    children: list[Child] = []
    with stopped_together(children):
        children += [python(FAMILY, tmp_path, "one"), python(FAMILY, tmp_path, "two")]
        processes = [*family(tmp_path / "one.log"), *family(tmp_path / "two.log")]
        assert len(alive(processes)) == 4
    assert alive(processes) == []


def test_child_that_will_not_end_is_killed_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_SECONDS", 0.5)
    begin = time.monotonic()
    with stopped_together([child := python(STUBBORN, tmp_path)]):
        processes = family(tmp_path / "child.log")
    assert alive(processes) == []
    assert child.exit_code == -signal.SIGKILL
    assert time.monotonic() - begin < 20


def test_what_a_dead_child_left_behind_ends_too(tmp_path: Path) -> None:
    with stopped_together([child := python(FAMILY, tmp_path)]):
        parent, orphan = family(tmp_path / "child.log")
        parent.kill()
        while ended([child]) is None:
            time.sleep(0.05)
        assert alive([orphan]) == [orphan]
    assert alive([orphan]) == []


def test_children_end_when_their_owner_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from fq_platform.demo.children import Child\n"
        f"Child('child', [sys.executable, '-c', {FAMILY!r}], {{}}, Path({str(tmp_path / 'child.log')!r}))\n"
        "time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as owner:
        try:
            processes = family(tmp_path / "child.log")
        finally:
            owner.kill()
    assert psutil.wait_procs(processes, timeout=20)[1] == []


def test_ended_child_is_found_with_its_last_words(tmp_path: Path) -> None:
    with stopped_together([child := python("print('one\\ntwo\\nthree'); raise SystemExit(7)", tmp_path)]):
        while ended([child]) is None:
            time.sleep(0.05)
        assert child.exit_code == 7
        assert child.last_lines(2) == ["two", "three"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_interrupt_and_are_as_before_afterwards(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), ended_by_signals():
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_interrupt_is_heard_though_its_exception_is_lost() -> None:
    with interrupts_heard() as interrupted:
        assert not interrupted()
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        assert interrupted()
        assert interrupted()

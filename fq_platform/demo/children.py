"""Child processes that are started, watched and ended together, with everything they started in turn.

Belongs here: processes and signals. Does not: what runs in them.
"""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

import psutil

STOP_SECONDS = 4
"""How long all children together may take to end in order before they are killed.

Dagster's daemon can take a quarter of a minute, but is made to be killed; a run records its end within a second.
"""


class Child:
    """A process with a log, in a session of its own: Ctrl-C in the terminal reaches its parent, who ends it in order.

    It also ends, with all that it started, if this process is killed outright.

    Args:
        name: What to call it in messages.
        command: Program and arguments.
        environment: All of its environment variables.
        log: The file that gets its output; replaced.
    """

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 (the command is ours)
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        group = self._process.pid
        # A shell waits for the end of a pipe whose other end this process alone holds; a kill -9 closes it too.
        self._watcher = subprocess.Popen(  # noqa: S603 (the command consists of a number)
            ["/bin/sh", "-c", f"read _; kill -TERM -{group}; sleep {STOP_SECONDS}; kill -KILL -{group}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code if the process has ended, else None."""
        return self._process.poll()

    def last_lines(self, count: int) -> list[str]:
        """The end of the log."""
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]

    def interrupt(self) -> None:
        """Ask the process and all that it started to end in order."""
        self._signal(signal.SIGTERM)

    def finish(self, deadline: float) -> None:
        """Wait until the process and all that it started have ended; end by force what has not.

        Args:
            deadline: The last moment to wait for, on the clock of `time.monotonic`.
        """
        while any(self._session()):
            if time.monotonic() >= deadline:
                self._signal(signal.SIGKILL)
            self._process.poll()
            time.sleep(0.1)
        self._process.wait()
        self._watcher.kill()
        self._watcher.communicate()

    def _signal(self, number: int) -> None:
        for process in self._session():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def _session(self) -> Iterator[psutil.Process]:
        """What lives of the process and of all that it started, also after it has ended itself."""
        for process in psutil.process_iter():
            with contextlib.suppress(ProcessLookupError, PermissionError, psutil.NoSuchProcess):
                if os.getsid(process.pid) == self._process.pid and process.status() != psutil.STATUS_ZOMBIE:
                    yield process


@contextlib.contextmanager
def stopped_together(children: list[Child]) -> Iterator[None]:
    """End all children when the block ends, however it does; the last one started is asked first.

    Args:
        children: May grow within the block.
    """
    try:
        yield
    finally:
        with undisturbed():
            deadline = time.monotonic() + STOP_SECONDS
            for child in reversed(children):
                child.interrupt()
            for child in reversed(children):
                child.finish(deadline)


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal interrupt the block as Ctrl-C does.

    A shell script starts its background jobs with Ctrl-C ignored, and children inherit that: Dagster's processes
    would then ignore SIGTERM too. A handler of our own is reset in the children instead of inherited.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handlers(interrupt):
        yield


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Let no second Ctrl-C cut short what cleans up after the first."""
    with _handlers(signal.SIG_IGN):
        yield


@contextlib.contextmanager
def _handlers(handler: "signal._HANDLER") -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def ended(children: Sequence[Child]) -> Child | None:
    """The first child that has ended, or None while all live."""
    return next((child for child in children if child.exit_code is not None), None)


@contextlib.contextmanager
def interrupts_heard() -> Iterator[Callable[[], bool]]:
    """Hear of every Ctrl-C, whoever has the handler and whatever becomes of the exception that it raises.

    Yields:
        Says whether one has come since; always false outside the main thread, which has no say in signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        heard = bytearray()

        def interrupted() -> bool:
            with contextlib.suppress(BlockingIOError):
                heard.extend(ours.recv(1024))
            return signal.SIGINT in heard

        before = signal.set_wakeup_fd(theirs.fileno())
        try:
            yield interrupted
        finally:
            signal.set_wakeup_fd(before)

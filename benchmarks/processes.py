"""The processes of a benchmark: the server that replays, and a fresh process for everything that is measured.

Belongs here: starting and ending them. Does not: what they do.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psutil

READY = "ready"
"""The line that a job prints when all is warm and what is measured begins."""


class JobFailedError(Exception):
    """A measured process ended with an error; its output stands above."""


@dataclass(frozen=True)
class Replay:
    """A running replay server.

    Args:
        uri: Where it listens.
        pid: Its process.
    """

    uri: str
    pid: int

    def cpu_seconds(self) -> float:
        """What the server has cost so far (CPU-seconds)."""
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system


@contextmanager
def replay(collections: Sequence[str]) -> Iterator[Replay]:
    """Run a replay server.

    Args:
        collections: `<variant>_<documents>` each.

    Yields:
        The server; it ends afterwards, and also if this process is killed.
    """
    command = [sys.executable, "-m", "benchmarks.replay_server", *collections]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:  # noqa: S603 - our own module
        try:
            assert server.stdout is not None, "it is a pipe"  # noqa: S101 - for the type checker
            yield Replay(server.stdout.readline().strip(), server.pid)
        finally:
            server.kill()


def start(job: str, **arguments: Any) -> "subprocess.Popen[str]":
    """Start a job in a process of its own.

    Args:
        job: A function of `benchmarks.jobs`.
        **arguments: Its arguments, as JSON can carry them.

    Returns:
        The process, its standard output a pipe.
    """
    command = [sys.executable, "-m", "benchmarks.job", job, json.dumps(arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module


def run(job: str, **arguments: Any) -> dict[str, Any]:
    """Run a job in a process of its own.

    Args:
        job: A function of `benchmarks.jobs`.
        **arguments: Its arguments, as JSON can carry them.

    Returns:
        What it found.

    Raises:
        JobFailedError: It ended with an error.
    """
    with start(job, **arguments) as process:
        return _found(process, job, arguments)


def run_all(job: str, arguments: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Run a job in several processes at the same time.

    Args:
        job: A function of `benchmarks.jobs`.
        arguments: Those of each process.

    Returns:
        What each found.

    Raises:
        JobFailedError: One ended with an error; the others have ended too.
    """
    with ExitStack() as stack:
        processes = [stack.enter_context(start(job, **one)) for one in arguments]
        return [_found(process, job, one) for process, one in zip(processes, arguments, strict=True)]


def _found(process: "subprocess.Popen[str]", job: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    output, _ = process.communicate()
    if process.returncode:
        raise JobFailedError(f"{job} {arguments} ended with exit code {process.returncode}")
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found

"""Runs what a container would, as a plain process: its command, its variables and its health check, as the files say.

Belongs here: processes and the variables that differ from a container's. Does not: what must hold of them.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fq_platform.resources.jars import jar_cache
from fq_platform.settings import Settings, project_root
from fq_platform_tests.fixtures.catalog_servers import free_port

ENTRYPOINT = "/app/docker/entrypoint.sh"
"""Where it is in the image; /app is the checkout."""

START_SECONDS = 120


@dataclass(frozen=True)
class Process:
    """A running process in place of a container.

    Args:
        name: The service.
        port: Where it listens on loopback.
        environment: All of its variables.
        log: The file of its output.
        running: The process.
        check: The command of its health check.
    """

    name: str
    port: int
    environment: Mapping[str, str]
    log: Path
    running: subprocess.Popen[bytes]
    check: Sequence[str]

    def is_healthy(self) -> bool:
        """Whether the health check says so."""
        return run(self.check, self.environment).returncode == 0

    def wait(self) -> None:
        """Wait until it is healthy."""
        deadline = time.monotonic() + START_SECONDS
        while not self.is_healthy():
            assert self.running.poll() is None, f"{self.name} ended: {self.log.read_text()[-3000:]}"
            assert time.monotonic() < deadline, f"{self.name} is not healthy: {self.log.read_text()[-3000:]}"
            time.sleep(1)  # some checks take a second of processor time


def variables(given: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The variables of a container, but that it writes to `folder`, listens on loopback, and finds the jars there are.

    Args:
        given: Those that the files give it.
        folder: In place of /data and /tmp.
    """
    own = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "FQ_HOME": str(folder),
        "FQ_CACHE": str(jar_cache(Settings()).parent),
        "LISTEN_HOST": "127.0.0.1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return own | dict(given)


def run(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(_here(command), env=dict(environment), capture_output=True, text=True, check=False)


@contextlib.contextmanager
def started(
    name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path, check: Sequence[str]
) -> Iterator[Process]:
    """Run a server until the end of the `with` block; it is healthy when the block begins."""
    port = int(environment.get("LISTEN_PORT") or free_port())
    given = {**environment, "LISTEN_PORT": str(port)}
    log = folder / f"{name}.log"
    with log.open("ab") as output:  # several write to it
        running = subprocess.Popen(
            _here(command), env=given, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    process = Process(name, port, given, log, running, check)
    try:
        process.wait()
        yield process
    finally:
        running.terminate()
        try:
            running.wait(5)
        except subprocess.TimeoutExpired:  # the S3 server waits half a minute for its own parts
            os.killpg(running.pid, 9)
            running.wait()


def _here(command: Sequence[str]) -> list[str]:
    """The command of the image, with this checkout and this environment in place of the image's."""
    return [word.replace("/app/", f"{project_root()}/") for word in command]


def program(name: str) -> str:
    """The path of a program of this environment."""
    return str(Path(sys.executable).with_name(name))

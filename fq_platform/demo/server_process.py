"""A server process that the platform owns: alone in its session, ended with its owner, started one at a time.

Belongs here: what every such server needs. Does not: what a particular one is given (`embedded_mongo.py`,
`object_store.py`), or processes that start others (`children.py`).
"""

import contextlib
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from fq_platform.errors import FqError

HOST = "127.0.0.1"


class ServerProcess:
    """A running server. It ends with `end`, and also if this process is killed outright.

    Args:
        command: Program and arguments.
        log: The file that gets its output; replaced.
        stop_seconds: How long it may take to end in order, before it is killed.
        environment: All of its environment variables; None for those of this process.
        folder: Its working directory; None for that of this process.
        leftovers: Files that it leaves when it is killed, removed after its end.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        stop_seconds: int,
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        leftovers: Sequence[Path] = (),
    ) -> None:
        self._log = log
        self._stop_seconds = stop_seconds
        self._leftovers = leftovers
        self._watcher: subprocess.Popen[bytes] | None = None
        with log.open("wb") as output:
            # A session of its own: Ctrl-C in the terminal reaches the clients, who then stop the server in order.
            self._server = subprocess.Popen(  # noqa: S603 (the program is our own dependency)
                command,
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            self._watcher = self._end_with_this_process()
        except BaseException:  # Ctrl-C included: nothing may be left running
            self.end()
            raise

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._server.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code if the process has ended, else None."""
        return self._server.poll()

    def last_words(self) -> str:
        """The last lines of the log, in one."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return " | ".join(lines[-3:]) or "none"

    def end(self) -> None:
        """End the process, whatever state it is in, and all that belongs to it."""
        self._server.terminate()
        try:
            self._server.wait(self._stop_seconds)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        if self._watcher is not None:
            self._watcher.kill()
            self._watcher.communicate()
        for file in self._leftovers:
            file.unlink(missing_ok=True)

    def _end_with_this_process(self) -> subprocess.Popen[bytes]:
        """Have the server ended as soon as this process is gone, however that happens.

        A shell waits for the end of a pipe of which this process alone holds the other end; a kill -9 closes it too.
        Until then the server is our child, so its number cannot pass to another.
        """
        pid = self._server.pid
        remove = f"; rm -f {shlex.join(map(str, self._leftovers))}" if self._leftovers else ""
        return subprocess.Popen(  # noqa: S603 (the command consists of a number and of quoted paths)
            ["/bin/sh", "-c", f"read _; kill {pid}; sleep {self._stop_seconds}; kill -9 {pid}{remove}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


@contextlib.contextmanager
def one_at_a_time(file: Path, server: str, seconds: float) -> Iterator[None]:
    """Let one process at a time start or stop a server, so that two never open the same storage.

    Args:
        file: The lock; its folder exists.
        server: What to call the server in messages, such as `the embedded MongoDB`.
        seconds: How long to wait for the others.

    Raises:
        FqError: Another process holds the lock for longer.
    """
    import fcntl

    deadline = time.monotonic() + seconds
    with file.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise FqError(
                        f"Another process has been starting or stopping {server} for too long",
                        where=str(file),
                        fix="End that `fq` command and try again",
                    ) from None
                time.sleep(0.05)
        yield


def is_free(port: int) -> bool:
    """Whether a server could listen on a TCP port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def is_listened_on(port: int) -> bool:
    """Whether a server listens on a TCP port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0

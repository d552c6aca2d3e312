"""The dashboard's server: how it is started, and where it answers.

Belongs here: its command line and its port. Does not: what it shows (`app.py`), or who ends it. Never imports
Streamlit.
"""

import importlib.util
import socket
import sys
from pathlib import Path

from fq_platform.errors import FqError

HOST = "127.0.0.1"
"""There is no login: only this machine may look, unless somebody says otherwise."""
HOST_HELP = "The address to listen on. There is no login: choose another than loopback in a container only."
PORT = 8501
HEALTH = "/_stcore/health"
"""The path that answers once the server is up."""

_APP = Path(__file__).with_name("app.py")
_OPTIONS = {
    "server.headless": "true",  # opens no browser, asks for no e-mail address
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "theme.primaryColor": "#4c78a8",
}


def is_installed() -> bool:
    """Whether the extra `dashboard` is installed."""
    return all(importlib.util.find_spec(module) for module in ("streamlit", "altair"))


def require_installed() -> None:
    """Refuse to go on without Streamlit.

    Raises:
        FqError: The extra `dashboard` is not installed.
    """
    if not is_installed():
        raise FqError(
            "The dashboard needs Streamlit, which is not installed",
            where=sys.prefix,
            fix="Run it by `make dashboard`, which installs it, or: pip install 'fq-platform[dashboard]'",
        )


def command(port: int, host: str = HOST) -> list[str]:
    """The command that serves the dashboard until it is ended.

    Args:
        port: TCP port.
        host: The address to listen on; in a container, whose ports its engine publishes, all of them.
    """
    given = {"server.address": host, "server.port": str(port)}
    options = [f"--{name}={value}" for name, value in (_OPTIONS | given).items()]
    # -P: a folder called fq_platform in the working directory must not stand in for the installed package.
    return [sys.executable, "-P", "-m", "streamlit", "run", str(_APP), *options]


def url(port: int) -> str:
    """Where a browser finds it."""
    return f"http://{HOST}:{port}"


def is_free(port: int) -> bool:
    """Whether a server can listen at a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port(preferred: int) -> int:
    """The port that is preferred if it is free, else another one that is."""
    if is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])

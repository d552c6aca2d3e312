"""`fq dashboard`: the analyses and the accounting marts in a browser.

Belongs here: the command's options. Does not: the server (`dashboard/server.py`).
"""

from typing import Annotated

import typer

from fq_platform.dashboard.server import HOST, HOST_HELP, PORT


def dashboard(
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The dashboard's port.")] = PORT,
    host: Annotated[str, typer.Option(help=HOST_HELP)] = HOST,
) -> None:
    """Show the analyses and the accounting marts in a browser, until Ctrl-C; it only reads.

    `fq dev` has it too.
    """
    import os

    from fq_platform.dashboard import server
    from fq_platform.errors import FqError
    from fq_platform.settings import get_settings

    get_settings()  # what is wrong with them is told here rather than in the browser
    server.require_installed()
    if not server.is_free(port):
        raise FqError(
            f"Port {port} cannot be used for the dashboard",
            where=f"{server.HOST}:{port}",
            fix=f"Choose another: fq dashboard --port {port + 1 if port < 65_535 else port - 1}; "
            "or end the program that listens there",
        )
    typer.echo(f"The dashboard is on {server.url(port)}; Ctrl-C stops it")
    arguments = server.command(port, host)
    os.execv(arguments[0], arguments)  # noqa: S606 (the command is ours; it becomes this process, signals and all)

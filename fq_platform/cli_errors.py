"""How a command ends when something goes wrong: a message that helps, an exit code, never a bare traceback.

Belongs here: turning exceptions into messages and exit codes. Does not: the commands (`cli.py`).
"""

import datetime as dt
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import typer

from fq_platform.errors import FqError

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended, as shells have it."""


@contextmanager
def reported() -> Iterator[None]:
    """Report what the commands inside raise.

    An `FqError` is shown as what is wrong, where, and what to do (exit code 1); an interruption in one line (130);
    anything else in a short message that names the file with the traceback (1). With `FQ_DEBUG=1` the traceback of
    errors is shown too.

    Raises:
        typer.Exit: With the exit code.
    """
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise  # typer knows how these end
    except KeyboardInterrupt:
        _show("Interrupted; nothing is left half written. Run the same command again to go on.", style="yellow")
        raise typer.Exit(INTERRUPTED) from None
    except FqError as error:
        _show(error.what, style="red")
        _show("\n".join(filter(None, [error.where and f"Where: {error.where}", f"What to do: {error.fix}"])))
        _show_trace()
        raise typer.Exit(1) from None
    except Exception as error:
        _show(f"Unexpected error: {type(error).__name__}: {error}", style="red")
        _show(_log_trace())
        _show_trace()
        raise typer.Exit(1) from error


def _show(text: str, style: str = "") -> None:
    from rich.console import Console

    # Soft wrapping keeps a position mark (^) below the place it points at.
    Console(stderr=True).print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _show_trace() -> None:
    if os.environ.get("FQ_DEBUG", "") not in ("", "0"):
        _show(traceback.format_exc())


def _log_trace() -> str:
    """Write the current traceback to a file, and say where it is."""
    moment = dt.datetime.now(dt.UTC)
    file = _log_folder() / f"error-{moment:%Y%m%dT%H%M%S}-{os.getpid()}.log"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(traceback.format_exc(), encoding="utf-8")
    except OSError as error:
        return f"The details could not be written to {file}: {error.strerror}. FQ_DEBUG=1 shows them"
    return f"The details are in {file}. This is a defect of FQ Platform: please report it with that file"


def _log_folder() -> Path:
    from fq_platform.settings import Settings, load_settings

    try:
        return load_settings().home / "logs"
    except FqError:
        return Settings.model_construct().home / "logs"

"""`fq doctor`: whether everything that the settings name is there and answers, and what to do where it does not.

Belongs here: the command's options and its table. Does not: the checks (`fq_platform/doctor/`).
"""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fq_platform.doctor.finding import Finding


class Form(StrEnum):
    """How the findings are written."""

    TABLE = "table"
    JSON = "json"


def doctor(
    form: Annotated[Form, typer.Option("--format", help="How the findings are written.")] = Form.TABLE,
    write: Annotated[
        bool, typer.Option("--write", help="Also write an object to the object store, and delete it again.")
    ] = False,
) -> None:
    """Look whether what the settings name is there and answers: Java, jars, MongoDB, storage, catalog, engines.

    Nothing is changed, and no secret is shown. Ends with exit code 1 if something failed.
    """
    from fq_platform.doctor.finding import State

    found = _found(write)
    if form is Form.JSON:
        import json
        from dataclasses import asdict

        typer.echo(json.dumps([asdict(finding) for finding in found], indent=2))
    else:
        _show(found)
    raise typer.Exit(int(any(finding.state is State.FAILED for finding in found)))


def _found(write: bool) -> "list[Finding]":
    from fq_platform.doctor.examine import checks, examine
    from fq_platform.doctor.finding import failed
    from fq_platform.errors import FqError
    from fq_platform.settings import get_settings

    try:
        settings = get_settings()
    except FqError as error:  # without settings there is nothing to look at
        return [failed("settings", error.what, error.fix)]
    return list(examine(settings, checks(write)))


def _show(found: "list[Finding]") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    colours = {"ok": "green", "warning": "yellow", "failed": "red"}
    table = Table("", "what", "found", "what to do")
    for finding in found:
        colour = colours[finding.state]
        table.add_row(f"[{colour}]{finding.state}[/]", finding.subject, escape(finding.what), escape(finding.fix))
    Console().print(table)

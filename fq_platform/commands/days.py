"""The options by which a command is told which days it concerns, and how its result is printed.

Belongs here: options that more than one command has. Does not: what a command does with them.
"""

import datetime as dt
from enum import StrEnum
from typing import Annotated

import typer

_DAY = ["%Y-%m-%d"]

PartitionOption = Annotated[
    dt.datetime | None, typer.Option(metavar="DAY", formats=_DAY, help="This day only, such as 2026-01-31.")
]
FromOption = Annotated[
    dt.datetime | None, typer.Option("--from", metavar="DAY", formats=_DAY, help="This day and those after it.")
]
ToOption = Annotated[
    dt.datetime | None, typer.Option("--to", metavar="DAY", formats=_DAY, help="This day and those before it.")
]


class ReportFormat(StrEnum):
    """How the result is printed."""

    TABLE = "table"
    JSON = "json"


FormatOption = Annotated[ReportFormat, typer.Option("--format", help="How the result is printed.")]


def days_asked_for(
    partition: dt.datetime | None, first: dt.datetime | None, last: dt.datetime | None, *, full: bool = False
) -> tuple[dt.date | None, dt.date | None]:
    """The first and the last day asked for, each None if not given.

    Args:
        partition: `--partition`.
        first: `--from`.
        last: `--to`.
        full: `--full`, of a command that has it.

    Raises:
        typer.BadParameter: Two ways of saying it were used at once.
    """
    if sum((partition is not None, first is not None or last is not None, full)) > 1:
        others = ", --from with --to, and --full" if full else " and --from with --to"
        raise typer.BadParameter(f"--partition{others} exclude each other")
    begin, end = (partition, partition) if partition else (first, last)
    return (begin.date() if begin else None, end.date() if end else None)

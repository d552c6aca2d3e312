"""`fq verify`: source against lake, document by document.

Belongs here: the command's options, and the order of its steps. Does not: the comparison, or what is printed.
"""

import datetime as dt
from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fq_platform.extraction.findings import Findings
    from fq_platform.extraction.scope import Scope
    from fq_platform.settings import Settings
    from fq_platform.sources import Sources

_DAY = ["%Y-%m-%d"]


class VerifyFormat(StrEnum):
    """How the result is printed."""

    TABLE = "table"
    JSON = "json"


def verify(
    collections: Annotated[
        list[str] | None,
        typer.Argument(metavar="[COLLECTION]...", help="Which ones; by default all that are declared."),
    ] = None,
    partition: Annotated[
        dt.datetime | None, typer.Option(metavar="DAY", formats=_DAY, help="This day only, such as 2026-01-31.")
    ] = None,
    first: Annotated[
        dt.datetime | None, typer.Option("--from", metavar="DAY", formats=_DAY, help="This day and those after it.")
    ] = None,
    last: Annotated[
        dt.datetime | None, typer.Option("--to", metavar="DAY", formats=_DAY, help="This day and those before it.")
    ] = None,
    hashes: Annotated[
        bool, typer.Option("--hashes", help="Compare counts and content hashes only: quicker, nothing is rebuilt.")
    ] = False,
    form: Annotated[VerifyFormat, typer.Option("--format", help="How the result is printed.")] = VerifyFormat.TABLE,
) -> None:
    """Compare raw tables with MongoDB: rebuild each document from the lake and list what differs by _id and path.

    Values are equal as MongoDB has it (1, 1.0 and NumberDecimal("1") are); the order of fields is ignored. Ends with
    exit code 1 if anything differs. Writes nothing. Documents written to meanwhile may differ: sync and verify again.
    """
    first_day, last_day = _days(partition, first, last)

    from rich.console import Console

    from fq_platform.commands import verify_report
    from fq_platform.extraction.scope import asked_for
    from fq_platform.settings import get_settings
    from fq_platform.sources import get_sources

    sources = get_sources()
    scopes = asked_for(sources, collections or (), first_day, last_day)
    found: list[Findings] = []
    try:
        found.extend(_findings(get_settings(), sources, scopes, hashes_only=hashes))
    finally:  # what was compared before an error or Ctrl-C is compared, and said
        if form is VerifyFormat.JSON:
            typer.echo(verify_report.as_json(found))
        elif found:
            verify_report.show(found, Console())
    if any(findings.differences for findings in found):
        raise typer.Exit(1)


def _days(
    partition: dt.datetime | None, first: dt.datetime | None, last: dt.datetime | None
) -> tuple[dt.date | None, dt.date | None]:
    """The first and the last day asked for, each None if not given."""
    if partition and (first or last):
        raise typer.BadParameter("--partition, and --from with --to, exclude each other")
    begin, end = (partition, partition) if partition else (first, last)
    return (begin.date() if begin else None, end.date() if end else None)


def _findings(
    settings: "Settings", sources: "Sources", scopes: "list[Scope]", *, hashes_only: bool
) -> "Iterator[Findings]":
    """Verify one collection after the other, telling how far it is."""
    from rich.console import Console

    from fq_platform.commands.source import source_client
    from fq_platform.commands.verify_report import Teller
    from fq_platform.extraction.reading import ReadOptions
    from fq_platform.extraction.verify import VerifyOptions
    from fq_platform.extraction.verify import verify as compare
    from fq_platform.lakehouse.catalog import open_catalog
    from fq_platform.lakehouse.layout import layout_of

    reading = ReadOptions(
        documents_per_second=settings.extraction_documents_per_second,
        read_preference=settings.extraction_read_preference,
    )
    catalog, layout = open_catalog(settings), layout_of(settings)
    with source_client(settings) as client, Teller(Console(stderr=True)) as teller:
        for scope in scopes:
            yield compare(
                client[sources.database],
                scope.collection,
                scope.windows,
                catalog=catalog,
                table=layout.place(scope.table),
                options=VerifyOptions(hashes_only=hashes_only, reading=reading),
                on_progress=teller.tell,
            )

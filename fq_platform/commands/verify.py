"""`fq verify`: source against lake, document by document.

Belongs here: the command's options, and the order of its steps. Does not: the comparison, or what is printed.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from fq_platform.commands.days import FormatOption, FromOption, PartitionOption, ReportFormat, ToOption, days_asked_for

if TYPE_CHECKING:
    from fq_platform.commands.choice import Chosen
    from fq_platform.extraction.findings import Findings
    from fq_platform.settings import Settings


def verify(
    collections: Annotated[
        list[str] | None,
        typer.Argument(metavar="[COLLECTION]...", help="Which ones, such as orders or ifco.orders; by default all."),
    ] = None,
    partition: PartitionOption = None,
    first: FromOption = None,
    last: ToOption = None,
    hashes: Annotated[
        bool, typer.Option("--hashes", help="Compare counts and content hashes only: quicker, nothing is rebuilt.")
    ] = False,
    form: FormatOption = ReportFormat.TABLE,
) -> None:
    """Compare raw tables with their source: rebuild each document from the lake and list what differs by _id and path.

    Values are equal as MongoDB has it (1, 1.0 and NumberDecimal("1") are); the order of fields is ignored. Ends with
    exit code 1 if anything differs. Writes nothing. Documents written to meanwhile may differ: sync and verify again.
    """
    first_day, last_day = days_asked_for(partition, first, last)

    from rich.console import Console

    from fq_platform.commands import verify_report
    from fq_platform.commands.choice import choose
    from fq_platform.settings import get_settings
    from fq_platform.sources import get_sources

    chosen = choose(get_settings(), get_sources(), collections or (), first_day, last_day)
    found: list[Findings] = []
    try:
        found.extend(_findings(get_settings(), chosen, hashes_only=hashes))
    finally:  # what was compared before an error or Ctrl-C is compared, and said
        if form is ReportFormat.JSON:
            typer.echo(verify_report.as_json(found))
        elif found:
            verify_report.show(found, Console())
    if any(findings.differences for findings in found):
        raise typer.Exit(1)


def _findings(settings: "Settings", chosen: "list[Chosen]", *, hashes_only: bool) -> "Iterator[Findings]":
    """Verify one collection after the other, telling how far it is."""
    from rich.console import Console

    from fq_platform.commands.source import opened_source
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
    with Teller(Console(stderr=True)) as teller:
        for _, of_app in groupby(chosen, lambda each: each.sources.app):
            parts = list(of_app)
            with opened_source(settings, parts[0].sources) as source:
                for part in parts:
                    found = compare(
                        source,
                        part.scope.collection,
                        part.scope.windows,
                        catalog=catalog,
                        table=layout.place(part.scope.table),
                        options=VerifyOptions(hashes_only=hashes_only, reading=reading),
                        on_progress=teller.tell,
                    )
                    found.collection = part.name
                    yield found

"""`fq sync`: extraction alone, once, without Dagster.

Belongs here: the command's options, and the order of its steps. Does not: extraction, or what is printed.
"""

from collections.abc import Iterator
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from fq_platform.commands.days import FormatOption, FromOption, PartitionOption, ReportFormat, ToOption, days_asked_for
from fq_platform.extraction.engine_name import ExtractionEngine

if TYPE_CHECKING:
    from fq_platform.commands.choice import Chosen
    from fq_platform.extraction.sync import SyncResult
    from fq_platform.settings import Settings


def sync(
    collections: Annotated[list[str] | None, typer.Argument(metavar="[COLLECTION]...")] = None,
    partition: PartitionOption = None,
    first: FromOption = None,
    last: ToOption = None,
    full: Annotated[
        bool, typer.Option("--full", help="All days until today: what happens without --partition, --from and --to.")
    ] = False,
    engine: Annotated[
        ExtractionEngine | None,
        typer.Option(help="What reads and writes collections of MongoDB.", show_default="what each one declares"),
    ] = None,
    form: FormatOption = ReportFormat.TABLE,
) -> None:
    """Bring raw tables into agreement with their source, once: what differs is appended, nothing is repeated.

    COLLECTION is a name from the sources file, or ifco.orders or ifco.invoices; without any, all collections are
    compared, whole: all their days, from start_date until today. With days, only collections that declare partition_by
    are compared, and only these days. Each table gets one snapshot, or none if nothing differs. Reads the MongoDB of
    MONGO_URI, else the embedded one; those of IFCO from the files of FQ_IFCO_PATH, unless FQ_IFCO_SOURCE says mongo.
    """
    first_day, last_day = days_asked_for(partition, first, last, full=full)

    from rich.console import Console

    from fq_platform.commands import sync_report
    from fq_platform.commands.choice import choose
    from fq_platform.settings import get_settings
    from fq_platform.sources import get_sources

    chosen = choose(get_settings(), get_sources(), collections or (), first_day, last_day)
    results: list[SyncResult] = []
    try:
        for result in _results(get_settings(), chosen, engine):
            results.append(result)
    finally:  # what was done before an error or Ctrl-C is done, and said
        if form is ReportFormat.JSON:
            typer.echo(sync_report.as_json(results))
        elif results:
            sync_report.show(results, Console())


def _results(settings: "Settings", chosen: "list[Chosen]", engine: ExtractionEngine | None) -> "Iterator[SyncResult]":
    """Sync one collection after the other, telling how far it is."""
    import uuid

    from rich.console import Console

    from fq_platform.commands.source import opened_source, source_uri
    from fq_platform.commands.sync_progress import teller
    from fq_platform.extraction.engines import engine_of
    from fq_platform.extraction.home import with_days_begun
    from fq_platform.extraction.options import sync_options
    from fq_platform.extraction.sync import sync as land
    from fq_platform.lakehouse.catalog import open_catalog
    from fq_platform.lakehouse.layout import layout_of

    layout = layout_of(settings)
    run_id = f"fq-sync-{uuid.uuid4()}"
    with teller(Console(stderr=True)) as progress:
        for _, of_app in groupby(chosen, lambda each: each.sources.app):
            parts = list(of_app)
            sources = parts[0].sources
            with opened_source(settings, sources) as source:
                catalog = open_catalog(settings)
                for part in parts:
                    progress.begin(part.name)
                    scope = part.scope
                    table = layout.place(scope.table)
                    yield land(
                        source,
                        scope.collection,
                        with_days_begun(catalog, table, scope.windows, settings.home / "tmp"),
                        catalog=catalog,
                        table=table,
                        location=layout.location(table),
                        run_id=run_id,
                        partition=scope.partition,
                        options=sync_options(settings, sources.collections[scope.collection]),
                        engine=engine_of(
                            settings, sources, scope.collection, partial(source_uri, settings), asked=engine
                        ),
                        on_progress=progress.tell,
                    )

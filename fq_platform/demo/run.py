"""`fq demo`: sample data, every asset, a late correction, and the answers, in one go.

Belongs here: the order of the steps. Does not: what a step does.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from fq_platform.demo import report
from fq_platform.demo.late_changes import LateChange, apply_late_changes
from fq_platform.demo.questions import IFCO_QUESTION, Question, correction_questions, standing_questions
from fq_platform.demo.refresh import RunOutcome, run_assets
from fq_platform.demo.sample_data import DATABASE, START
from fq_platform.demo.server import sample_mongo, tables_storage
from fq_platform.errors import FqError
from fq_platform.settings import IfcoSource, Settings
from fq_platform.sources import Sources, load_sources

if TYPE_CHECKING:
    import dagster as dg


def run_demo(settings: Settings, console: Console) -> int:
    """Run the demo.

    Args:
        settings: `FQ_HOME` keeps everything that it makes.
        console: Where it prints.

    Returns:
        The exit status: 0 only if every asset was made and every check passed.

    Raises:
        FqError: Something that the user can put right.
        KeyboardInterrupt: It was interrupted; the next run completes what is missing.
    """
    sources = _sample_sources(settings)
    with tables_storage(settings, console), sample_mongo(settings, console) as uri:
        return _Demo(settings, console, sources, uri).run()


def _sample_sources(settings: Settings) -> Sources:
    """The sources file, which must declare the sample business."""
    sources = load_sources(settings.sources_file)
    if (sources.app, sources.database) != ("ecommerce_db", DATABASE):
        raise FqError(
            "The demo needs the packaged sources file, which declares the sample business",
            where=str(settings.sources_file),
            fix="Unset FQ_SOURCES for the demo; `fq dev` runs with any sources file",
        )
    return sources


class _Demo:
    def __init__(self, settings: Settings, console: Console, sources: Sources, uri: str) -> None:
        from fq_platform.automation.ifco import IFCO_REFRESH
        from fq_platform.automation.schedules import DAILY_REFRESH
        from fq_platform.dagster_home import open_instance
        from fq_platform.definitions import defs

        self.settings, self.console, self.sources, self.uri = settings, console, sources, uri
        self.job = defs.resolve_job_def(DAILY_REFRESH)
        with_ifco = settings.ifco_source is not IfcoSource.NONE
        self.ifco_job = defs.resolve_job_def(IFCO_REFRESH) if with_ifco else None
        self.instance = open_instance(settings)
        self.last_day = START + dt.timedelta(days=settings.demo_days - 1)
        self.orders = f"raw.{self.sources.table('orders')}"

    def run(self) -> int:
        before = self._snapshots()
        console = self.console
        console.print(f"\n[bold]Materialising every asset[/] for {START} to {self.last_day}")
        outcome = self._materialise(START, self.last_day, None)
        report.show_tables(console, outcome)
        report.show_checks(console, outcome)
        succeeded = outcome.succeeded
        if self.ifco_job is not None:
            succeeded = self._ifco(self.ifco_job) and succeeded
        if succeeded:
            succeeded = self._late_changes() and succeeded
            self._answer([*standing_questions(self.last_day), *([IFCO_QUESTION] if self.ifco_job else [])])
        report.show_changed(console, before, self._snapshots())
        if succeeded:
            report.show_next_steps(console, self.settings.profile)
        return 0 if succeeded else 1

    def _ifco(self, job: "dg.JobDefinition") -> bool:
        """Make the tables of the IFCO application; True if that went well."""
        self.console.print("\n[bold]Materialising every asset of the IFCO application[/]")
        outcome = self._run(job, {}, None)
        report.show_tables(self.console, outcome)
        report.show_checks(self.console, outcome)
        return outcome.succeeded

    def _late_changes(self) -> bool:
        """Let the source change as sources do, and refresh what is concerned; True if that went well."""
        changes = apply_late_changes(self.uri, self.sources.database)
        if not changes:
            return True
        console = self.console
        known = self._snapshots()[self.orders]
        console.print("\n[bold]Late changes arrive in MongoDB:[/] " + "; ".join(_told(change) for change in changes))
        for day in sorted({change.day for change in changes}):
            outcome = self._materialise(day, day, self._following("orders"))
            landed = next(table for table in outcome.tables if table.name == self.orders.replace(".", "/"))
            counts = ", ".join(f"{landed.metadata[kind]} {kind}" for kind in ("updated", "deleted", "unchanged"))
            console.print(f"  {day}: {landed.name}: {counts}; its followers refreshed for this day only")
            if not outcome.succeeded:
                report.show_checks(console, outcome)
                return False
        corrected = [change for change in changes if change.what == "corrected"]
        if corrected and known:
            self._answer(correction_questions(corrected[0], self.orders, known))
        return True

    def _materialise(self, first: dt.date, last: dt.date, assets: "Sequence[dg.AssetKey] | None") -> RunOutcome:
        from fq_platform.automation.partitions import range_tags

        return self._run(self.job, range_tags(first, last), assets)

    def _run(
        self, job: "dg.JobDefinition", tags: Mapping[str, str], assets: "Sequence[dg.AssetKey] | None"
    ) -> RunOutcome:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        total = len(assets) if assets is not None else len(list(job.asset_layer.executable_asset_keys))
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task("starting", total=total)
            return run_assets(
                job,
                self.instance,
                tags,
                assets,
                lambda name: progress.update(task, advance=1, description=name),
            )

    def _following(self, collection: str) -> "list[dg.AssetKey]":
        """A collection's raw asset and the dated assets that follow from it."""
        from dagster import AssetSelection

        from fq_platform.assets.raw import raw_key

        graph = self.job.asset_layer.asset_graph
        keys = AssetSelection.assets(raw_key(self.sources, collection)).downstream().resolve(graph)
        return sorted(key for key in keys if graph.get(key).is_partitioned)

    def _snapshots(self) -> dict[str, int | None]:
        """The current snapshot of every table, by name."""
        from fq_platform.lakehouse.catalog import open_catalog
        from fq_platform.lakehouse.layout import layout_of
        from fq_platform.query.inventory import list_tables

        found = list_tables(open_catalog(self.settings), layout_of(self.settings)).read_all()
        return {row["table"]: row["snapshot_id"] for row in found.to_pylist()}

    def _answer(self, questions: Sequence[Question]) -> None:
        from fq_platform.query.engine import open_engine
        from fq_platform.query.format import show
        from fq_platform.query.options import EngineName

        engine = open_engine(EngineName.DUCKDB, self.settings)
        for question in questions:
            self.console.print(f"\n[bold]{question.text}[/]", highlight=False)
            show(engine.execute(question.sql, question.as_of), self.console, 10)


def _told(change: LateChange) -> str:
    return f"an order of {change.day} is {change.what}"

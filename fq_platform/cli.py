"""The command `fq`: each command reads the settings and calls the library that does the work.

Belongs here: commands, their options and help. Does not: any work; and no heavy import at the top, so that
`fq --help` answers at once.
"""

import os
import signal
from typing import TYPE_CHECKING, Annotated, Any

import click
import typer
from typer.core import TyperGroup

from fq_platform.cli_errors import reported
from fq_platform.commands.alerts import alerts
from fq_platform.commands.dashboard import dashboard
from fq_platform.commands.discover import discover
from fq_platform.commands.doctor import doctor
from fq_platform.commands.external_sql import external_sql
from fq_platform.commands.notebook import notebook
from fq_platform.commands.policies import policies
from fq_platform.commands.query import query
from fq_platform.commands.result_options import FormatOption, MaxRowsOption, OutputOption
from fq_platform.commands.sync import sync
from fq_platform.commands.trino_catalog import trino_catalog
from fq_platform.commands.verify import verify

if TYPE_CHECKING:
    from fq_platform.settings import Settings

ProfileOption = Annotated[
    str | None,
    typer.Option(
        metavar="PROFILE",
        help="Where tables live, instead of FQ_PROFILE; with s3local on an S3 server that this command starts.",
    ),
]


class _Commands(TyperGroup):
    """Commands whose errors are reported to people, however the commands are started."""

    def invoke(self, ctx: click.Context) -> Any:
        with reported():
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="MongoDB to an Apache Iceberg lakehouse, with lineage, checks, freshness and fast SQL.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"fq {version('fq-platform')}")
        raise typer.Exit()


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    pass


@app.command()
def demo(profile: ProfileOption = None) -> None:
    """Load sample data into an embedded MongoDB, build and check every table, answer some questions.

    Ends with exit code 0 only if all checks passed.
    """
    from rich.console import Console

    from fq_platform.demo.run import run_demo

    raise typer.Exit(run_demo(_settings(profile), Console()))


@app.command()
def dev(
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The port of the Dagster UI, on loopback.")] = 3000,
    dashboard_port: Annotated[
        int, typer.Option(min=1, max=65_535, help="That of the dashboard; another one if it is taken.")
    ] = 8501,
    profile: ProfileOption = None,
    connect: Annotated[
        bool, typer.Option(help="Let all runs compute on one Spark Connect server, instead of starting a Spark each.")
    ] = True,
) -> None:
    """Run the same stack with the Dagster UI, schedules and sensors on, and the dashboard, until Ctrl-C.

    The embedded MongoDB with the sample data belongs to it unless MONGO_URI names a MongoDB.
    """
    from rich.console import Console

    from fq_platform.demo.dev_server import run_dev

    raise typer.Exit(run_dev(_settings(profile), Console(), port, dashboard_port, connect))


app.command()(query)
app.command()(dashboard)
app.command()(notebook)
app.command()(discover)
app.command()(doctor)
app.command()(sync)
app.command()(verify)
app.command()(policies)
app.command()(trino_catalog)
app.command()(external_sql)
app.add_typer(alerts, name="alerts")


@app.command()
def tables(form: FormatOption = None, output: OutputOption = None, max_rows: MaxRowsOption = 1_000) -> None:
    """List the lakehouse's tables: rows, snapshots, and the latest snapshot with the moment of its commit."""
    from fq_platform.lakehouse.catalog import open_catalog
    from fq_platform.lakehouse.layout import layout_of
    from fq_platform.query.inventory import list_tables
    from fq_platform.query.output import choose_format, deliver
    from fq_platform.settings import get_settings

    settings = get_settings()
    found = list_tables(open_catalog(settings), layout_of(settings))
    deliver(found, choose_format(form, output), output, max_rows)


def _settings(profile: str | None) -> "Settings":
    """The settings of this process and of those that it starts, with another profile if one is given."""
    from fq_platform.settings import get_settings

    if profile is not None:
        os.environ["FQ_PROFILE"] = profile
        get_settings.cache_clear()
    return get_settings()


def main() -> None:
    """Run the command line and end the process with its exit code."""
    _heed_interrupts()
    app(prog_name="fq")


def _heed_interrupts() -> None:
    """Let Ctrl-C work also where a script started this as a background job, with interrupts ignored.

    Dagster gives SIGTERM the handler of SIGINT: were that one ignored, nothing started from here could be ended.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)

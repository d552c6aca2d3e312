"""What `fq demo` prints: tables made, checks, answers, next steps.

Belongs here: words and layout. Does not: running or measuring anything, or how a query's result is shown.
"""

from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fq_platform.demo.refresh import RunOutcome
from fq_platform.settings import Profile


def show_tables(console: Console, outcome: RunOutcome) -> None:
    """Print what a run made, a line a table: rows, seconds, whether it changed."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("asset = table")
    table.add_column("rows", justify="right")
    table.add_column("seconds", justify="right")
    table.add_column("")
    for made in outcome.tables:
        table.add_row(made.name, f"{made.rows:,}", f"{made.seconds:.1f}", "changed" if made.changed else "unchanged")
    console.print(table)


def show_checks(console: Console, outcome: RunOutcome) -> None:
    """Print how many checks passed, then each that warned or failed and each step that failed, with its reason."""
    failed = [check for check in outcome.checks if not check.passed]
    warned = [check for check in outcome.checks if check.warned]
    with_warning = f", {len(warned)} of them with a warning" if warned else ""
    console.print(f"Checks: {len(outcome.checks) - len(failed)} of {len(outcome.checks)} passed{with_warning}")
    for check in warned:
        console.print(f"[yellow]warning[/]  {check.name}: {escape(check.description)}", highlight=False, soft_wrap=True)
    for check in failed:
        console.print(f"[red]failed[/]  {check.name}: {escape(check.description)}", highlight=False, soft_wrap=True)
    for step, reason in outcome.failures:
        console.print(f"[red]failed[/]  {step}: {escape(reason)}", highlight=False, soft_wrap=True)


def show_changed(console: Console, before: Mapping[str, int | None], after: Mapping[str, int | None]) -> None:
    """Print which tables have a new snapshot since the command began, or that none has."""
    changed = [name for name in after if after[name] != before.get(name)]
    if changed:
        console.print(f"{len(changed)} of {len(after)} tables changed.")
    else:
        console.print(f"No table changed: all {len(after)} agree with the source already, so nothing was written.")


def show_next_steps(console: Console, profile: Profile) -> None:
    """Print what to do next.

    Args:
        console: Where.
        profile: Where the tables are; all but the default one has to be named in commands.
    """
    with_option, with_variable = (
        ("", "") if profile is Profile.LOCAL else (f" PROFILE={profile}", f"FQ_PROFILE={profile} ")
    )
    then = ", while `make dev` runs the S3 server" if profile is Profile.S3LOCAL else ""
    steps = {
        f"make dev{with_option}": "the Dagster UI: lineage, partitions, checks, schedule, sensor",
        f'{with_variable}.venv/bin/fq query "SHOW TABLES"': f"SQL over every table{then}",
        "README.md, 'Your own MongoDB'": "point it at yours",
    }
    width = max(map(len, steps)) + 2
    console.print("\n[bold]Next[/]")
    for step, what in steps.items():
        console.print(f"  {step:{width}}{what}", highlight=False, markup=False, soft_wrap=True)

"""The result fits a narrow terminal without losing a figure, and a log without folding a name."""

import io

from rich.console import Console

from fq_platform.commands.sync_report import show
from fq_platform.extraction.sync import SyncResult

NAME = "raw.ecommerce_db_customers_of_long_ago"
RESULT = SyncResult(
    table=f"iceberg.{NAME}",
    inserted=1_234_567,
    updated=89,
    deleted=1,
    unchanged=23_456_789,
    rescued=17,
    seconds=12.34,
    schema_changes=["added note: string"],
)
FIGURES = ["1,234,567", "89", "1", "23,456,789", "17", "12.3"]


def shown(*results: SyncResult, terminal: bool) -> list[str]:
    console = Console(file=io.StringIO(), width=80, force_terminal=terminal, color_system=None)
    show(results, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_narrow_terminal_folds_the_name_and_keeps_the_figures() -> None:
    lines = shown(RESULT, terminal=True)

    head = next(line for line in lines if "inserted" in line)
    assert head.split() == ["table", "inserted", "updated", "deleted", "unchanged", "rescued", "seconds"]
    row = next(line for line in lines if "1,234,567" in line)
    assert row.split()[1:] == FIGURES
    assert max(map(len, lines)) <= 80


def test_log_has_each_table_in_a_line_and_its_schema_changes() -> None:
    lines = shown(RESULT, terminal=False)

    assert [NAME, *FIGURES] in [line.split() for line in lines]
    assert lines[-1] == f"{NAME}: added note: string"


def test_sync_that_changed_nothing_says_so() -> None:
    assert shown(SyncResult(table="iceberg.raw.a", unchanged=3), terminal=False)[-1].startswith("No table changed")

"""What `fq verify` says: a bar while it works, at the end a table for people or JSON for machines.

Belongs here: words and layout. Does not: the comparison.
"""

import json
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from fq_platform.extraction.findings import Finding, Findings

PATIENCE_SECONDS = 2.0
"""How long the command may take before it shows a bar."""
SHOWN = 50
"""How many differences of a collection are printed for people; JSON has all that are listed."""


class Teller:
    """A bar that appears if the command takes longer than `PATIENCE_SECONDS`, on a terminal, and leaves nothing behind.

    Args:
        console: Where the bar is drawn.
    """

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("windows, {task.fields[documents]:,} documents, {task.fields[differences]:,} differences"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=None, documents=0, differences=0)
        self._timer = threading.Timer(PATIENCE_SECONDS, self._progress.start) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._timer:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer.join()
        self._progress.stop()

    def tell(self, found: "Findings") -> None:
        """So far is it."""
        self._progress.update(
            self._task,
            description=found.collection,
            completed=found.windows_done,
            total=len(found.days),
            documents=found.documents,
            differences=found.differences,
        )


def show(found: "Sequence[Findings]", console: Console) -> None:
    """Print a line a collection, then the differences by `_id` and path."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("collection", no_wrap=True)
    for name in ("windows", "documents", "differences"):
        table.add_column(name, justify="right", no_wrap=True)
    for findings in found:
        counts = (len(findings.days), findings.documents, findings.differences)
        table.add_row(findings.collection, *(f"{count:,}" for count in counts))
    console.print(table)
    for findings in found:
        for finding in findings.listed[:SHOWN]:
            console.print(_line(findings, finding), markup=False, highlight=False, soft_wrap=True)
        if findings.differences > SHOWN:
            more = ", ".join(f"{count:,} {what}" for what, count in findings.by_kind.items())
            console.print(f"{findings.collection}: in all {more}. --format json lists more of them.", soft_wrap=True)
    if any(findings.differences for findings in found):
        console.print("Source and lake differ. `fq sync` brings in what the source has; then verify again.")
    elif found:
        console.print("Source and lake agree.")


def _line(findings: "Findings", finding: "Finding") -> str:
    day = f" {finding.day}" if finding.day else ""
    place = f" at {finding.path}" if finding.path else ""
    if finding.source:
        values = f": {finding.source} in the source, {finding.lake} in the lake"
    else:
        values = f": {finding.lake}" if finding.lake else ""
    return f"{findings.collection}{day} _id {finding.key}: {finding.what}{place}{values}"


def as_json(found: "Sequence[Findings]") -> str:
    """One object a collection."""
    return json.dumps([_object(findings) for findings in found], indent=2)


def _object(findings: "Findings") -> dict[str, Any]:
    return {
        "collection": findings.collection,
        "table": findings.table.partition(".")[2],
        "windows": len(findings.days),
        "documents": findings.documents,
        "differences": findings.differences,
        "by_kind": {str(what): count for what, count in findings.by_kind.items()},
        "by_window": {str(day) if day else "": count for day, count in findings.by_day.items()},
        "listed": [
            {
                "window": str(finding.day) if finding.day else None,
                "_id": finding.key,
                "what": str(finding.what),
                "path": finding.path or None,
                "source": finding.source or None,
                "lake": finding.lake or None,
            }
            for finding in findings.listed
        ],
    }

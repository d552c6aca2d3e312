"""What `fq sync` tells while it works: a bar on a terminal, lines in a log.

Belongs here: words and timing. Does not: the work, or its result (`sync_report.py`).
"""

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from fq_platform.extraction.sync import Progress as Found

PATIENCE_SECONDS = 2.0
"""How long a command may take before it shows a bar."""
LINE_SECONDS = 10.0
"""How often a line goes to the log."""


class Teller(Protocol):
    """Told how far a sync is; a context manager for the length of the command."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def begin(self, name: str) -> None:
        """A collection is begun."""

    def tell(self, found: "Found") -> None:
        """So far is it; called from any thread."""


def teller(console: Console) -> Teller:
    """What fits where standard error leads."""
    return _Bar(console) if console.is_terminal else _Lines(console)


class _Bar:
    """Appears if the command takes longer than `PATIENCE_SECONDS`, and leaves nothing behind."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=None, told="")
        self._timer = threading.Timer(PATIENCE_SECONDS, self._progress.start)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._timer.join()
        self._progress.stop()

    def begin(self, name: str) -> None:
        self._progress.reset(self._task, description=name, completed=0, total=None, told="")

    def tell(self, found: "Found") -> None:
        self._progress.update(
            self._task, completed=found.units_done, total=found.units, told=f"{found.documents:,} documents"
        )


class _Lines:
    """A line now and then, with what was done so far."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._name = ""
        self._due = time.monotonic() + LINE_SECONDS
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def begin(self, name: str) -> None:
        self._name = name
        self._due = time.monotonic() + LINE_SECONDS

    def tell(self, found: "Found") -> None:
        with self._lock:
            now = time.monotonic()
            if now < self._due:
                return
            self._due = now + LINE_SECONDS
        line = f"{self._name}: {found.units_done} of {found.units} parts done, {_told(found)}"
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _told(found: "Found") -> str:
    return (
        f"{found.documents:,} documents read: {found.inserted:,} inserted, {found.updated:,} updated, "
        f"{found.unchanged:,} unchanged"
    )

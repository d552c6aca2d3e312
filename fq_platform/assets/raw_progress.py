"""How far a sync is, told in the Dagster log.

Belongs here: words and how often. Does not: the work.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fq_platform.extraction.sync import Progress

LINE_SECONDS = 10.0
"""How long it is silent between two lines, and before the first: short syncs say what they did at their end only."""


class ProgressLog:
    """Takes the progress of one sync, one call at a time, and logs a line now and then.

    Args:
        table: What the lines begin with.
        log: Takes a line.
        clock: Gives the time (seconds).
    """

    def __init__(self, table: str, log: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._table = table
        self._log = log
        self._clock = clock
        self._due = clock() + LINE_SECONDS

    def tell(self, found: "Progress") -> None:
        """So far is it.

        Args:
            found: The progress of the whole sync.
        """
        now = self._clock()
        if now < self._due:
            return
        self._due = now + LINE_SECONDS
        self._log(
            f"{self._table}: {found.documents:,} documents read, {found.units_done:,} of {found.units:,} parts done: "
            f"{found.inserted:,} inserted, {found.updated:,} updated, {found.unchanged:,} unchanged so far"
        )

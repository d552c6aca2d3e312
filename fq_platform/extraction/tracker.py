"""Adding up what the units of a sync find, and telling it.

Belongs here: the running sums. Does not: what is shown of them (`commands/`, `assets/`).
"""

import threading
from collections.abc import Callable

from fq_platform.extraction.results import Counts, Progress
from fq_platform.extraction.windows import Window


class Tracker:
    """Adds up what the units find, and tells it; units may call it from several threads.

    Args:
        tell: Told after each batch how far the sync is, one call at a time.
    """

    def __init__(self, tell: Callable[[Progress], None] | None) -> None:
        self._units = 0
        self._tell = tell
        self._done = 0
        self._counts = Counts()
        self._lock = threading.Lock()

    def begin(self, units: int) -> None:
        """Expect so many units more."""
        self._units += units

    def report(self, window: Window, found: Counts) -> None:
        """Take in what a batch held."""
        with self._lock:
            self._counts.take_in(found)
            self._say(window)

    def finished(self, window: Window) -> None:
        """Take in that a unit is done."""
        with self._lock:
            self._done += 1
            self._say(window)

    def _say(self, window: Window) -> None:
        if self._tell is not None:
            counts = self._counts
            self._tell(
                Progress(
                    window=str(window),
                    documents=counts.documents,
                    inserted=counts.inserted,
                    updated=counts.updated,
                    unchanged=counts.unchanged,
                    units_done=self._done,
                    units=self._units,
                )
            )

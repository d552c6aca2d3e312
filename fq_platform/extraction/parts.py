"""Parts of a window: what is compared in one piece, by one or several units of work.

Belongs here: sharing a comparison among the ranges of a window, or putting rows aside where that would take too much
memory. Does not: comparing (`compare.py`), temporary files (`spill.py`).
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from fq_platform.extraction.compare import Comparison, Rows
from fq_platform.extraction.ranges import Range
from fq_platform.extraction.spill import Spill

SHARED_RANGES = 4
"""Live rows of so many ranges are compared in one piece: to put them aside would cost more than all else."""


@dataclass
class Part:
    """What is compared in one piece.

    Args:
        comparison: The comparison.
        unfinished: How many units have not come to their end with it.
    """

    comparison: Comparison
    unfinished: int


class Parts:
    """The parts of one window; units may ask for them from several threads.

    Args:
        live: The rows of the window.
        ranges: Its ranges, one for each unit.
        range_documents: About how many documents a range has.
    """

    def __init__(self, live: Rows, ranges: Sequence[Range], range_documents: int) -> None:
        self._live = live
        self._ranges = ranges
        self._is_shared = len(ranges) == 1 or live.count <= SHARED_RANGES * range_documents
        self._lock = threading.Lock()
        self._spill: Spill | None = None
        self._parts: dict[int, Part] = {}

    def open(self, number: int) -> Part:
        """The part that a unit belongs to, made when it is first asked for.

        Args:
            number: The unit's number.

        Returns:
            The part.
        """
        with self._lock:
            name = 0 if self._is_shared else number
            if name not in self._parts:
                self._parts[name] = Part(Comparison(self._rows(number)), len(self._ranges) if self._is_shared else 1)
            return self._parts[name]

    def _rows(self, number: int) -> Rows:
        if self._is_shared:
            return self._live
        if self._spill is None:
            self._spill = Spill(self._live, self._ranges)
        return self._spill.rows(number)

    @property
    def latest(self) -> int:
        """The greatest time of extraction in the window (microseconds since 1970), once a part is open."""
        if self._spill is not None:
            return self._spill.latest
        return max((part.comparison.latest for part in self._parts.values()), default=0)

    def is_last(self, number: int) -> bool:
        """Say that a unit has compared all its documents.

        Args:
            number: The unit's number.

        Returns:
            Whether it was the last one of its part.
        """
        part = self.open(number)
        with self._lock:
            part.unfinished -= 1
            return part.unfinished == 0

    def forget(self, number: int) -> None:
        """Free the memory of a part whose last unit is finished."""
        with self._lock:
            self._parts.pop(0 if self._is_shared else number, None)

    def close(self) -> None:
        """Remove what was put aside, finished or not."""
        if self._spill is not None:
            self._spill.close()

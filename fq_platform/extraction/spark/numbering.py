"""Units of work of a Spark job, by number: windows, and of large windows shares of their keys.

Belongs here: which unit a document or a row of the lake belongs to. Does not: what is done with it (`tasks.py`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from fq_platform.extraction.compare import Hashes
from fq_platform.extraction.spark.connector import bounds
from fq_platform.extraction.windows import Window

NOBODYS = -1
"""The number for a document that none of the windows owns."""


@dataclass(frozen=True)
class Numbering:
    """The units of some windows.

    Args:
        windows: The windows, all of one collection.
        shares: Into how many units each window is divided, by hashes of keys.
        wanted: The numbers of the units that are to be worked at.
    """

    windows: Sequence[Window]
    shares: Sequence[int]
    wanted: frozenset[int]

    @classmethod
    def of(cls, windows: Sequence[Window], documents: Sequence[int], per_unit: int) -> Self:
        """Divide windows into units of about the same number of documents.

        Args:
            windows: The windows.
            documents: About how many documents each has.
            per_unit: About how many a unit should have.
        """
        shares = [max(math.ceil(count / max(per_unit, 1)), 1) for count in documents]
        return cls(windows, shares, frozenset(range(sum(shares))))

    def only(self, numbers: Sequence[int]) -> "Numbering":
        """The same numbering, with some units still to be worked at."""
        return Numbering(self.windows, self.shares, frozenset(numbers))

    def window(self, unit: int) -> Window:
        """The window that a unit is, or is a share of."""
        return self.windows[int(np.searchsorted(np.cumsum(self.shares), unit, side="right"))]

    @property
    def wanted_windows(self) -> list[Window]:
        """The windows with units to be worked at."""
        days = {self.window(unit).day for unit in self.wanted}
        return [window for window in self.windows if window.day in days]

    def positions(self, event_times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The windows that own documents.

        Args:
            event_times: The event times (ms since 1970, shape: n).

        Returns:
            Positions among the windows; NOBODYS for what none of them owns (shape: n).
        """
        if self.windows[0].day is None:
            return np.zeros(len(event_times), np.int64)
        found = np.full(len(event_times), NOBODYS, np.int64)
        dated = np.array(bounds(self.windows), np.int64).reshape(-1, 3)
        if len(dated):
            at = np.maximum(np.searchsorted(dated[:, 0], event_times, side="right") - 1, 0)
            inside = (event_times >= dated[at, 0]) & (event_times <= dated[at, 1])
            found[inside] = dated[at[inside], 2]
        for position, window in enumerate(self.windows):
            if window.is_first:
                found[window.owns_mask(event_times)] = position
        return found

    def units(self, positions: npt.NDArray[np.int64], key_hashes: Hashes) -> npt.NDArray[np.int32]:
        """The units of documents.

        Args:
            positions: Of their windows (shape: n).
            key_hashes: Of their keys (shape: (n, 2)).

        Returns:
            Numbers of units; NOBODYS for what belongs to none that is wanted (shape: n).
        """
        shares = np.array(self.shares, np.int64)
        firsts = np.cumsum(shares) - shares
        share = (key_hashes[:, 1] % shares[positions].astype(np.uint64)).astype(np.int64)
        units = firsts[positions] + share
        wanted = np.zeros(int(shares.sum()), np.bool_)
        wanted[list(self.wanted)] = True
        return np.where((positions != NOBODYS) & wanted[units], units, NOBODYS).astype(np.int32)

"""What compares windows with the lake: threads of this process, or a cluster.

Belongs here: what a sync asks of either. Does not: either of them (`sync.py`, `spark/engine.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from fq_platform.extraction.moves import Comparisons
from fq_platform.extraction.tracker import Tracker
from fq_platform.extraction.unit import Job
from fq_platform.extraction.windows import Window
from fq_platform.lakehouse.changelog import Append, Changelog

if TYPE_CHECKING:
    from fq_platform.extraction.sync import SyncOptions


@dataclass(frozen=True)
class Syncing:
    """One attempt of a sync.

    Args:
        changelog: The table, at the snapshot that is compared with.
        append: Where rows go.
        job: What all units share.
        options: How the source is read and landed.
        compared: Takes in what is found.
        tracker: Takes in how far it is.
    """

    changelog: Changelog
    append: Append
    job: Job
    options: "SyncOptions"
    compared: Comparisons
    tracker: Tracker


class Engine(Protocol):
    """Compares windows with the lake, and writes files that nobody sees yet."""

    def compare(self, windows: Sequence[Window], syncing: Syncing) -> None:
        """Compare windows, and hand all that is found to `syncing.compared`.

        Args:
            windows: The windows, all of one collection.
            syncing: The attempt that they are part of.
        """

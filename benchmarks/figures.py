"""A measured figure and its target.

Belongs here: figures. Does not: measuring or printing them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.processes import Replay


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Args:
        name: What was measured.
        value: The result.
        unit: How to print it: a format for `str.format`.
        least: The least that is good; None if there is no such bound.
        most: The most that is good; None if there is no such bound.
        runs: The single measurements behind it.
        note: What else to know.
    """

    name: str
    value: float
    unit: str = "{:,.2f}"
    least: float | None = None
    most: float | None = None
    runs: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def ok(self) -> bool | None:
        """Whether it meets its target; None if it has none."""
        if self.least is None and self.most is None:
            return None
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    @property
    def target(self) -> str:
        """The target in words, empty if there is none."""
        if self.least is not None:
            return f"at least {self.unit.format(self.least)}"
        return f"at most {self.unit.format(self.most)}" if self.most is not None else ""


@dataclass(frozen=True)
class Bench:
    """What all cases share.

    Args:
        server: The replay server.
        folder: Where lakes are made; each case cleans up after itself.
        documents: The size of a load.
        repeats: How often each measurement is made.
        kills: How many loads are killed.
        seed: Of the moments at which they are.
        say: Tells the person who waits what is going on.
    """

    server: Replay
    folder: Path
    documents: int
    repeats: int
    kills: int
    seed: int
    say: Callable[[str], None]

    def named(self, variant: str, documents: int | None = None) -> dict[str, str]:
        """The arguments that name a collection to a job."""
        return {"uri": self.server.uri, "collection": f"{variant}_{documents or self.documents}"}

    def warm(self, variant: str) -> str:
        """The small collection of the same kind that each process warms up with."""
        return f"{variant}_{WARM_DOCUMENTS}"


WARM_DOCUMENTS = 5_000
"""The size of the collection that each process warms up with."""
SCALE_DOCUMENTS = 60_000
"""The size of the collection whose table is weighed: all of its documents are different, so that none compress well."""
KILLED_DOCUMENTS = 100_000
"""The size of a load that is killed: small, so that many fit into minutes."""

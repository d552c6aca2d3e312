"""Deciding what a run has to read of a raw table: only what changed since the table made of it has read it.

Belongs here: the decision, from the metadata of both tables. Does not: loading rows, or writing them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fq_platform.lakehouse.day_spans import Days
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.positions import WHOLE, Claim, Position, claims, head
from fq_platform.lakehouse.raw_changes import Changes, changes_since

if TYPE_CHECKING:
    from pyiceberg.table import Table

NOTHING: Days = frozenset()


@dataclass(frozen=True)
class Plan:
    """What a run reads, and what it may say of it afterwards.

    Args:
        read: The windows to read, of those asked for.
        since: For a table without days: only rows appended after this snapshot of the raw table are read, since the
            others were merged before; None where windows are read whole.
        position: What to record with the rows; None if the raw table was never written to.
        advances: Whether the position says more than is recorded already.
    """

    read: Days
    since: int | None
    position: Position | None
    advances: bool


def plan(
    raw: "Table", name: TableName, target: "Table | None", *, asked: Days, code: str, afresh: bool = False
) -> Plan:
    """Decide what a run reads.

    Args:
        raw: The raw table, at the snapshot that will be read.
        name: Its name, under which positions in it are recorded.
        target: The table that is made of it; None if it does not exist yet.
        asked: The days that the run makes; `WHOLE` for a table without days.
        code: Version of the code that makes the rows; what another version made is read again.
        afresh: Whether to read everything asked for, whatever is recorded.

    Returns:
        The plan.
    """
    known = claims(target, name, code) if target and not afresh else []
    snapshot = head(raw)
    if snapshot is None:
        return Plan(read=asked, since=None, position=None, advances=False)
    changes = {claim: changes_since(raw, claim.snapshot) for claim in known}
    agreed = frozenset(day for claim, change in changes.items() if change for day in claim.windows - change.windows)
    read = asked - agreed
    since = _since(changes) if read == WHOLE else None
    position = Position(
        snapshot=snapshot,
        windows=agreed | read,
        wrote=read,
        base=head(target),
        code=code,
        whole=since is None,
    )
    return Plan(read, since, position, advances=known != [Claim(snapshot, position.windows)])


def _since(changes: dict[Claim, Changes | None]) -> int | None:
    """The snapshot whose rows a table without days holds, if all that came after it was appended."""
    for claim, change in changes.items():
        if change is not None and change.appended and claim.windows == WHOLE:
            return claim.snapshot
    return None

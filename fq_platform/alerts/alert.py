"""An alert: what happened, where, what to do, and whom it concerns.

Belongs here: the type, and many alerts summed up as one. Does not: when there is one (`automation/alerting/`), or how
it is put into words for a sink (`wording.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import TypeAdapter

NAMED = 10
"""How many alerts a sum names; it counts them all."""


class Severity(StrEnum):
    """How bad it is, the worse the later."""

    WARNING = "warning"
    ERROR = "error"


def worse(one: Severity, other: Severity) -> Severity:
    """The worse of two."""
    return Severity.ERROR if Severity.ERROR in (one, other) else Severity.WARNING


class Kind(StrEnum):
    """What happened, in the plural in which many of them are summed up."""

    RUN_FAILED = "runs failed"
    CHECK_BLOCKED = "blocking checks failed"
    CHECK_FAILED = "checks failed"
    CHECK_WARNED = "checks warn"
    CHECK_PASSED = "checks pass again"
    INCOMPLETE = "tables lack days"
    WAITS = "tables wait for others"
    SCHEMA_CHANGED = "tables have new columns"
    VALUES_RESCUED = "tables have values that do not fit"
    DIFFERENCE = "tables differed from the source"
    LATE = "tables are late"
    STALE = "tables are too old"
    FRESH = "tables are fresh again"
    TICKS_FAILED = "schedules or sensors fail"
    PLACE_LOST = "sensors compare everything"
    TICKS_RECOVERED = "schedules or sensors work again"
    TEST = "test messages"


RECOVERIES = frozenset({Kind.CHECK_PASSED, Kind.FRESH, Kind.TICKS_RECOVERED})
"""The kinds that end an earlier alert. Their severity is that of what they end, so that they go where it went."""


@dataclass(frozen=True)
class Alert:
    """What somebody is told, without any secret.

    Args:
        kind: What happened.
        severity: How bad it is; of a recovery, how bad it was.
        title: It in one line, which names the table, job or sensor.
        what: What is known of it; may be empty.
        fix: What the reader can do about it, in the imperative; empty for a recovery.
        link: Where more is to be seen; empty if nobody said where the UI is.
        owners: Who owns what it is about, as Dagster writes them: `team:finance`, or a mail address.
        layers: The layers of the tables that it is about.
        count: How many alerts this one sums up.
        named: The titles of the first of these.
    """

    kind: Kind
    severity: Severity
    title: str
    what: str = ""
    fix: str = ""
    link: str = ""
    owners: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    count: int = 1
    named: tuple[str, ...] = ()

    @property
    def recovery(self) -> bool:
        """Whether it says that something is well again."""
        return self.kind in RECOVERIES

    def to_json(self) -> dict[str, object]:
        """It as JSON's types; `from_json` makes it again."""
        return {name: value for name, value in _ADAPTER.dump_python(self, mode="json").items() if value}

    @classmethod
    def from_json(cls, value: object) -> "Alert":
        """The alert of `to_json`; raises ValueError for anything else."""
        return _ADAPTER.validate_python(value)


_ADAPTER = TypeAdapter(Alert)


def summed_up(alerts: Sequence[Alert]) -> Alert:
    """One alert in place of several of a kind.

    Args:
        alerts: At least one, all of one kind; sums among them count as what they sum up.

    Returns:
        The alert itself if it is the only one; else how many there are, and the first of them by name.
    """
    first = alerts[0]
    if len(alerts) == 1:
        return first
    count = sum(alert.count for alert in alerts)
    titles = [title for alert in alerts for title in (alert.named or (alert.title,))]
    return replace(
        first,
        severity=Severity.ERROR if any(alert.severity is Severity.ERROR for alert in alerts) else Severity.WARNING,
        title=f"{count} {first.kind}",
        what="",
        fix="" if first.recovery else "Look at the first: the others often have the same cause",
        owners=tuple(sorted({owner for alert in alerts for owner in alert.owners})),
        layers=tuple(sorted({layer for alert in alerts for layer in alert.layers})),
        count=count,
        named=tuple(titles[:NAMED]),
    )

"""What is wrong at present, so that its beginning, its getting worse and its end are told once each.

Belongs here: remembering, and noticing what differs. Does not: finding out how things are, or words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from fq_platform.alerts.alert import Severity, worse


class Turn(Enum):
    """How a condition changed."""

    BEGAN = "began"
    CHANGED = "changed"
    ENDED = "ended"


@dataclass(frozen=True)
class Change:
    """A condition that is not as it was.

    Args:
        turn: How it changed.
        severity: How bad it is; of one that ended, the worst that it was, so that its end goes where that went.
    """

    turn: Turn
    severity: Severity


@dataclass
class Conditions:
    """What is wrong, by a name of one's own choice; JSON keeps it between ticks.

    Args:
        present: Name to how bad it is, and the worst that it has been since it began.
    """

    present: dict[str, tuple[Severity, Severity]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """It as JSON's types; `from_json` makes it again."""
        return {name: [str(now), str(worst)] for name, (now, worst) in self.present.items()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Conditions":
        """The conditions of `to_json`."""
        return cls({name: (Severity(now), Severity(worst)) for name, (now, worst) in value.items()})

    def note(self, name: str, severity: Severity | None) -> Change | None:
        """Note how something is now.

        Args:
            name: What.
            severity: How bad it is; None if it is well.

        Returns:
            What changed; None if it is as it was.
        """
        before = self.present.get(name)
        if severity is None:
            self.present.pop(name, None)
            return Change(Turn.ENDED, before[1]) if before else None
        worst = worse(severity, before[1]) if before else severity
        self.present[name] = (severity, worst)
        if before is None:
            return Change(Turn.BEGAN, severity)
        # What was an error and is a warning goes where the error went, whose readers else took it for one still.
        return Change(Turn.CHANGED, worst) if severity is not before[0] else None

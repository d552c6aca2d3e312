"""What a check of `fq doctor` found.

Belongs here: the answer of a check. Does not: the checks.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from fq_platform.settings import Settings


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, or is not needed here, but deserves a look."""
    FAILED = "failed"
    """Something that is set up, or always needed, does not work: `fq doctor` ends with exit code 1."""


@dataclass(frozen=True)
class Finding:
    """One line of `fq doctor`.

    Args:
        subject: What was looked at, such as `MongoDB`.
        state: How bad it is.
        what: What was found, in one line, without secrets.
        fix: What to do about it; empty if nothing needs doing.
    """

    subject: str
    state: State
    what: str
    fix: str = ""


@dataclass(frozen=True)
class Check:
    """A check, and how long it may take.

    Args:
        subject: What it looks at; also what is said of a check that does not come back.
        look: The check. What it raises is reported as a failure of the subject: an `FqError` in its words. An
            iterator may stop there: what it found before counts.
        seconds: How long it may take before it counts as failed.
    """

    subject: str
    look: Callable[[Settings], Iterable[Finding]]
    seconds: float = 15


def ok(subject: str, what: str) -> Finding:
    """It works."""
    return Finding(subject, State.OK, what)


def warning(subject: str, what: str, fix: str) -> Finding:
    """It deserves a look."""
    return Finding(subject, State.WARNING, what, fix)


def failed(subject: str, what: str, fix: str) -> Finding:
    """It does not work."""
    return Finding(subject, State.FAILED, what, fix)

"""What an error that Dagster has stored says: what is wrong, and what to do.

Belongs here: finding the sentence that helps in a chain of errors. Does not: which errors are told.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.assets.audit_failure import BROKEN_RULES

if TYPE_CHECKING:
    from dagster._core.execution.plan.objects import StepFailureData
    from dagster._utils.error import SerializableErrorInfo

# "dagster._core.definitions.events.Failure: text", "ValueError: text"
_CLASS = re.compile(r"^(?:[A-Za-z_][\w.]*\.)?(?P<name>[A-Za-z_]\w*): (?P<text>.+)$", re.DOTALL)


@dataclass(frozen=True)
class Told:
    """An error in words.

    Args:
        what: What is wrong, and where.
        fix: What to do; empty if the error does not say.
    """

    what: str
    fix: str = ""


def of_step(failure: "StepFailureData") -> Told:
    """What a failed step says: the parts of its `FqError`, else the error that all began with."""
    if failure.user_failure_data:
        said = {entry: value.value for entry, value in failure.user_failure_data.metadata.items()}
        what, where, fix = (str(said.get(name, "")) for name in ("what", "where", "what to do"))
        if what:
            return Told(f"{what} ({where})" if where not in ("", "-") else what, fix)
        if failure.user_failure_data.description:
            return Told(failure.user_failure_data.description)
    return of_error(failure.error)


def is_audit(failure: "StepFailureData") -> bool:
    """Whether a step failed only since its rows did not pass: then its checks say so."""
    return bool(failure.user_failure_data and BROKEN_RULES in failure.user_failure_data.metadata)


def of_error(error: "SerializableErrorInfo | None") -> Told:
    """What an error says: the one at the root of the chain, without the names of classes that say nothing."""
    chain = list(_chain(error))
    if not chain:
        return Told("No error was recorded")
    root = chain[-1]
    match = _CLASS.match(root.message.strip())
    if match and match["name"] in ("Failure", "FqError"):
        return Told(match["text"].strip())
    return Told(root.message.strip())


def _chain(error: "SerializableErrorInfo | None") -> Iterator["SerializableErrorInfo"]:
    """An error and its causes. A context is followed only to the error of the user's code."""
    while error is not None:
        yield error
        if error.cls_name == dg.Failure.__name__:
            return  # what caused it is a detail that it explains
        error = error.cause

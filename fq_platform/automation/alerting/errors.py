"""What an error that Dagster has stored says: what is wrong, and what to do.

Belongs here: finding the sentence that helps in a chain of errors. Does not: which errors are told.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.assets.audit_failure import BROKEN_RULES
from fq_platform.errors import FqError

if TYPE_CHECKING:
    from dagster._core.execution.plan.objects import StepFailureData
    from dagster._utils.error import SerializableErrorInfo

_DAGSTERS = "dagster._core.errors."
"""How errors begin that Dagster puts around those of the code it runs."""
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
    """What an error says: that of the code which Dagster ran, and the one that all began with."""
    chain = list(_chain(error))
    if not chain:
        return Told("No error was recorded")
    own = [one for one in chain if not one.message.startswith(_DAGSTERS)] or chain[-1:]
    texts = dict.fromkeys(_text(one) for one in (own[0], own[-1]))
    return Told("\nCaused by ".join(texts))


def _chain(error: "SerializableErrorInfo | None") -> Iterator["SerializableErrorInfo"]:
    """An error and its causes. What caused a failure in words is a detail that its words explain."""
    while error is not None:
        yield error
        if error.cls_name == dg.Failure.__name__:
            return
        error = error.cause


def _text(error: "SerializableErrorInfo") -> str:
    """Its message, after the name of its class unless that says nothing."""
    message = error.message.strip()
    match = _CLASS.match(message)
    return match["text"].strip() if match and match["name"] in (dg.Failure.__name__, FqError.__name__) else message

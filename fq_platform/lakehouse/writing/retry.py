"""Attempts that meet another writer's commit are made again, after a while.

Belongs here: what counts as a conflict, how long to wait, when to give up. Does not: the attempts.
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from fq_platform.errors import FqError

PATIENCE_SECONDS = 300.0
"""How long a write keeps trying. Other writers are done sooner or later; the run that waits has its rows computed."""

_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 5.0

_CONFLICTS = (
    "CommitFailedException",
    "CommitStateUnknownException",  # the next attempt looks whether its commit is there
    "Cannot add snapshot with sequence number",  # PyIceberg: a commit to another branch was faster
    "Found conflicting files",
    "Found new conflicting delete",
    "Missing required files to delete",
    "Cannot commit, missing data files",
    "FIELDS_ALREADY_EXISTS",
    "Cannot add column, name already exists",
    "SQLITE_BUSY",
    "database is locked",
    "could not serialize access",
    "deadlock detected",
)
"""What Iceberg and the catalogs' databases say when another writer was faster. Spark's errors are known by their text
only: the class is that of the gateway, or of Spark Connect."""

Result = TypeVar("Result")


class Conflict(Exception):  # noqa: N818 - it is no error until there is no time left
    """Somebody else committed between an attempt's look at the table and its own commit."""


def is_conflict(error: BaseException) -> bool:
    """Whether the same attempt may succeed if it is made again."""
    return isinstance(error, Conflict) or any(text in f"{type(error).__name__}: {error}" for text in _CONFLICTS)


def with_retries(
    attempt: Callable[[], Result],
    *,
    where: str,
    patience: float = PATIENCE_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """Make an attempt until it meets no other writer.

    Args:
        attempt: Looks at the table, then commits; safe to be made again after a conflict.
        where: The table, for the complaint.
        patience: How long to keep trying (seconds).
        sleep: Waits for so many seconds.

    Returns:
        What the attempt that succeeded returned.

    Raises:
        FqError: Others kept committing all the time; nothing was written.
        Exception: Whatever else an attempt raises, as it is.
    """
    started, number = time.monotonic(), 0
    while True:
        try:
            return attempt()
        except FqError:
            raise
        except Exception as error:
            if not is_conflict(error):
                raise
            number += 1
            if time.monotonic() - started > patience:
                raise FqError(
                    f"Other writers changed the table at every one of {number} attempts within "
                    f"{patience:.0f} seconds; nothing was written",
                    where=where,
                    fix="Run again when fewer runs write to it, or let them write one after the other "
                    "(a concurrency limit on the asset's pool)",
                    transient=True,
                ) from error
        sleep(_wait(number))


def _wait(number: int) -> float:
    """Up to twice as long as before, and any time below that: those who met once shall not meet again."""
    longest = min(_LONGEST_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**number)
    return random.uniform(longest / 10, longest)  # noqa: S311 - nothing secret

"""Errors for users, as Dagster shows them.

Belongs here: turning `FqError` into a failed step without a traceback. Does not: the errors themselves.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from fq_platform.errors import FqError


@contextmanager
def shown_to_users() -> Iterator[None]:
    """Let an `FqError` fail the step with its text, its place and its remedy in the UI.

    Raises:
        dagster.Failure: In place of the `FqError`; what caused it stays attached for the log.
    """
    try:
        yield
    except FqError as error:
        metadata = {"what": error.what, "where": error.where or "-", "what to do": error.fix}
        raise dg.Failure(description=str(error), metadata=metadata, allow_retries=False) from None

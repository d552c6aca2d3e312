"""Errors for users, as Dagster shows them.

Belongs here: turning `FqError` into a failed step without a traceback. Does not: the errors themselves.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from fq_platform.errors import FqError
from fq_platform.lakehouse.storage import explain_storage_error


@contextmanager
def shown_to_users(table: str | None = None) -> Iterator[None]:
    """Let an `FqError` fail the step with its text, its place and its remedy in the UI.

    Args:
        table: The table that is read or written, if one is: then errors of disk, S3 and catalog are explained too, and
            every error names it.

    Raises:
        dagster.Failure: In place of the `FqError`; what caused it stays attached for the log.
    """
    try:
        yield
    except dg.Failure:
        raise
    except FqError as error:
        raise _failure(error, table) from None
    except Exception as error:
        known = explain_storage_error(error, table) if table is not None else None
        if known is None:
            raise
        raise _failure(known, table) from None


def _failure(error: FqError, table: str | None) -> dg.Failure:
    if table is not None and table not in str(error):  # an error of the catalog names its address only
        error = FqError(error.what, where=f"{table}, {error.where}" if error.where else table, fix=error.fix)
    metadata = {"what": error.what, "where": error.where or "-", "what to do": error.fix}
    return dg.Failure(description=str(error), metadata=metadata, allow_retries=False)

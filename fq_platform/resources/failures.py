"""Errors for users, as Dagster shows them.

Belongs here: turning `FqError` into a failed step without a traceback. Does not: the errors themselves.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import dagster as dg

from fq_platform.errors import FqError
from fq_platform.lakehouse.storage import explain_storage_error
from fq_platform.resources.connect import explain_connect_error
from fq_platform.resources.retries import jvm_has_ended, retry, take_up_in_another_process

_JVM_ENDED = FqError(
    "Spark's JVM has ended in the middle of the step, as one that takes more memory than the machine has",
    fix="Run again; if it stays so, let fewer runs work at once (max_concurrent_runs in dagster.yaml), or make fewer "
    "days a run (FQ_BACKFILL_PARTITIONS)",
)


@contextmanager
def shown_to_users(table: str | None = None) -> Iterator[None]:
    """Let an `FqError` fail the step with its text, its place and its remedy in the UI.

    Args:
        table: The table that is read or written, if one is: then errors of disk, S3 and catalog are explained too, and
            every error names it.

    Raises:
        dagster.Failure: In place of the `FqError`; what caused it stays attached for the log.
        dagster.RetryRequested: In its place, if the error may pass and the step has attempts left.
    """
    try:
        yield
    except (dg.Failure, dg.RetryRequested):
        raise
    except FqError as error:
        _fail(error, table)
    except Exception as error:
        if jvm_has_ended(error):
            take_up_in_another_process()
            _fail(_JVM_ENDED, table)
        if (no_server := explain_connect_error(error)) is not None:
            _fail(no_server, table)
        known = explain_storage_error(error, table) if table is not None else None
        if known is None:
            raise
        _fail(known, table)


def _fail(error: FqError, table: str | None) -> NoReturn:
    failure = _failure(error, table)
    if error.transient and (another_attempt := retry(failure)):
        raise another_attempt from failure
    raise failure from None


def _failure(error: FqError, table: str | None) -> dg.Failure:
    what, where = error.what, error.where
    if table is not None and table not in str(error):  # an error of the catalog names its address only
        where = f"{table}, {where}" if where else table
    metadata = {"what": what, "where": where or "-", "what to do": error.fix}
    description = str(FqError(what, where=where, fix=error.fix))
    return dg.Failure(description=description, metadata=metadata, allow_retries=False)

"""What somebody else did to a table while it was written, in words.

Belongs here: recognising it. Does not: commits that merely were faster (`retry.py`).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from fq_platform.errors import FqError
from fq_platform.lakehouse.writing.job import Job, gone

_DROPPED = ("NoSuchTableException", "NoSuchTableError", "TABLE_OR_VIEW_NOT_FOUND")
_MADE_ANEW = ("UUID does not match", "Requirement failed: UUID", "Table UUID")
_OTHER_COLUMNS = (
    "INCOMPATIBLE_DATA_FOR_TABLE",
    "INSERT_COLUMN_ARITY_MISMATCH",
    "Cannot find field",
    "CANNOT_FIND_DATA",
)


@contextmanager
def interference(job: Job) -> Iterator[None]:
    """Say what happened if the table is not what it was at the attempt's beginning.

    Raises:
        FqError: It was dropped, made anew, or lost a column. Anything else passes as it is.
    """
    try:
        yield
    except FqError:
        raise
    except Exception as error:
        known = _explain(job, f"{type(error).__name__}: {error}")
        if known is None:
            raise
        raise known from error


def _explain(job: Job, said: str) -> FqError | None:
    where = job.target.table.qualified
    if any(text in said for text in _DROPPED) and job.target.table.name in said:
        return gone(job.target)
    if any(text in said for text in _MADE_ANEW):
        return FqError(
            "The table was dropped and made anew by somebody else while this run wrote to it; nothing was written",
            where=where,
            fix="Run again, to write to the new table",
        )
    if any(text in said for text in _OTHER_COLUMNS):
        return FqError(
            "The table's columns were changed by somebody else while this run wrote to it; nothing was written",
            where=where,
            fix="Run again: the rows are compared with the columns as they are now",
            transient=True,
        )
    return None

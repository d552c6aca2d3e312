"""Errors of the storage beneath the tables, in words that say what to do.

Belongs here: recognising a full disk, missing permissions and a damaged or locked catalog. Does not: retrying.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from fq_platform.errors import FqError

_FULL = ("No space left on device", "database or disk is full", "Disk quota exceeded")


def is_disk_full(error: BaseException) -> bool:
    """Whether an error, or what caused it, says that disk or quota is full (POSIX, SQLite)."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if any(text in str(seen) for text in _FULL):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


@contextmanager
def storage_errors(table: str) -> Iterator[None]:
    """Turn errors of disk and catalog into errors that say what to do.

    Args:
        table: The table that is written, for the message.

    Raises:
        FqError: The disk is full or a file may not be written. Anything else passes through as it is.
    """
    try:
        yield
    except FqError:
        raise
    except Exception as error:
        if is_disk_full(error):
            raise FqError(
                "The disk is full; nothing of this write is visible",
                where=table,
                fix="Free space, or let FQ_HOME name a folder on a larger disk, and run again",
            ) from error
        if isinstance(error, PermissionError):
            raise FqError(
                f"A file may not be written: {error.filename or error}",
                where=table,
                fix="Make FQ_HOME writable for this user, or let it name another folder",
            ) from error
        raise

"""Errors of the storage beneath the tables, in words that say what to do.

Belongs here: recognising a full disk, missing permissions and a damaged or locked catalog. Does not: what S3 says
(`s3_errors.py`) or a catalog that is a server (`catalog_errors.py`), which are asked here too; retrying.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog_errors import explain_catalog_error
from fq_platform.lakehouse.s3_errors import explain_s3_error

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL = ("No space left on device", "database or disk is full", "Disk quota exceeded", "File too large")

_LOCKED = "database is locked"
_SQLITE = {
    _LOCKED: (
        "The catalog is locked by another process",
        "Run again when the other one is done; nothing of this write is visible",
    ),
    "attempt to write a readonly database": (
        "The catalog may not be written",
        "Make FQ_HOME writable for this user, or let it name another folder",
    ),
    "unable to open database file": (
        "The catalog cannot be opened",
        "Make FQ_HOME a folder that this user can read and write",
    ),
    "file is not a database": (
        "The catalog is damaged: its file is not a database",
        "Restore catalog.db in FQ_HOME from a copy, or remove all of FQ_HOME to land everything anew",
    ),
    "database disk image is malformed": (
        "The catalog is damaged",
        "Restore catalog.db in FQ_HOME from a copy, or remove all of FQ_HOME to land everything anew",
    ),
}
"""What SQLite says, to what is wrong and what to do."""


def is_disk_full(error: BaseException) -> bool:
    """Whether an error, or what caused it, says that a disk, a quota or a size limit is exhausted (POSIX, SQLite)."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in _NO_ROOM:
            return True
        if any(text in str(seen) for text in _FULL):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


@contextmanager
def storage_errors(where: str) -> Iterator[None]:
    """Turn errors of disk, S3 and catalog into errors that say what to do.

    Args:
        where: The table or the catalog that is used, for the message.

    Raises:
        FqError: The disk is full, a file may not be written or is missing, the catalog is locked, damaged or does not
            answer, or S3 does not do what is asked. Anything else passes through as it is.
    """
    try:
        yield
    except FqError:
        raise
    except Exception as error:
        known = explain_storage_error(error, where)
        if known is None:
            raise
        raise known from error


def explain_storage_error(error: Exception, where: str) -> FqError | None:
    """Say what an error of disk, S3 or catalog means.

    Args:
        error: What PyIceberg, PyArrow, SQLite or Spark raised.
        where: The table or the catalog that is used, for the message.

    Returns:
        The error for users; None if the cause is not known here.
    """
    if is_disk_full(error):
        return FqError(
            "The disk is full; nothing of this write is visible",
            where=where,
            fix="Free space, or let FQ_HOME name a folder on a larger disk, and run again",
        )
    if isinstance(error, PermissionError):
        return FqError(
            f"A file may not be written: {error.filename or error}",
            where=where,
            fix="Make FQ_HOME writable for this user, or let it name another folder",
        )
    if isinstance(error, FileNotFoundError):
        return FqError(
            f"A file that belongs to the table is gone: {error.filename or error}",
            where=where,
            fix="Restore the folder that FQ_HOME names from a copy, or remove all of it to land everything anew",
        )
    for text, (what, fix) in _SQLITE.items():
        if text in str(error):
            return FqError(what, where=where, fix=fix, transient=text == _LOCKED)
    return explain_s3_error(error, where) or explain_catalog_error(error, where)

"""The text of a file: UTF-8, with or without a byte order mark, and nothing else.

Belongs here: opening, decoding, and the errors of both. Does not: what the text means (`csv_rows.py`, `json_rows.py`).
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from fq_platform.errors import FqError

UNTOUCHED = "Nothing was landed; what was landed before stands as it was"


class Row(NamedTuple):
    """One row of a table, or one object of an array.

    Args:
        line: The line that it begins in, from 1.
        values: Column to value: text, or what else JSON has.
    """

    line: int
    values: dict[str, object]


def broken(what: str, file: Path, line: int | None, fix: str) -> FqError:
    """The error of a file that cannot be landed.

    Args:
        what: What is wrong with it.
        file: The file.
        line: Where, from 1; None for the file as a whole.
        fix: What to do.
    """
    return FqError(what, where=f"{file}:{line}" if line else str(file), fix=f"{fix}. {UNTOUCHED}")


@contextlib.contextmanager
def opened(file: Path) -> Iterator[TextIO]:
    """Open a file as text for the length of a `with` block; line ends stay as they are.

    Args:
        file: The file.

    Yields:
        The text, a byte order mark left out.

    Raises:
        FqError: There is no such file, it cannot be read, is empty or is not UTF-8, or it was written to meanwhile.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            before = file.stat()
            if not before.st_size:
                raise _empty(file)
            yield text
            after = file.stat()
    except OSError as error:
        raise broken(
            f"The file cannot be read: {error.strerror}",
            file,
            None,
            "Put it there, or let FQ_IFCO_PATH name its folder",
        ) from None
    except UnicodeDecodeError as error:
        raise broken(
            f"The file is not UTF-8 text: {error.reason}", file, _undecodable_line(file), "Save it as UTF-8"
        ) from None
    if (before.st_mtime_ns, before.st_size, before.st_ino) != (after.st_mtime_ns, after.st_size, after.st_ino):
        raise FqError(
            "The file was written to while it was read",
            where=str(file),
            fix=f"Run again; better, write to another name and rename it at the end. {UNTOUCHED}",
            transient=True,
        )


def _empty(file: Path) -> FqError:
    return broken(
        "The file is empty, which would delete all that it held before", file, 1, "Deliver it again, with its content"
    )


def without_rows(file: Path, line: int) -> FqError:
    """The error of a file that has everything but rows."""
    return broken(
        "The file holds no rows, which would delete all that it held before",
        file,
        line,
        "Deliver it again, with its content",
    )


def _undecodable_line(file: Path) -> int | None:
    """The first line that is not UTF-8: a line break is never a part of another character."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return None

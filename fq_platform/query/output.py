"""Where a result goes: the terminal, a pipe or a file.

Belongs here: opening and replacing files, refusing what a terminal cannot show. Does not: the formats (`format.py`).
"""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
from rich.console import Console

from fq_platform.errors import FqError
from fq_platform.query.format import show, write
from fq_platform.query.options import Format


def choose_format(form: Format | None, output: Path | None) -> Format:
    """The format asked for, else the one that the file's name ends with, else the table."""
    if form is not None:
        return form
    suffix = output.suffix.lstrip(".").lower() if output else ""
    return Format(suffix) if suffix in set(Format) else Format.TABLE


def deliver(reader: pa.RecordBatchReader, form: Format, output: Path | None, max_rows: int) -> None:
    """Write a result to standard output or to a file, batch by batch.

    Args:
        reader: The result.
        form: The format.
        output: The file, which is replaced only once the result is complete; None for standard output.
        max_rows: The number of rows that a table shows.

    Raises:
        FqError: The file cannot be written, or the terminal would get binary data.
    """
    if output is None:
        if form is Format.TABLE:
            show(reader, Console(), max_rows)
            return
        require_no_terminal(form)
        write(reader, form, sys.stdout.buffer)
        sys.stdout.buffer.flush()
        return
    with _replaced(output) as sink:
        if form is Format.TABLE:
            lines = io.TextIOWrapper(sink, "utf-8")
            show(reader, Console(file=lines), max_rows)
            lines.detach()
        else:
            write(reader, form, sink)


def require_no_terminal(form: Format) -> None:
    """Refuse to print binary data on a terminal."""
    if form is Format.PARQUET and sys.stdout.isatty():
        raise FqError(
            "Parquet is binary and would garble the terminal",
            where="--format parquet",
            fix="Add --output FILE, or pipe the output into a program",
        )


@contextmanager
def _replaced(file: Path) -> Iterator[BinaryIO]:
    """A file that appears whole or not at all; devices and pipes are written as they are."""
    draft = file.with_name(f".{file.name}.part") if file.is_file() or not file.exists() else file
    try:
        with draft.open("wb") as sink:
            yield sink
        draft.replace(file)
    except OSError as error:
        raise FqError(
            f"The output cannot be written: {error.strerror or error}",
            where=str(file),
            fix="Let --output name a file in a folder that exists, can be written and has room",
        ) from None
    finally:
        if draft != file:
            draft.unlink(missing_ok=True)

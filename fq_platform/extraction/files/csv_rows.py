"""The rows of a CSV file, one at a time, as the text that stands in it.

Belongs here: what a complete and unmistakable CSV file is. Does not: opening it (`text.py`), documents (`folder.py`).
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from fq_platform.errors import FqError
from fq_platform.extraction.files.text import Row, broken, opened, without_rows
from fq_platform.source_files import SourceFile

_DELIMITERS = {";": "semicolons", ",": "commas", "\t": "tabs", "|": "bars"}
_WHOLE = "Correct that row, or deliver the file again, whole"


def csv_rows(file: Path, declared: SourceFile) -> Iterator[Row]:
    """Read the rows of a CSV file with doubled quotes, in bounded memory.

    Every row must have as many fields as the header, and the last one must end with a line break: a file that was cut
    off anywhere is found out. Blank lines between rows mean nothing.

    Args:
        file: The file.
        declared: Its columns, in any order, and its delimiter.

    Yields:
        The rows, in the file's order.

    Raises:
        FqError: The file is empty, torn, no UTF-8, or has other columns or another delimiter; file and line are named.
    """
    with opened(file) as text:
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=declared.delimiter, strict=True)
        line, rows = 1, 0
        header: Sequence[str] | None = None
        try:
            for fields in reader:
                if not fields:
                    pass
                elif header is None:
                    header = fields
                    _require_columns(file, line, header, declared)
                else:
                    _require_fields(file, line, fields, header)
                    rows += 1
                    yield Row(line, dict(zip(header, fields, strict=True)))
                line = reader.line_num + 1
        except csv.Error as error:
            raise _malformed(file, line, error) from None
        if not lines.complete:
            raise broken(
                "The last row is torn: the file does not end with a line break",
                file,
                reader.line_num,
                "Deliver it again, whole; if the row is whole, end it with a line break",
            )
        if header is None or not rows:
            raise without_rows(file, line - 1)


class _Lines:
    """The lines of a text, and whether the last one that was read has its end."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self.complete = True

    def __iter__(self) -> Iterator[str]:
        for line in self._text:
            self.complete = line.endswith(("\n", "\r"))
            yield line


def _malformed(file: Path, line: int, error: csv.Error) -> FqError:
    """What is said of a row that is no CSV; it may go on for many lines if a quote is missing."""
    if "unexpected end of data" in str(error) or "field limit" in str(error):
        return broken("A quoted field that begins in this row is never closed", file, line, _WHOLE)
    return broken(f"The row is no CSV with doubled quotes: {error}", file, line, _WHOLE)


def _require_columns(file: Path, line: int, found: Sequence[str], declared: SourceFile) -> None:
    """Refuse a header that is not the one declared, whatever its order."""
    columns = declared.columns
    if len(found) == 1 and len(columns) > 1:
        other = next((name for sign, name in _DELIMITERS.items() if len(found[0].split(sign)) == len(columns)), None)
        if other:
            raise broken(
                f"The file is separated by {other}",
                file,
                line,
                f"Separate its fields by {_DELIMITERS.get(declared.delimiter, repr(declared.delimiter))}",
            )
    for word, names in (
        ("does not know the column", [name for name in found if name not in columns]),
        ("misses the column", [name for name in columns if name not in found]),
        ("has twice the column", sorted({name for name in found if found.count(name) > 1})),
    ):
        if names:
            what = "The platform does not know the column" if word.startswith("does") else f"The file {word}"
            raise broken(
                f"{what}{'s' if len(names) > 1 else ''} {', '.join(map(_shown, names))}",
                file,
                line,
                f"Its columns are {', '.join(columns)}: correct the header, or declare the columns anew",
            )


def _require_fields(file: Path, line: int, fields: Sequence[str], header: Sequence[str]) -> None:
    if len(fields) != len(header):
        raise broken(
            f"The row has {len(fields)} of {len(header)} fields"
            if len(fields) < len(header)
            else f"The row has {len(fields)} fields, and the header {len(header)}",
            file,
            line,
            _WHOLE,
        )


def _shown(name: str) -> str:
    return repr(name if len(name) <= 40 else name[:40] + "…")

"""A folder of files as a source: each row of a declared file is a document, encoded as MongoDB would send it.

Belongs here: documents of rows, and their keys. Does not: what is a row (`csv_rows.py`, `json_rows.py`).
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bson

from fq_platform.errors import FqError
from fq_platform.extraction.files.csv_rows import csv_rows
from fq_platform.extraction.files.json_rows import json_rows
from fq_platform.extraction.files.text import Row, broken
from fq_platform.extraction.ranges import Range
from fq_platform.extraction.reading import ReadOptions
from fq_platform.extraction.windows import Window
from fq_platform.source_files import FileFormat, SourceFile
from fq_platform.sources import Sources

_READERS: Mapping[FileFormat, Callable[[Path, SourceFile], Iterator[Row]]] = {
    FileFormat.CSV: csv_rows,
    FileFormat.JSON: json_rows,
}


@dataclass(frozen=True)
class Folder:
    """A folder whose files are collections.

    Args:
        path: The folder.
        files: Name of a collection to its file.
    """

    path: Path
    files: Mapping[str, SourceFile]
    _opened: dict[str, "FileDocuments"] = field(default_factory=dict, compare=False)

    def documents(self, collection: str) -> "FileDocuments":
        """The documents of a collection: the same object each time, which knows what its last reading met."""
        declared = self.files[collection]
        return self._opened.setdefault(collection, FileDocuments(self.path / declared.name, declared))


def folder_of(sources: Sources) -> Folder | None:
    """The folder of sources that are files; None for those that are MongoDB's."""
    if sources.folder is None:
        return None
    files = {name: sources.file(name) for name in sources.collections}
    return Folder(sources.folder, {name: file for name, file in files.items() if file})


@dataclass
class FileDocuments:
    """The rows of one file as documents.

    The `_id` is the text of the key column. Where rows have the same one, all are kept: in the file's order, the first
    has that text, the second `<text>#2`, the third `<text>#3`; a number that another row has taken is passed over.

    Args:
        file: The file (path).
        declared: What the sources file says of it.
        repeated: How many rows have a key that several have, by key; of the last reading that came to the end.
    """

    file: Path
    declared: SourceFile
    repeated: Mapping[str, int] = field(default_factory=dict)

    def require(self) -> None:
        """See that the file is whole, before anything of it is compared."""
        for _ in self.rows():
            pass

    def rows(self) -> Iterator[dict[str, Any]]:
        """The documents as Python has them, `_id` first.

        Raises:
            FqError: The file is not what it must be; file and line are named.
        """
        keys = _Keys()
        for line, values in _READERS[self.declared.format](self.file, self.declared):
            key = values[self.declared.key]
            if not isinstance(key, str) or not key.strip():
                raise broken(
                    f"The row has no {self.declared.key}, which is its key",
                    self.file,
                    line,
                    "Give it one, or remove the row",
                )
            yield {"_id": keys.take(key), **values}
        self.repeated = keys.repeated

    def read(self, _window: Window, _range: Range, options: ReadOptions) -> Generator[bytes]:
        """All documents, whatever window and range: a file has one of each."""
        batch = bytearray()
        for document in self.rows():
            batch += self._encode(document)
            if len(batch) >= options.batch_bytes:
                yield bytes(batch)
                batch.clear()
        if batch:
            yield bytes(batch)

    def sample(self, documents: int, most_bytes: int, _options: ReadOptions) -> bytes:
        """The first ones."""
        drawn = bytearray()
        for number, document in enumerate(self.rows(), 1):
            drawn += self._encode(document)
            if number >= documents or len(drawn) >= most_bytes:
                break
        return bytes(drawn)

    def plan(self, _window: Window, _documents: int, _per_range: int) -> list[Range]:
        """One range: a file is read from its beginning."""
        return [Range.everything()]

    def estimated_count(self) -> int:
        """Not known without reading."""
        return 0

    def _encode(self, document: Mapping[str, Any]) -> bytes:
        try:
            return bson.encode(document)
        except (bson.errors.BSONError, UnicodeEncodeError) as error:  # an escape of half a character in JSON
            raise FqError(
                f"The row with the key {document['_id']!r} holds what no document can: {error}",
                where=str(self.file),
                fix="Correct the row",
            ) from None


class _Keys:
    """Gives each row an `_id` of its own."""

    def __init__(self) -> None:
        self._met: Counter[str] = Counter()
        self._taken: set[str] = set()

    def take(self, key: str) -> str:
        self._met[key] += 1
        number = self._met[key]
        chosen = key if number == 1 else f"{key}#{number}"
        while chosen in self._taken:
            number += 1
            chosen = f"{key}#{number}"
        self._taken.add(chosen)
        return chosen

    @property
    def repeated(self) -> Mapping[str, int]:
        return {key: rows for key, rows in self._met.items() if rows > 1}

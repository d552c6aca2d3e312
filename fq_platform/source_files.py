"""What the sources file says of a collection that is a file: each row or object of it is a document.

Belongs here: the declaration and its validation. Does not: reading files (`extraction/files/`).
"""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class FileFormat(StrEnum):
    """How a file is written."""

    CSV = "csv"
    JSON = "json"


class SourceFile(BaseModel):
    """One declared file.

    Args:
        name: Its name in the folder of the sources.
        format: How it is written.
        columns: The columns that each row has, or the keys that each object has: all of them, and no others.
        key: The column whose text is the document's `_id`.
        delimiter: What separates the fields of a CSV file (one character).
        at: Dotted path, in a JSON file, of the array that holds the objects; empty where the file is that array.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, pattern=r"^[^/\\]+$")
    format: FileFormat
    columns: tuple[str, ...] = Field(min_length=1)
    key: str
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    at: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.columns)) < len(self.columns) or "_id" in self.columns:
            raise ValueError("columns must differ from each other, and none may be called _id")
        if self.key not in self.columns:
            raise ValueError(f"the key {self.key!r} is none of the columns")
        return self

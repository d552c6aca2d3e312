"""What executors tell the driver of the units that they have worked at.

Belongs here: the messages as rows of a DataFrame. Does not: what they are made of, or what follows from them.
"""

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from pyiceberg.manifest import DataFile

from fq_platform.extraction.compare import Hashes
from fq_platform.extraction.results import Counts

SCHEMA = "unit INT, message BINARY"


@dataclass
class Message:
    """What became of one unit.

    Args:
        unit: Its number.
        counts: What was found.
        files: What was written, and nobody sees yet.
        arrived: The texts of the keys of documents that the window did not have.
        departed: Hashes of the keys of documents that it has no more (shape: (n, 2)).
        lacking: The document columns that it wants, where the table lacks some: then it wrote nothing. Empty otherwise.
        refused: What is wrong, where, and what to do, if a document is so that nothing can be landed.
    """

    unit: int
    counts: Counts = field(default_factory=Counts)
    files: list[DataFile] = field(default_factory=list)
    arrived: list[pa.Array] = field(default_factory=list)
    departed: list[Hashes] = field(default_factory=list)
    lacking: pa.Schema = field(default_factory=lambda: pa.schema([]))
    refused: tuple[str, str, str] | None = None


def to_rows(message: Message) -> pa.RecordBatch:
    """A message as a row of `SCHEMA`."""
    return pa.RecordBatch.from_arrays(
        [pa.array([message.unit], pa.int32()), pa.array([pickle.dumps(message)], pa.binary())],
        names=["unit", "message"],
    )


def from_rows(rows: Iterable[Any]) -> Iterator[Message]:
    """The messages in rows of `SCHEMA`, in the order of the units."""
    for row in sorted(rows, key=lambda row: int(row["unit"])):
        yield pickle.loads(row["message"])  # noqa: S301 - our own tasks have written it

"""Where rows go within a task: data files that the driver commits, if the table has a column for everything.

Belongs here: an executor's end of an append. Does not: the driver's (`lakehouse/changelog.py`), or deciding types.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from pyiceberg.io import FileIO, load_file_io
from pyiceberg.manifest import DataFile
from pyiceberg.table.metadata import TableMetadata, TableMetadataUtil

from fq_platform.lakehouse.changelog import partition_of
from fq_platform.lakehouse.document_schema import merge, stored_schema
from fq_platform.lakehouse.parquet import DataFileWriter
from fq_platform.lakehouse.recording_io import RecordingIO


@dataclass(frozen=True)
class Target:
    """The table, in words that travel.

    Args:
        metadata: The table's metadata, with the columns that the driver's append has added (JSON).
        io_properties: How its files are reached; they may hold secrets.
    """

    metadata: str
    io_properties: dict[str, str]

    @classmethod
    def of(cls, metadata: TableMetadata, io: FileIO) -> "Target":
        """Describe a table, without the history that no writer needs."""
        without_history: dict[str, Any] = {
            "snapshots": [],
            "snapshot_log": [],
            "metadata_log": [],
            "refs": {},
            "current_snapshot_id": None,
        }
        present = metadata.model_copy(update=without_history)
        return cls(present.model_dump_json(), {name: str(value) for name, value in io.properties.items()})

    def file_io(self) -> FileIO:
        """What reads and writes the table's files."""
        return load_file_io(self.io_properties)


@dataclass
class TaskAppend:
    """One task's rows on their way into a table.

    Args:
        target: The table.
    """

    target: Target
    lacking: pa.Schema = field(default_factory=lambda: pa.schema([]))
    """What documents want beyond the table's columns; once there is anything, nothing more is written."""

    def __post_init__(self) -> None:
        self._metadata = TableMetadataUtil.parse_raw(self.target.metadata)
        self._io = self.target.file_io()
        self._begun: list[RecordingIO] = []
        self._schema = stored_schema(self._metadata.schema(), self._metadata.properties)

    @property
    def document_schema(self) -> pa.Schema:
        """The document columns that rows are decoded to."""
        return self._schema

    def evolve(self, wanted: pa.Schema) -> pa.Schema:
        """Note what is wanted beyond the table's columns. Only the driver can add it, for all tasks alike."""
        merged = merge(self._schema, wanted)
        if merged != self._schema:
            self._schema = self.lacking = merged
        return self._schema

    def keep_documents(self) -> None:
        """The driver has seen to the column."""

    def writer(self, day: dt.date | None) -> DataFileWriter:
        """A writer for the rows of a window."""
        self._begun.append(RecordingIO(self._io))
        return _UnlessLacking(self, self._begun[-1], self._metadata, day)

    def discard(self, files: list[DataFile]) -> None:
        """Delete finished files."""
        for file in files:
            self._io.delete(file.file_path)

    def delete_begun(self) -> None:
        """Delete everything that was begun, by all writers."""
        for io in self._begun:
            io.delete_begun()


class _UnlessLacking(DataFileWriter):
    """Writes as long as the table has a column for everything."""

    def __init__(self, append: TaskAppend, io: RecordingIO, metadata: TableMetadata, day: dt.date | None) -> None:
        super().__init__(io, lambda: metadata, partition_of(day))
        self._append = append
        self._recording = io

    def write(self, rows: pa.RecordBatch) -> None:
        if not len(self._append.lacking):
            super().write(rows)

    def close(self) -> list[DataFile]:
        if not len(self._append.lacking):
            return super().close()
        self.abandon()
        self._recording.delete_begun()
        return []

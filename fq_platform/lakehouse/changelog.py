"""Raw tables: append-only changelogs, read for their live state and appended to in one snapshot at a time.

Belongs here: the changelog's columns, its creation, schema evolution and commit. Does not: MongoDB, or deciding what
to append (`extraction/sync.py`).
"""

import contextlib
import datetime as dt
import itertools
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException, NoSuchTableError
from pyiceberg.expressions import AlwaysTrue, BooleanExpression, EqualTo
from pyiceberg.io import FileIO, InputFile, OutputFile
from pyiceberg.io.pyarrow import (
    _dataframe_to_data_files,  # the public append makes a snapshot a call; this writes files that one commit adds
    schema_to_pyarrow,
)
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table, Transaction
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DateType, MapType, NestedField, StringType, TimestamptzType

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.null_lists import keep_null_lists

keep_null_lists()

WINDOW = "_fq_window"
_SCHEMA = Schema(
    NestedField(1, "_id", StringType(), doc="The document's _id as text"),
    NestedField(2, "_fq_op", StringType(), doc="insert, update or delete (a tombstone)"),
    NestedField(3, WINDOW, DateType(), doc="The day that owns the document; null if the collection has no days"),
    NestedField(4, "_fq_extracted_at", TimestamptzType(), doc="When this version was read"),
    NestedField(5, "_fq_hash", StringType(), doc="BLAKE2b-128 of the document's BSON bytes, in hex"),
    NestedField(6, "_fq_run_id", StringType(), doc="The run that appended this row"),
    NestedField(
        7,
        "_fq_rescued",
        MapType(8, StringType(), 9, StringType(), value_required=False),
        doc="Values that their columns cannot hold: path to canonical extended JSON",
    ),
)
ENVELOPE = frozenset(column.name for column in _SCHEMA.fields) - {"_id"}
"""The columns that the platform adds to a document's own."""
_BY_WINDOW = PartitionSpec(PartitionField(3, 1000, IdentityTransform(), WINDOW))
_PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    # A commit that lost a race must compare with the source again, not be re-applied to what it has not seen.
    "commit.retry.num-retries": "0",
}


class ConcurrentCommitError(Exception):
    """Another writer committed to the table in between; nothing of ours became visible, and it can be done again."""


@dataclass(frozen=True)
class LiveState:
    """The documents that a window has in the lake.

    Args:
        hashes: `_id` text to content hash, of every document that is not deleted.
        latest: The greatest `_fq_extracted_at` of the window, tombstones included; None if it has no rows.
    """

    hashes: dict[str, str]
    latest: dt.datetime | None


@dataclass
class Changelog:
    """One raw table.

    Args:
        table: The Iceberg table, at the snapshot that comparisons are made with.
    """

    table: Table

    @property
    def document_schema(self) -> pa.Schema:
        """The document columns that the table has, with their Arrow types."""
        return document_schema(self.table.schema())

    @property
    def snapshot_id(self) -> int | None:
        """The table's current snapshot; None before the first commit."""
        snapshot = self.table.current_snapshot()
        return snapshot.snapshot_id if snapshot else None

    def live(self, day: dt.date | None) -> LiveState:
        """Read which documents a window has, `_id`s and hashes only.

        Args:
            day: The window's day; None for a collection without days.

        Returns:
            The live state as of the table's current snapshot.
        """
        rows: BooleanExpression = AlwaysTrue() if day is None else EqualTo(term=WINDOW, value=day.isoformat())
        columns = ("_id", "_fq_op", "_fq_hash", "_fq_extracted_at")
        found = self.table.scan(row_filter=rows, selected_fields=columns).to_arrow().sort_by("_fq_extracted_at")
        hashes: dict[str, str] = {}
        for key, operation, content in zip(*(found[name].to_pylist() for name in columns[:3]), strict=True):
            if operation == "delete":
                hashes.pop(key, None)
            else:
                hashes[key] = content
        return LiveState(hashes, found["_fq_extracted_at"][-1].as_py() if len(found) else None)

    def append(self) -> "Append":
        """Begin an append, to be used as a context manager."""
        return Append(self.table.transaction(), self)


class _RecordingIO(FileIO):
    """Remembers what was begun to be written, so that half a file, left by a full disk, can be deleted too."""

    def __init__(self, io: FileIO) -> None:
        super().__init__(io.properties)
        self._io = io
        self.begun: list[str] = []

    def new_input(self, location: str) -> InputFile:
        return self._io.new_input(location)

    def new_output(self, location: str) -> OutputFile:
        self.begun.append(location)
        return self._io.new_output(location)

    def delete(self, location: str | InputFile | OutputFile) -> None:
        self._io.delete(location)

    def delete_begun(self) -> None:
        for location in self.begun:
            with contextlib.suppress(FileNotFoundError):
                self.delete(location)


@dataclass
class Append:
    """Rows on their way into a changelog: files as they come, one snapshot at the end or none.

    Leaving the context without a commit deletes the files, unless the catalog may already refer to them.
    """

    transaction: Transaction
    changelog: Changelog
    _io: _RecordingIO = field(init=False)
    _files: list[DataFile] = field(default_factory=list)
    _write_id: uuid.UUID = field(default_factory=uuid.uuid4)
    _counter: Iterable[int] = field(default_factory=itertools.count)
    _snapshot_id: int | None = None
    """The snapshot that a commit was begun for."""

    def __post_init__(self) -> None:
        self._io = _RecordingIO(self.changelog.table.io)

    def __enter__(self) -> Self:
        return self

    @property
    def document_schema(self) -> pa.Schema:
        """The document columns, those that this append has added included."""
        return document_schema(self.transaction.table_metadata.schema())

    def write(self, rows: pa.Table) -> list[str]:
        """Write rows to data files that no reader sees yet, adding the columns that the table lacks.

        Args:
            rows: Envelope and document columns, in any order; columns of the table that are absent become null.

        Returns:
            Dotted paths of the columns that were added, and of the nested fields added to columns that were there.
        """
        before = set(self.transaction.table_metadata.schema().column_names)
        with self.transaction.update_schema() as update:
            update.union_by_name(rows.schema)
        after = self.transaction.table_metadata.schema()
        added = [name for name in after.column_names if name not in before and name.rpartition(".")[0] in before | {""}]
        present = [column.name for column in after.fields if column.name in rows.schema.names]
        self._files.extend(
            _dataframe_to_data_files(
                self.transaction.table_metadata,
                rows.select(present),
                self._io,
                self._write_id,
                self._counter,  # type: ignore[arg-type]
            )
        )
        return added

    @property
    def bytes_written(self) -> int:
        """The size of the data files written so far, in bytes."""
        return sum(file.file_size_in_bytes for file in self._files)

    def commit(self, summary: Mapping[str, str]) -> int:
        """Make everything written visible as one snapshot.

        Args:
            summary: Properties of the snapshot.

        Returns:
            The snapshot's id.

        Raises:
            ConcurrentCommitError: Another writer committed since the changelog was opened.
        """
        with self.transaction.update_snapshot(snapshot_properties=dict(summary)).fast_append() as snapshot:
            for file in self._files:
                snapshot.append_data_file(file)
        self._snapshot_id = self.transaction.table_metadata.current_snapshot_id
        if self._snapshot_id is None:
            raise RuntimeError("an append left the table without a snapshot")
        try:
            self.changelog.table = self.transaction.commit_transaction()
        except CommitFailedException as error:
            raise ConcurrentCommitError(str(error)) from error
        return self._snapshot_id

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if not self._may_be_visible(error):
            self._io.delete_begun()

    def _may_be_visible(self, error: BaseException | None) -> bool:
        """Whether readers could need the files: an interrupt can come right after the catalog took the commit."""
        if self._snapshot_id is None or isinstance(error, ConcurrentCommitError):
            return False
        if error is None or isinstance(error, CommitStateUnknownException):
            return True
        return self.changelog.table.refresh().snapshot_by_id(self._snapshot_id) is not None


def document_schema(schema: Schema) -> pa.Schema:
    """The Arrow schema of a raw table's document columns."""
    arrow = schema_to_pyarrow(schema, include_field_ids=False)
    return pa.schema([pa.field(f.name, _plain(f.type)) for f in arrow if f.name not in ENVELOPE])


def _plain(type_: pa.DataType) -> pa.DataType:
    """The type as the decoder writes it: PyIceberg gives the large variants of strings, binaries and lists."""
    if pa.types.is_large_string(type_):
        return pa.string()
    if pa.types.is_large_binary(type_):
        return pa.binary()
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return pa.list_(pa.field("element", _plain(type_.value_type)))
    if pa.types.is_struct(type_):
        return pa.struct([pa.field(f.name, _plain(f.type)) for f in type_])
    return type_


def open_changelog(catalog: Catalog, name: TableName, warehouse: str, *, partitioned: bool) -> Changelog:
    """Open a raw table, creating it empty on first use.

    Args:
        catalog: The Iceberg catalog.
        name: The table.
        warehouse: Root of the warehouse, for the location of a new table.
        partitioned: Whether the collection has daily windows.

    Returns:
        The table at its current snapshot.

    Raises:
        FqError: The table exists and is partitioned otherwise.
    """
    try:
        # Not create_table_if_not_exists alone: it writes a metadata file before it sees that the table exists.
        table = catalog.load_table(name.identifier)
    except NoSuchTableError:
        spec = _BY_WINDOW if partitioned else UNPARTITIONED_PARTITION_SPEC
        table = catalog.create_table_if_not_exists(
            name.identifier, _SCHEMA, name.location(warehouse), spec, properties=_PROPERTIES
        )
    if table.spec().is_unpartitioned() == partitioned:
        now, then = ("daily", "not partitioned") if partitioned else ("not partitioned", "daily")
        raise FqError(
            f"The collection is declared {now}, but its table is {then}",
            where=name.qualified,
            fix="Restore partition_by in the sources file, or rename or drop the table so that it is landed anew",
        )
    return Changelog(table)

"""Raw tables: append-only changelogs, appended to in one snapshot at a time.

Belongs here: the changelog's columns, its creation, schema evolution and commit. Does not: MongoDB, or deciding what
to append (`extraction/sync.py`), how files are encoded (`parquet.py`), or reading live rows (`live.py`).
"""

import datetime as dt
import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitStateUnknownException, NoSuchTableError
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC, PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.transforms import IdentityTransform
from pyiceberg.typedef import Record
from pyiceberg.types import (
    BinaryType,
    DateType,
    FixedType,
    ListType,
    MapType,
    NestedField,
    StringType,
    TimestamptzType,
)

from fq_platform.errors import FqError
from fq_platform.lakehouse.document_schema import additions, document_schema, kind_properties, merge, stored_schema
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.live import live_rows
from fq_platform.lakehouse.null_lists import keep_null_lists
from fq_platform.lakehouse.parquet import DataFileWriter
from fq_platform.lakehouse.reapply import appended_since, lost_race, window_of
from fq_platform.lakehouse.recording_io import RecordingIO

__all__ = ["ENVELOPE", "Append", "Changelog", "ConcurrentCommitError", "document_schema", "live_rows", "open_changelog"]

keep_null_lists()

WINDOW = "_fq_window"
DOCUMENT = "_fq_document"
HASH_BYTES = 16
_SCHEMA = Schema(
    NestedField(1, "_id", StringType(), doc="The document's _id as text"),
    NestedField(2, "_fq_op", StringType(), doc="insert, update or delete (a tombstone)"),
    NestedField(3, WINDOW, DateType(), doc="The day that owns the document; null if the collection has no days"),
    NestedField(4, "_fq_extracted_at", TimestamptzType(), doc="When this version was read"),
    NestedField(5, "_fq_hash", FixedType(HASH_BYTES), doc="MurmurHash3 x64 128 of the document's BSON bytes"),
    NestedField(6, "_fq_run_id", StringType(), doc="The run that appended this row"),
    NestedField(
        7,
        "_fq_rescued",
        MapType(8, StringType(), 9, StringType(), value_required=False),
        doc="Values that their columns cannot hold: path to canonical extended JSON",
    ),
    NestedField(
        10,
        "_fq_nulls",
        ListType(11, StringType(), element_required=False),
        doc="Paths of the fields that are null, not missing",
    ),
)
ENVELOPE = frozenset(column.name for column in _SCHEMA.fields) - {"_id"} | {DOCUMENT}
"""The columns that the platform adds to a document's own."""
_BY_WINDOW = PartitionSpec(PartitionField(3, 1000, IdentityTransform(), WINDOW))
_PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    # Bounds of hashes, and of whole documents, tell nothing.
    "write.metadata.metrics.column._fq_hash": "none",
    f"write.metadata.metrics.column.{DOCUMENT}": "none",
    # Whether a commit that lost a race may be re-applied to what it has not seen is decided here (`reapply.py`).
    "commit.retry.num-retries": "0",
}
_REAPPLICATIONS = 20
_EPOCH = dt.date(1970, 1, 1)


class ConcurrentCommitError(Exception):
    """Another writer committed to the same windows in between; nothing of ours became visible: compare again."""


class Changelog:
    """One raw table, at the snapshot that comparisons are made with.

    Args:
        table: The Iceberg table.
    """

    def __init__(self, table: Table) -> None:
        self.table = table

    @property
    def snapshot_id(self) -> int | None:
        """The table's current snapshot; None before the first commit."""
        snapshot = self.table.current_snapshot()
        return snapshot.snapshot_id if snapshot else None

    def append(self) -> "Append":
        """Begin an append, to be used as a context manager."""
        return Append(self)


class Append:
    """Rows on their way into a changelog: files as they come, one snapshot at the end or none.

    Leaving the context without a commit deletes the files, unless the catalog may already refer to them. A process
    that is killed leaves its files behind; no snapshot refers to them, so no reader sees them, and removing them is
    upkeep. `evolve`, `writer` and `add` may be called from several threads.

    Args:
        changelog: What is appended to.
    """

    def __init__(self, changelog: Changelog) -> None:
        self.changelog = changelog
        self.schema_changes: list[str] = []
        """What documents brought that the table had no column for, in sentences; none for a table's first rows."""
        self._lock = threading.RLock()
        self._transaction = _with_own_metadata(changelog.table).transaction()
        self._metadata = changelog.table.metadata
        self._io = RecordingIO(changelog.table.io)
        self._files: list[DataFile] = []
        self._snapshot_id: int | None = None

    def __enter__(self) -> Self:
        return self

    @property
    def document_schema(self) -> pa.Schema:
        """The document columns with their kinds, those that this append has added included."""
        with self._lock:
            return stored_schema(self._metadata.schema(), self._metadata.properties)

    def evolve(self, wanted: pa.Schema) -> pa.Schema:
        """Agree on the document columns: the table's, and what is wanted beyond them.

        Args:
            wanted: Document columns with their kinds; types of the table's own columns count for nothing here.

        Returns:
            All document columns, with the types that rows must be written with.
        """
        with self._lock:
            before = self.document_schema
            after = merge(before, wanted)
            if after == before:
                return before
            with self._transaction.update_schema() as update:
                update.union_by_name(after)
            kinds = {
                name: kind for name, kind in kind_properties(after).items() if name not in self._metadata.properties
            }
            if kinds:
                self._transaction.set_properties(kinds)
            if self.changelog.snapshot_id is not None:
                self.schema_changes.extend(additions(before, after))
            self._metadata = self._transaction.table_metadata
            return self.document_schema

    def keep_documents(self) -> None:
        """Give the table its column for whole documents, if it has none yet."""
        with self._lock:
            if DOCUMENT not in self._metadata.schema().column_names:
                with self._transaction.update_schema() as update:
                    update.add_column(DOCUMENT, BinaryType(), doc="The document's BSON bytes")
                self._metadata = self._transaction.table_metadata

    def writer(self, day: dt.date | None) -> DataFileWriter:
        """Make a writer of data files that no reader sees yet; what it has written is handed to `add`.

        Args:
            day: The window that all its rows belong to; None for a collection without days.

        Returns:
            A writer for one thread.
        """
        return DataFileWriter(self._io, lambda: self.metadata, partition_of(day))

    @property
    def metadata(self) -> TableMetadata:
        """The table's metadata, with the columns that this append has added."""
        with self._lock:
            return self._metadata

    def adopt(self, files: Sequence[DataFile]) -> None:
        """Answer for files that others wrote for this append: they are deleted with its own if it is not committed."""
        self._io.begun.extend(file.file_path for file in files)

    def add(self, files: list[DataFile]) -> None:
        """Take finished files into what will be committed."""
        with self._lock:
            self._files.extend(files)

    def discard(self, files: list[DataFile]) -> None:
        """Delete finished files that will not be committed."""
        for file in files:
            self._io.delete(file.file_path)

    @property
    def bytes_written(self) -> int:
        """The size of the data files to commit (bytes)."""
        return sum(file.file_size_in_bytes for file in self._files)

    def commit(
        self, summary: Mapping[str, str], concerned: Callable[[Table, Sequence[DataFile]], bool] | None = None
    ) -> int:
        """Make everything written visible as one snapshot.

        If others committed meanwhile, but only to other windows and without new columns on either side, the same files
        are committed on top of theirs.

        Args:
            summary: Properties of the snapshot.
            concerned: Tells of files that others added to other windows of the table whether what was written has to
                be compared with them nevertheless.

        Returns:
            The snapshot's id.

        Raises:
            ConcurrentCommitError: Another writer committed what ours must be compared with.
        """
        for _ in range(_REAPPLICATIONS):
            try:
                return self._commit(summary)
            except Exception as error:
                if not lost_race(error):
                    raise
                self._snapshot_id = None
                if not self._moved_aside(concerned):
                    raise ConcurrentCommitError(str(error)) from error
        raise ConcurrentCommitError(f"others committed {_REAPPLICATIONS} times meanwhile")

    def _commit(self, summary: Mapping[str, str]) -> int:
        with self._transaction.update_snapshot(snapshot_properties=dict(summary)).fast_append() as snapshot:
            for file in self._files:
                snapshot.append_data_file(file)
        self._snapshot_id = self._transaction.table_metadata.current_snapshot_id
        if self._snapshot_id is None:
            raise RuntimeError("an append left the table without a snapshot")
        self.changelog.table = self._transaction.commit_transaction()
        return self._snapshot_id

    def _moved_aside(self, concerned: Callable[[Table, Sequence[DataFile]], bool] | None) -> bool:
        """Prepare to commit the same files on top of what others committed, if nothing of theirs concerns them."""
        compared = self.changelog.table
        if self._metadata is not compared.metadata:
            return False  # our files have columns, and so field ids, that the table of the others lacks
        present = compared.catalog.load_table(compared.name())
        theirs, ours = appended_since(compared, present), {window_of(file) for file in self._files}
        if theirs is None or any(window_of(file) in ours for file in theirs):
            return False
        if concerned is not None and concerned(present, theirs):
            return False
        self.changelog.table = present
        self._transaction = present.transaction()
        self._metadata = present.metadata
        return True

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


def partition_of(day: dt.date | None) -> Record:
    """The value of the partition that holds a window's rows."""
    return Record() if day is None else Record((day - _EPOCH).days)


def _with_own_metadata(table: Table) -> Table:
    """The same table with metadata that only the transaction reads.

    PyIceberg copies them when columns are added. Schemas fill in their indexes when somebody first looks a column up,
    and a thread that did so while another copied made the copy fail.
    """
    own = table.metadata.model_copy(deep=True)
    return Table(table.name(), own, table.metadata_location, table.io, table.catalog, table.config)


def open_changelog(catalog: Catalog, name: TableName, location: str | None, *, partitioned: bool) -> Changelog:
    """Open a raw table, creating it empty on first use.

    Args:
        catalog: The Iceberg catalog.
        name: The table.
        location: The folder of a new table; None lets the catalog decide. A table that exists stays where it is.
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
        table = catalog.create_table_if_not_exists(name.identifier, _SCHEMA, location, spec, properties=_PROPERTIES)
    if table.spec().is_unpartitioned() == partitioned:
        now, then = ("daily", "not partitioned") if partitioned else ("not partitioned", "daily")
        raise FqError(
            f"The collection is declared {now}, but its table is {then}",
            where=name.qualified,
            fix="Restore partition_by in the sources file, or rename or drop the table so that it is landed anew",
        )
    return Changelog(table)

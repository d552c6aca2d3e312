"""Data files: rows on their way into Parquet, as Iceberg wants its files and its statistics.

Belongs here: how a file is encoded and described. Does not: what is written, or when it becomes visible.

The settings were measured with nested orders of 350 bytes of BSON, 23 leaf columns, on one core (million documents a
CPU-second; bytes a document): zstd 3 with dictionaries everywhere, which is PyIceberg's way, 0.53 (80); zstd 1 the same
0.75 (80); zstd 1 with dictionaries only where values repeat 1.10 (68), zstd 3 so 0.94 (68), no dictionary at all 1.04
(80), lz4 1.29 (92), uncompressed 1.27 (164), zstd -1 1.15 (74). Batches of 16,384 values within the encoder: 1.25. No
statistics for hashes and within nested columns, where Iceberg keeps none: another 5 %. Row groups of 47,000 or 400,000
rows, sizes of pages, their version, and decimals as integers make no difference beyond the noise.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.io import FileIO, OutputStream
from pyiceberg.io.pyarrow import (
    MetricModeTypes,
    MetricsMode,
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table.locations import load_location_provider
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.typedef import Record

ROW_GROUP_BYTES = 8 * 2**20
"""Rows are gathered until they reach this size (bytes of Arrow memory), and then written as one row group. A batch of
the usual size is one; only small ones wait."""
FILE_BYTES = 512 * 2**20
"""A file that reaches this size is closed (bytes on disk)."""
_FIELD_ID = b"PARQUET:field_id"
_SAMPLE = 4096
_FEW = 0.9
_NEVER_IN_DICTIONARIES = frozenset({"_id", "_fq_hash", "_fq_document"})
_WITHOUT_STATISTICS = frozenset({"_fq_hash", "_fq_document"})


class DataFileWriter:
    """Writes the rows of one partition, a file at a time; memory is bounded by one row group.

    Not thread-safe: each thread has its own.

    Args:
        io: Where files are created.
        metadata: Gives the table's metadata at any time; it has every column of the rows written so far.
        partition: The value of the partition; an empty record for a table without partitions.
    """

    def __init__(self, io: FileIO, metadata: Callable[[], TableMetadata], partition: Record) -> None:
        self._io = io
        self._metadata = metadata
        self._partition = partition
        self._schema: pa.Schema | None = None
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_bytes = 0
        self._file: _OpenFile | None = None
        self._files: list[DataFile] = []

    def write(self, rows: pa.RecordBatch) -> None:
        """Take rows in; they reach the disk with this or a later call, or with `close`.

        Args:
            rows: Columns of the table. Columns that earlier rows had and these lack become null. Their memory may be
                used again after the call.
        """
        if self._schema is None or not _fits(rows.schema, self._schema):
            self._widen(rows.schema)
        self._waiting.append(rows)
        self._waiting_bytes += rows.nbytes
        if self._waiting_bytes >= ROW_GROUP_BYTES:
            self._flush()
        else:
            self._waiting[-1] = rows.take(pa.array(np.arange(len(rows))))  # a copy

    def close(self) -> list[DataFile]:
        """Write what waits and finish the last file.

        Returns:
            All files written, ready to be committed.
        """
        self._flush()
        self._close_file()
        return self._files

    def abandon(self) -> None:
        """Close the file that is open, unfinished; nobody will read it."""
        if self._file is not None:
            self._file.abandon()

    def _widen(self, schema: pa.Schema) -> None:
        """Go on with other columns: in the same file if nothing of it is written yet, else in the next one."""
        if self._file is not None or not all(_fits(rows.schema, schema) for rows in self._waiting):
            self._flush()
            self._close_file()
        self._schema = schema

    def _flush(self) -> None:
        if not self._waiting or self._schema is None:
            return
        rows = pa.Table.from_batches([_padded(waiting, self._schema) for waiting in self._waiting], self._schema)
        self._waiting, self._waiting_bytes = [], 0
        if self._file is None:
            self._file = _OpenFile(self._io, self._metadata(), self._partition, rows)
        self._file.write(rows)
        if self._file.size >= FILE_BYTES:
            self._close_file()

    def _close_file(self) -> None:
        if self._file is not None:
            self._files.append(self._file.finish())
            self._file = None


class _OpenFile:
    """A Parquet file that is being written."""

    def __init__(self, io: FileIO, metadata: TableMetadata, partition: Record, first: pa.Table) -> None:
        self._metadata = metadata
        self._partition = partition
        self._path = _new_location(metadata, partition)
        self.stream: OutputStream = io.new_output(self._path).create()
        paths = parquet_path_to_id_mapping(metadata.schema())
        self._writer = pq.ParquetWriter(
            self.stream,
            with_field_ids(first.schema, metadata.schema()),
            compression="zstd",
            compression_level=1,
            use_dictionary=[path for path, values in _leaves(first) if _repeats(path, values)],
            write_statistics=[path for path in paths if _has_statistics(path)],
            write_batch_size=16_384,
            store_schema=False,  # else Arrow's own types would be read back instead of Parquet's
        )

    def write(self, rows: pa.Table) -> None:
        self._writer.write_table(rows, row_group_size=max(len(rows), 1))

    def abandon(self) -> None:
        self._writer.is_open = False  # else it writes its footer when it is collected, and complains that it cannot
        self.stream.close()

    @property
    def size(self) -> int:
        """The bytes written so far."""
        return int(self.stream.tell())

    def finish(self) -> DataFile:
        self._writer.close()
        size = self.size
        self.stream.close()
        schema = self._metadata.schema()
        paths = parquet_path_to_id_mapping(schema)
        plan = compute_statistics_plan(schema, self._metadata.properties)
        for path, field_id in paths.items():
            if not _has_statistics(path):
                plan[field_id] = replace(plan[field_id], mode=MetricsMode(MetricModeTypes.NONE))
        found = data_file_statistics_from_parquet_metadata(self._writer.writer.metadata, plan, paths)
        return DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=self._path,
            file_format=FileFormat.PARQUET,
            partition=self._partition,
            file_size_in_bytes=size,
            sort_order_id=None,
            spec_id=self._metadata.default_spec_id,
            equality_ids=None,
            key_metadata=None,
            **found.to_serialized_dict(),
        )


def _new_location(metadata: TableMetadata, partition: Record) -> str:
    folder = "".join(
        f"{field.name}={field.transform.to_human_string(_source_type(metadata, field), value)}/"
        for field, value in zip(metadata.spec().fields, _values(partition), strict=True)
    )
    provider = load_location_provider(metadata.location, metadata.properties)
    return provider.new_data_location(f"{folder}{uuid.uuid4()}.parquet")


def _source_type(metadata: TableMetadata, field: Any) -> Any:
    return metadata.schema().find_type(field.source_id)


def _values(partition: Record) -> list[Any]:
    return [partition[position] for position in range(len(partition))]


def _has_statistics(path: str) -> bool:
    """Whether Iceberg keeps bounds of a column (it keeps none of nested ones)."""
    return "." not in path and path not in _WITHOUT_STATISTICS


def with_field_ids(columns: pa.Schema, schema: Schema) -> pa.Schema:
    """Give Arrow fields at every depth the ids by which Iceberg knows them.

    Args:
        columns: Columns of the table, perhaps not all.
        schema: The table's schema.

    Returns:
        The same columns and types, with ids in the metadata.
    """
    return pa.schema([_with_id(column, column.name, schema) for column in columns])


def _with_id(field: pa.Field, path: str, schema: Schema) -> pa.Field:
    type_ = field.type
    if pa.types.is_struct(type_):
        type_ = pa.struct([_with_id(child, f"{path}.{child.name}", schema) for child in type_])
    elif pa.types.is_list(type_):
        type_ = pa.list_(_with_id(type_.value_field.with_name("element"), f"{path}.element", schema))
    elif pa.types.is_map(type_):
        key = _with_id(type_.key_field.with_name("key"), f"{path}.key", schema)
        type_ = pa.map_(key, _with_id(type_.item_field.with_name("value"), f"{path}.value", schema))
    identifier = str(schema.find_field(path).field_id).encode()
    return pa.field(field.name, type_, field.nullable, {_FIELD_ID: identifier})


def _fits(columns: pa.Schema, wider: pa.Schema) -> bool:
    """Whether rows become rows of the wider schema by adding columns of nulls."""
    names = set(wider.names)
    return all(column.name in names and column.type == wider.field(column.name).type for column in columns)


def _padded(rows: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    present = set(rows.schema.names)
    columns = [rows[name] if name in present else pa.nulls(len(rows), schema.field(name).type) for name in schema.names]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _leaves(rows: pa.Table) -> Iterator[tuple[str, pa.Array]]:
    """The leaf columns by their paths in Parquet, a sample of each."""
    for name, column in zip(rows.schema.names, rows.columns, strict=True):
        yield from _leaves_of(name, column.chunk(0).slice(0, _SAMPLE))


def _leaves_of(path: str, values: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    type_ = values.type
    if pa.types.is_struct(type_):
        for child in type_:
            yield from _leaves_of(f"{path}.{child.name}", pc.struct_field(values, child.name))
    elif pa.types.is_list(type_):
        yield from _leaves_of(f"{path}.list.element", values.flatten())
    elif pa.types.is_map(type_):
        start = values.offsets[0].as_py()
        size = values.offsets[-1].as_py() - start
        yield f"{path}.key_value.key", values.keys.slice(start, size)
        yield from _leaves_of(f"{path}.key_value.value", values.items.slice(start, size))
    else:
        yield path, values


def _repeats(path: str, values: pa.Array) -> bool:
    """Whether a dictionary pays: building one that outgrows its page costs more than all else."""
    if path in _NEVER_IN_DICTIONARIES or pa.types.is_boolean(values.type):
        return False
    if pa.types.is_dictionary(values.type):
        return True
    sample = values.slice(0, _SAMPLE)
    # Of 20,000 distinct values, 4,096 drawn at random have 3,700 different ones.
    return pc.count_distinct(sample).as_py() <= max(_FEW * (len(sample) - sample.null_count), 1)

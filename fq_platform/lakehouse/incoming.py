"""Frames of any kind on their way to a table: as Spark DataFrames, without losing a type or a null.

Belongs here: Arrow, Polars and pandas to Spark. Does not: writing (`spark_write.py`).

What is not a Spark DataFrame is in this process's memory, passes through the driver and stays in the session's memory
until it is written. That is meant for what a person computes on one machine, up to some hundreds of megabytes; what is
larger belongs in a Spark DataFrame. In return every write mode and every guarantee holds for it.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.types as pt

from fq_platform.errors import FqError
from fq_platform.lakehouse.frames import FrameKind, kind_given

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_BATCH_ROWS = 65_536

_UNSIGNED = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20, 0),
    pa.float16(): pa.float32(),
    pa.date64(): pa.date32(),
}
"""Types that Spark lacks, to the narrowest of its own that holds all their values."""


def dataframe_of(spark: "SparkSession", frame: Any, where: str) -> "DataFrame":
    """A frame of any kind as a Spark DataFrame of the same rows.

    Args:
        spark: The session.
        frame: A Spark, Polars or pandas frame, an Arrow table or stream. A pandas index is left out.
        where: The table that it is for, for the complaint.

    Returns:
        The frame itself if it is Spark's.

    Raises:
        FqError: It is no frame, a column has a type that a table cannot have, or a value does not fit (nanoseconds).
    """
    kind = kind_given(frame, where)
    if kind is FrameKind.SPARK:
        rows: DataFrame = frame
        return rows
    try:
        return _through_arrow(spark, _as_arrow(frame, kind), where)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise FqError(
            f"The rows cannot be stored as they are: {error}",
            where=where,
            fix="Cast the column to the type it is meant to have before returning the rows",
        ) from None


def _as_arrow(frame: Any, kind: FrameKind) -> "pa.Table | pa.RecordBatchReader":
    match kind:
        case FrameKind.POLARS:
            return frame.to_arrow()
        case FrameKind.POLARS_LAZY:
            return frame.collect().to_arrow()
        case FrameKind.PANDAS:
            return pa.Table.from_pandas(frame, preserve_index=False)
        case _:
            return frame


def _through_arrow(spark: "SparkSession", rows: "pa.Table | pa.RecordBatchReader", where: str) -> "DataFrame":
    from pyspark.sql.pandas.types import from_arrow_schema

    schema = pa.schema([pa.field(f.name, spark_type(f.type, (f.name,), where)) for f in rows.schema])
    batches = rows.to_batches(_BATCH_ROWS) if isinstance(rows, pa.Table) else rows
    packed = [(_packed(batch, schema),) for batch in batches if batch.num_rows]

    # A function within a function travels by value: where Spark's workers run, this package need not be installed.
    def unpack(messages: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for message in messages:
            for stream in message.column(0):
                yield from pa.ipc.open_stream(stream.as_buffer())

    columns = from_arrow_schema(schema, prefer_timestamp_ntz=True)
    return spark.createDataFrame(packed, "batch binary").mapInArrow(unpack, columns)


def _packed(batch: pa.RecordBatch, schema: pa.Schema) -> bytes:
    """A batch in the types that Spark knows, as one compressed message."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(pa.Table.from_batches([batch]).cast(schema))
    return sink.getvalue().to_pybytes()


def spark_type(kind: pa.DataType, path: tuple[str, ...], where: str) -> pa.DataType:
    """The Arrow type in which Spark takes values of another one without losing any.

    Args:
        kind: Any Arrow type.
        path: The column, and the fields inside it, for the complaint.
        where: The table, for the complaint.

    Returns:
        A type that Spark has.

    Raises:
        FqError: There is none.
    """

    def inner(child: pa.DataType, step: str) -> pa.DataType:
        return spark_type(child, (*path, step), where)

    if kind in _UNSIGNED:
        return _UNSIGNED[kind]
    if pt.is_dictionary(kind):
        return spark_type(kind.value_type, path, where)
    if pt.is_large_string(kind) or pt.is_string_view(kind):
        return pa.string()
    if pt.is_large_binary(kind) or pt.is_binary_view(kind) or pt.is_fixed_size_binary(kind):
        return pa.binary()
    if pt.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    if pt.is_decimal(kind) and kind.precision <= 38 and kind.scale >= 0:
        return pa.decimal128(kind.precision, kind.scale)
    if pt.is_map(kind):
        return pa.map_(inner(kind.key_type, "key"), inner(kind.item_type, "value"))
    if pt.is_struct(kind):
        return pa.struct([pa.field(f.name, inner(f.type, f.name)) for f in kind])
    if any(is_list(kind) for is_list in _LISTS):
        return pa.list_(inner(kind.value_type, "element"))
    if any(is_known(kind) for is_known in _KNOWN):
        return kind
    raise FqError(
        f"The column {'.'.join(path)} is {kind}, which no column of a table can be",
        where=where,
        fix="Cast it: a decimal of at most 38 digits, a text, a number of seconds, or whatever it stands for",
    )


_LISTS = (pt.is_list, pt.is_large_list, pt.is_fixed_size_list, pt.is_list_view, pt.is_large_list_view)
_KNOWN = (
    pt.is_null,
    pt.is_boolean,
    pt.is_signed_integer,
    pt.is_floating,
    pt.is_string,
    pt.is_binary,
    pt.is_date32,
)

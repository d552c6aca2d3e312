"""What goes through the shuffle: documents and rows of the lake, many in one value, each value for one unit.

Belongs here: packing and unpacking. Does not: which unit something is for (`owners.py`), or what becomes of it
(`tasks.py`).

A row a document would cost several times all else that happens to it: Spark and Arrow handle each row by itself.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fq_platform.extraction.spark.numbering import NOBODYS
from fq_platform.lakehouse.live import LIVE_COLUMNS

UNIT, IS_DOCUMENTS, CONTENT = "unit", "is_documents", "content"
SCHEMA = f"{UNIT} INT, {IS_DOCUMENTS} BOOLEAN, {CONTENT} BINARY"
"""A value without content only names a unit, so that one without documents or rows is looked at too."""
PARCEL_BYTES = 256 * 2**10
"""Documents are gathered until they reach about this size (bytes), for all units together."""
ROWS_AT_ONCE = 256
"""How many documents, or parcels, go to Python at once: as many parcels must fit into memory."""
_LIVE_ROWS = 4_096
"""The most rows of the lake in a parcel: about 64 bytes each."""


def names_of(units: list[int]) -> pa.RecordBatch:
    """Parcels without content."""
    return _parcels(pa.array(units, pa.int32()), False, pa.nulls(len(units), pa.binary()))


def documents_for(units: npt.NDArray[np.int32], documents: pa.Array) -> pa.RecordBatch:
    """Documents in parcels.

    Args:
        units: The unit of each document; NOBODYS for what is left out (shape: n).
        documents: Their BSON (n values).

    Returns:
        One parcel for each unit, its documents in their order.
    """
    order, starts = _runs(units)
    if not len(order):
        return names_of([])
    ordered = documents.take(pa.array(order))
    offsets = np.frombuffer(ordered.buffers()[1], np.int32)[ordered.offset : ordered.offset + len(ordered) + 1]
    content = pa.BinaryArray.from_buffers(
        pa.binary(), len(starts) - 1, [None, pa.py_buffer(offsets[starts]), ordered.buffers()[2]]
    )
    return _parcels(pa.array(units[order][starts[:-1]]), True, content)


def live_rows_for(units: npt.NDArray[np.int32], live: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Rows of the lake in parcels.

    Args:
        units: The unit of each row; NOBODYS for what is left out (shape: n).
        live: Rows with `LIVE_COLUMNS` (n rows).

    Yields:
        One parcel or more for each unit.
    """
    order, starts = _runs(units)
    ordered = live.take(pa.array(order))
    for start, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        for at in range(start, end, _LIVE_ROWS):
            rows = ordered.slice(at, min(_LIVE_ROWS, end - at))
            sink = pa.BufferOutputStream()
            with pa.ipc.new_stream(sink, rows.schema) as stream:
                stream.write_batch(rows)
            content = pa.array([sink.getvalue().to_pybytes()], pa.binary())
            yield _parcels(pa.array(units[order][start : start + 1]), False, content)


def live_rows_in(content: pa.Buffer) -> list[pa.RecordBatch]:
    """The rows of the lake in a parcel."""
    with pa.ipc.open_stream(content) as stream:
        return [batch.select(list(LIVE_COLUMNS)) for batch in stream]


def bytes_of(documents: pa.Array) -> memoryview:
    """Documents, one behind the other, without a copy.

    Raises:
        ValueError: One is null.
    """
    if documents.null_count:
        raise ValueError("a document came without its bytes")
    offsets = np.frombuffer(documents.buffers()[1], np.int32)[documents.offset : documents.offset + len(documents) + 1]
    return memoryview(documents.buffers()[2])[int(offsets[0]) : int(offsets[-1])]


def _runs(units: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The positions of what is for any unit, ordered by unit, and where each unit's begin among them, and the end."""
    order = np.argsort(units, kind="stable")
    order = order[np.searchsorted(units[order], NOBODYS, side="right") :]
    ordered = units[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(ordered) else np.empty(0, np.int64)
    return order, np.append(starts, len(ordered))


def _parcels(units: pa.Array, is_documents: bool, content: pa.Array) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [units, pa.repeat(pa.scalar(is_documents), len(units)), content], names=[UNIT, IS_DOCUMENTS, CONTENT]
    )

"""Rows of the changelog: what the platform adds to decoded documents, and tombstones.

Belongs here: the columns of the envelope as Arrow arrays, made without a step of Python for each row. Does not: the
documents' own columns (`decoder.py`), or which documents are appended (`unit.py`).
"""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fq_platform.extraction.compare import INSERT
from fq_platform.lakehouse.changelog import DOCUMENT, HASH_BYTES, WINDOW

if TYPE_CHECKING:
    from fq_platform.extraction.batch import Batch
    from fq_platform.extraction.decoder import Decoded

_TIMESTAMP = pa.timestamp("us", tz="UTC")
_RESCUED = pa.map_(pa.string(), pa.string())
_NULLS = pa.list_(pa.field("element", pa.string()))
_CHANGES = pa.array(["insert", "update"])
_LARGEST = 2**31 - 1


@dataclass(frozen=True)
class Envelope:
    """What all rows of one comparison have in common.

    Args:
        day: The window's day; None for a collection without days.
        at: The time of extraction (microseconds since 1970).
        run_id: The run.
        keep_document: Whether rows hold the document's BSON too.
    """

    day: dt.date | None
    at: int
    run_id: str
    keep_document: bool

    def changed(
        self, batch: "Batch", rows: npt.NDArray[np.int64], outcomes: npt.NDArray[np.int8], decoded: "Decoded"
    ) -> pa.RecordBatch:
        """The rows of new and changed documents.

        Args:
            batch: The documents.
            rows: Which of them (shape: m).
            outcomes: INSERT or UPDATE for each of those (shape: m).
            decoded: Their columns (m rows).

        Returns:
            m rows.
        """
        whole = len(rows) == len(batch)
        hashes = batch.hashes if whole else batch.hashes[rows]
        operations = pa.DictionaryArray.from_arrays(pa.array((outcomes != INSERT).astype(np.int8)), _CHANGES)
        columns = self._common(batch.keys if whole else batch.keys.take(pa.array(rows)), operations) | {
            "_fq_hash": pa.Array.from_buffers(pa.binary(HASH_BYTES), len(rows), [None, pa.py_buffer(hashes)]),
            "_fq_rescued": decoded.rescued,
            "_fq_nulls": decoded.nulls,
        }
        if self.keep_document:
            columns[DOCUMENT] = _documents(batch, rows, whole=whole)
        columns |= dict(zip(decoded.columns.schema.names, decoded.columns.columns, strict=True))
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    def tombstones(self, keys: pa.StringArray) -> pa.RecordBatch:
        """The rows that say of documents that they are gone.

        Args:
            keys: The texts of their `_id`s (shape: n).

        Returns:
            n rows, with the columns that tombstones fill.
        """
        deleted = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(keys), np.int8)), pa.array(["delete"]))
        nothing = {"_fq_hash": pa.binary(HASH_BYTES), "_fq_rescued": _RESCUED, "_fq_nulls": _NULLS}
        columns = self._common(keys, deleted) | {name: pa.nulls(len(keys), type_) for name, type_ in nothing.items()}
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    def _common(self, keys: pa.StringArray, operations: pa.DictionaryArray) -> dict[str, pa.Array]:
        size = len(keys)
        once = pa.DictionaryArray.from_arrays(pa.array(np.zeros(size, np.int8)), pa.array([self.run_id]))
        return {
            "_id": keys,
            "_fq_op": operations,
            WINDOW: pa.repeat(pa.scalar(self.day, pa.date32()), size),
            "_fq_extracted_at": pa.repeat(pa.scalar(self.at, _TIMESTAMP), size),
            "_fq_run_id": once,
        }


def _documents(batch: "Batch", rows: npt.NDArray[np.int64], *, whole: bool) -> pa.BinaryArray:
    """The bytes of some documents, without a copy where they are all of the batch."""
    offsets = batch.offsets - batch.offsets[0]
    if offsets[-1] > _LARGEST:
        raise ValueError("a batch of documents is larger than a column of Arrow can be")
    data = pa.py_buffer(batch.data[batch.offsets[0] : batch.offsets[-1]])
    documents = pa.BinaryArray.from_buffers(
        pa.binary(), len(batch), [None, pa.py_buffer(offsets.astype(np.int32)), data]
    )
    return documents if whole else documents.take(pa.array(rows))

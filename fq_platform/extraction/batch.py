"""A batch of documents as they came from the wire, indexed: where each lies, its hash, its key, its event time.

Belongs here: what is known of a document before it is decoded. Does not: columns (`decoder.py`).
"""

from dataclasses import dataclass
from functools import cached_property

import bson
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fq_platform.errors import FqError
from fq_platform.extraction.bson_values import BsonError, walk
from fq_platform.extraction.codec import CODEC
from fq_platform.extraction.extended_json import dumps
from fq_platform.extraction.kernels.elements import DOCUMENT, OBJECT_ID
from fq_platform.extraction.kernels.indexing import (
    EXOTIC,
    NO_EVENT_TIME,
    OBJECT_ID_TEXT,
    end_of_value,
    index_documents,
    write_keys,
)
from fq_platform.extraction.kernels.murmur import murmur3_strings
from fq_platform.extraction.keys import document_key

_SMALL_DOCUMENT, _LEAST_DOCUMENT = 100, 5
"""Sizes that documents seldom and never fall below (bytes)."""
_FULL = 3

__all__ = ["NO_EVENT_TIME", "Batch", "CorruptDocumentError", "index"]


class CorruptDocumentError(FqError):
    """Bytes that are no BSON document."""


@dataclass(frozen=True)
class Batch:
    """Documents as bytes.

    Args:
        data: The concatenated documents (uint8).
        offsets: Where each document begins, and where the last one ends (int64, shape: n + 1; bytes).
        hashes: MurmurHash3 x64 128 of each document's bytes (uint64, shape: (n, 2)).
        keys: The text of each `_id` (shape: n; see `keys.py`).
        event_times: The event time of each document (int64, shape: n; milliseconds since 1970, UTC); NO_EVENT_TIME
            where the field is missing, is no date, or is reached through an array.
    """

    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    hashes: npt.NDArray[np.uint64]
    keys: pa.StringArray
    event_times: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.hashes)

    @cached_property
    def key_hashes(self) -> npt.NDArray[np.uint64]:
        """The same hash of each key's UTF-8 (uint64, shape: (n, 2))."""
        return murmur3_strings(self.keys)

    def document(self, row: int) -> bytes:
        """The bytes of one document."""
        return self.data[self.offsets[row] : self.offsets[row + 1]].tobytes()


def index(data: bytes | bytearray | memoryview, event_path: str | None = None) -> Batch:
    """Find documents, hashes, keys and event times in one pass over the bytes.

    Args:
        data: Concatenated BSON documents (bytes); they are not copied and must not change.
        event_path: Dotted path of the event-time field; None for a collection without days.

    Returns:
        The batch. Beyond lengths, the `_id` and the way to the event time, documents are not checked yet.

    Raises:
        CorruptDocumentError: A document's length is impossible, its elements up to `_id` and event time are malformed,
            or it has no `_id`.
    """
    array = np.frombuffer(data, np.uint8)
    names = [name.encode() for name in event_path.split(".")] if event_path else []
    path, steps = np.frombuffer(b"".join(names) or b"\0", np.uint8), np.cumsum([0, *map(len, names)])
    # Untouched memory costs nothing, so there is room for more documents than there can reasonably be.
    for smallest in (_SMALL_DOCUMENT, _LEAST_DOCUMENT):
        room = len(array) // smallest + 1
        offsets, event_times = np.empty(room + 1, np.int64), np.empty(room, np.int64)
        hashes = np.empty((room, 2), np.uint64)
        kinds, places, sizes = (np.empty(room, np.int64) for _ in range(3))
        text = np.empty(room * OBJECT_ID_TEXT, np.uint8)
        count, stopped = index_documents(
            array.ctypes.data, len(array), path, steps, offsets, hashes, event_times, kinds, places, sizes, text
        )
        if stopped != _FULL:
            break
    if stopped:
        raise _refused(array[offsets[count] :].tobytes(), count, stopped)
    if (kinds[:count] == OBJECT_ID).all():
        starts = OBJECT_ID_TEXT * np.arange(count + 1, dtype=np.int32)
        keys = pa.StringArray.from_buffers(count, pa.py_buffer(starts), pa.py_buffer(text[: starts[-1]]))
    else:
        keys = _keys(array, offsets, kinds[:count], places[:count], sizes[:count])
    return Batch(array, offsets[: count + 1], hashes[:count], keys, event_times[:count])


def _refused(document: bytes, number: int, why: int) -> CorruptDocumentError:
    size = int.from_bytes(document[:4], "little")
    what = "is malformed or torn" if why == 1 else "has no _id"
    return CorruptDocumentError(
        f"Document {number} of a batch ({size} bytes, beginning {document[4:40].hex(' ')}) {what}",
        where="what MongoDB sent",
        fix="Validate the collection with db.collection.validate()"
        if why == 1
        else "Only collections, and views that keep _id, can be extracted",
    )


def _keys(
    data: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    kinds: npt.NDArray[np.int64],
    places: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int64],
) -> pa.StringArray:
    exotic = sizes == EXOTIC
    texts = {}
    for row in map(int, np.flatnonzero(exotic)):
        start = int(places[row])
        stop = int(end_of_value(data.ctypes.data, start, int(kinds[row]), int(offsets[row + 1]) - 1))
        texts[row] = _exotic_key(bytes([int(kinds[row])]) + b"_id\0" + data[start:stop].tobytes())
    for row, text in texts.items():
        sizes[row] = len(text)
    starts = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes, out=starts[1:])
    content = np.empty(int(starts[-1]), np.uint8)
    for row, text in texts.items():
        content[starts[row] : starts[row + 1]] = np.frombuffer(text, np.uint8)
    write_keys(data.ctypes.data, kinds, places, sizes, exotic, starts, content)
    return pa.StringArray.from_buffers(len(sizes), pa.py_buffer(starts), pa.py_buffer(content))


def _exotic_key(element: bytes) -> bytes:
    """The text of an `_id` that Python's rule must write; the element is read as the only one of a document."""
    document = (len(element) + 5).to_bytes(4, "little") + element + b"\0"
    try:
        if element[0] == DOCUMENT:  # pymongo's dict would lose repeated names
            return dumps(walk(document).fields[0][1]).encode()
        return document_key(bson.decode(document, CODEC)["_id"]).encode()
    except (bson.InvalidBSON, BsonError) as error:
        raise _refused(element, 0, 1) from error

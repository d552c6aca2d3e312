"""Batches of a cursor as the server sent them.

Belongs here: finding the documents in a reply. Does not: the cursor's life (`reading.py`).

PyMongo's own raw batches make an object of each document only to throw it away: 2.5 to 3 microseconds a document, more
than everything else that happens to it.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Any

import bson
import numpy as np
from pymongo.cursor import RawBatchCursor
from pymongo.errors import ProtocolError

from fq_platform.extraction.kernels.replies import documents_in

_LENGTH = struct.Struct("<i")
_DOCUMENT, _ARRAY = 3, 4
_SIZES = {0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8}
_SIZED = {0x02: 4, 0x03: 0, 0x04: 0, 0x05: 5}
"""Types that begin with their length, and what that does not count."""
_BATCHES = (b"firstBatch", b"nextBatch")


class RawBatches(RawBatchCursor[Any]):
    """A cursor whose batches are concatenated BSON documents (bytes-like)."""

    def _unpack_response(
        self,
        response: Any,
        cursor_id: int | None,
        codec_options: Any,
        user_fields: Mapping[str, Any] | None = None,
        legacy_response: bool = False,
    ) -> list[Any]:
        reply = unpacked(response.raw_command_response())
        # An error, or something new: PyMongo knows.
        return [reply] if reply else super()._unpack_response(response, cursor_id, codec_options, user_fields)


def unpacked(reply: bytes | memoryview) -> dict[str, Any] | None:
    """The server's answer with the batch as one buffer; None if it has no batch, as an error has none."""
    data = memoryview(reply)
    try:
        cursor = next((at, end) for kind, name, at, end in _elements(data, 0) if (kind, name) == (_DOCUMENT, b"cursor"))
        batch = next(
            (name, at, end) for kind, name, at, end in _elements(data, cursor[0]) if kind == _ARRAY and name in _BATCHES
        )
    except (StopIteration, KeyError):
        return None
    name, at, end = batch
    answer = _without(data, *cursor, batch)
    array = np.frombuffer(data[at:end], np.uint8)
    # A reply is received into memory of its own; there is no need for twice as much.
    room = array if array.flags.writeable else np.empty(len(array), np.uint8)
    size = documents_in(array, room)
    if size < 0:
        raise ProtocolError("a batch in the server's reply is not an array of documents")
    answer["cursor"][name.decode()] = [room.data[:size]] if size else []
    return answer


def _elements(data: memoryview, start: int) -> Iterator[tuple[int, bytes, int, int]]:
    """The elements of a document: type, name, where the value begins and ends."""
    at, end = start + 4, start + _LENGTH.unpack_from(data, start)[0] - 1
    while at < end:
        kind = data[at]
        stop = at + 1
        while data[stop]:
            stop += 1
        name, value = bytes(data[at + 1 : stop]), stop + 1
        size = _SIZES[kind] if kind in _SIZES else _LENGTH.unpack_from(data, value)[0] + _SIZED[kind]
        yield kind, name, value, value + size
        at = value + size


def _without(data: memoryview, start: int, end: int, batch: tuple[bytes, int, int]) -> dict[str, Any]:
    """The answer, decoded with an empty array in the place of the batch."""
    empty = b"\x05\x00\x00\x00\x00"
    _, batch_start, batch_end = batch
    less = batch_end - batch_start - len(empty)
    parts = [
        _LENGTH.pack(len(data) - less),
        data[4:start],
        _LENGTH.pack(end - start - less),
        data[start + 4 : batch_start],
        empty,
        data[batch_end:],
    ]
    return bson.decode(b"".join(map(bytes, parts)))

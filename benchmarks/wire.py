"""MongoDB's wire protocol, as far as a server needs it: OP_MSG, and OP_QUERY for the first hello.

Belongs here: messages to and from bytes. Does not: what they ask for.
"""

import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bson

from benchmarks.collection import AFTER_ARRAY

_OP_REPLY, _OP_QUERY, _OP_MSG = 1, 2004, 2013
_HEADER = struct.Struct("<iiii")
_MSG = struct.Struct("<iiiiIB")
_REPLY = struct.Struct("<iiiiiqii")
_ANY_DATE: bson.CodecOptions[dict[str, Any]] = bson.CodecOptions(
    datetime_conversion=bson.DatetimeConversion.DATETIME_MS
)
"""Filters may name the year 10000."""
_MORE_TO_COME = 2
_UNSUPPORTED_FLAGS = 1
"""A checksum, which no driver sends on its own."""


@dataclass(frozen=True)
class Request:
    """One message from a client.

    Args:
        id: Its number, which the reply repeats.
        body: The command.
        legacy: Whether it came as OP_QUERY and is answered by OP_REPLY.
        expects_reply: Whether the client waits for one.
    """

    id: int
    body: dict[str, Any]
    legacy: bool = False
    expects_reply: bool = True


@dataclass(frozen=True)
class CursorReply:
    """A reply with documents.

    Args:
        key: `firstBatch` or `nextBatch`.
        cursor: The cursor's number; 0 at the end.
        namespace: Database and collection.
        batch: The array's value and the end of the reply (see `ReplayCollection.batch`).
    """

    key: str
    cursor: int
    namespace: str
    batch: memoryview


def receive(connection: socket.socket) -> Request | None:
    """Read a message.

    Args:
        connection: The client's.

    Returns:
        The message; None if the client has gone.

    Raises:
        ValueError: The message is of a kind that no driver sends today.
    """
    header = _exactly(connection, _HEADER.size)
    if header is None:
        return None
    length, number, _, operation = _HEADER.unpack(header)
    content = _exactly(connection, length - _HEADER.size)
    if content is None:
        return None
    if operation == _OP_QUERY:
        name_end = content.index(b"\0", 4)
        return Request(number, _first_document(content, name_end + 9), legacy=True)
    (flags,) = struct.unpack_from("<I", content)
    if operation != _OP_MSG or flags & _UNSUPPORTED_FLAGS or content[4] != 0:
        raise ValueError(f"operation {operation} with flags {flags} is not understood")
    return Request(number, _first_document(content, 5), expects_reply=not flags & _MORE_TO_COME)


def _first_document(content: bytes, at: int) -> dict[str, Any]:
    (size,) = struct.unpack_from("<i", content, at)
    return bson.decode(content[at : at + size], _ANY_DATE)


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    received = bytearray()
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            return None
        received += part
    return bytes(received)


def send(connection: socket.socket, request: Request, answer: Mapping[str, Any] | CursorReply) -> None:
    """Send the reply to a message.

    Args:
        connection: The client's.
        request: What is answered.
        answer: The reply's document, or a batch of documents that is sent from where it lies.
    """
    if isinstance(answer, CursorReply):
        _send_batch(connection, request, answer)
        return
    content = bson.encode(answer)
    if request.legacy:
        head = _REPLY.pack(_REPLY.size + len(content), 0, request.id, _OP_REPLY, 8, 0, 0, 1)
    else:
        head = _MSG.pack(_MSG.size + len(content), 0, request.id, _OP_MSG, 0, 0)
    connection.sendall(head + content)


def _send_batch(connection: socket.socket, request: Request, answer: CursorReply) -> None:
    namespace = answer.namespace.encode() + b"\0"
    array = b"\x04" + answer.key.encode() + b"\0"
    batch_size = len(answer.batch) - len(AFTER_ARRAY)
    cursor_size = 4 + 12 + 8 + len(namespace) + len(array) + batch_size + 1
    fields = (
        b"\x12id\0" + struct.pack("<q", answer.cursor) + b"\x02ns\0" + struct.pack("<i", len(namespace)) + namespace
    )
    cursor = b"\x03cursor\0" + struct.pack("<i", cursor_size) + fields + array
    document_size = 4 + len(cursor) + len(answer.batch)
    head = (
        _MSG.pack(_MSG.size + document_size, 0, request.id, _OP_MSG, 0, 0) + struct.pack("<i", document_size) + cursor
    )
    sent = connection.sendmsg([head, answer.batch])
    if sent < len(head):
        connection.sendall(head[sent:])
        sent = len(head)
    connection.sendall(answer.batch[sent - len(head) :])

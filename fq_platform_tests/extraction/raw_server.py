"""A server that hands out BSON as it was given, also what no real server would take.

Belongs here: the few commands that a sync and a verification send. Does not: the protocol (`benchmarks.wire`).
"""

import contextlib
import socketserver
import struct
import threading
from collections.abc import Iterator
from typing import Any

import bson

from benchmarks.collection import AFTER_ARRAY
from benchmarks.wire import CursorReply, receive, send

_OK = {"ok": 1.0}
_HELLO = {
    "helloOk": True,
    "isWritablePrimary": True,
    "ismaster": True,
    "maxBsonObjectSize": 16 * 2**20,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "minWireVersion": 0,
    "maxWireVersion": 21,
}


class RawServer(socketserver.ThreadingTCPServer):
    """Serves one collection, `things`, of any database.

    Args:
        per_batch: Documents in a reply.
    """

    daemon_threads = True

    def __init__(self, per_batch: int = 50) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.documents: list[bytes] = []
        self.per_batch = per_batch
        self.uri = f"mongodb://127.0.0.1:{self.server_address[1]}/?directConnection=true"

    def answer(self, command: dict[str, Any]) -> dict[str, Any] | CursorReply:
        match next(iter(command)):
            case "hello" | "ismaster" | "isMaster":
                return _HELLO | _OK
            case "listCollections":
                found = [{"name": "things", "type": "collection", "options": {}, "info": {}}]
                return {"cursor": {"firstBatch": found, "id": bson.Int64(0), "ns": "raw.$cmd"}} | _OK
            case "find":
                return self._batch("firstBatch", 0)
            case "getMore":
                return self._batch("nextBatch", command["getMore"])
            case "collStats":
                size = sum(map(len, self.documents))
                return {"count": len(self.documents), "avgObjSize": size // max(len(self.documents), 1)} | _OK
            case "count":
                return {"n": len(self.documents)} | _OK
        return _OK

    def _batch(self, key: str, start: int) -> CursorReply:
        """Documents from one on; the cursor's number is that of the next."""
        end = min(start + self.per_batch, len(self.documents))
        parts = [b"\x03%d\0" % number + part for number, part in enumerate(self.documents[start:end])]
        content = b"".join(parts)
        array = struct.pack("<i", len(content) + 5) + content + b"\0"
        return CursorReply(key, end if end < len(self.documents) else 0, "raw.things", memoryview(array + AFTER_ARRAY))


class _Connection(socketserver.BaseRequestHandler):
    server: RawServer

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            while request := receive(self.request):
                answer = self.server.answer(request.body)
                if request.expects_reply:
                    send(self.request, request, answer)


@contextlib.contextmanager
def raw_server() -> Iterator[RawServer]:
    """A server for the length of a `with` block."""
    with RawServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()

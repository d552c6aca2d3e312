"""A server that replays pre-encoded BSON over MongoDB's wire protocol, so that reading costs next to nothing.

Belongs here: sockets and threads. Does not: what is answered (`commands.py`). Run as `python -m`, with collections.
"""

import argparse
import contextlib
import socket
import socketserver
import sys
import threading

from benchmarks.collection import declared
from benchmarks.commands import Server
from benchmarks.wire import receive, send

_SEND_BUFFER_BYTES = 4 * 2**20


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, server: Server) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.server = server


class _Connection(socketserver.BaseRequestHandler):
    server: _Listener

    def setup(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)

    def handle(self) -> None:
        # A client that is killed, as one case does on purpose, leaves a broken pipe behind.
        with contextlib.suppress(ConnectionError):
            while request := receive(self.request):
                answer = self.server.server.answer(request.body)
                if request.expects_reply:
                    send(self.request, request, answer)


def main() -> None:
    """Serve until standard input ends, which it does when the process that started this one is gone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collections", nargs="+", help="<variant>_<documents>, such as clean_1000000 or mixed_200000")
    with _Listener(Server(declared(parser.parse_args().collections))) as listener:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        sys.stdout.write(f"mongodb://127.0.0.1:{listener.server_address[1]}/?directConnection=true\n")
        sys.stdout.flush()
        sys.stdin.read()
        listener.shutdown()


if __name__ == "__main__":
    main()

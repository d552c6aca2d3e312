"""A small HTTP server on loopback that stands for a catalog: it records what it is asked, and answers as told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """What the server was asked.

    Args:
        method: GET, POST, ...
        path: Without the query.
        query: The query's names and values.
        headers: By their names in small letters.
        form: The body's names and values, if it is a form.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str]


Answer = Callable[[Request], tuple[int, object]]
"""Status and body (made JSON) for a request."""


class CatalogServer:
    """The running server.

    Args:
        answer: What it answers.
    """

    def __init__(self, answer: Answer) -> None:
        self.asked: list[Request] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                address = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                is_form = "form" in headers.get("content-type", "")
                form = dict(parse_qsl(body)) if is_form else {}
                request = Request(self.command, address.path, dict(parse_qsl(address.query)), headers, form)
                outer.asked.append(request)
                status, content = answer(request)
                encoded = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(encoded)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(encoded)

            do_POST = do_HEAD = do_DELETE = do_GET  # noqa: N815 - the names that the library calls

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def to(self, path: str) -> list[Request]:
        """The requests to paths that begin with this one."""
        return [request for request in self.asked if request.path.startswith(path)]


@contextmanager
def serving(answer: Answer) -> Iterator[CatalogServer]:
    """A server for the length of a `with` block.

    Args:
        answer: What it answers.

    Yields:
        The server.
    """
    server = CatalogServer(answer)
    thread = threading.Thread(target=server._server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server._server.shutdown()
        thread.join()
        server._server.server_close()

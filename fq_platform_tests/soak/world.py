"""The world of a soak: a lake, a MongoDB that can go away, somebody who receives alerts, the daemons, and one clock."""

import contextlib
import datetime as dt
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from fq_platform_tests.fixtures.daemon import DaemonDriver
from fq_platform_tests.fixtures.jvm_clock import jvm_follows
from fq_platform_tests.fixtures.simulated_clock import SimulatedClock, simulated_clock
from fq_platform_tests.soak.saved import Saved
from fq_platform_tests.soak.shop import Shop

HISTORY = 2
"""How many days the business is older than the platform."""
START = dt.datetime(2027, 3, 1, 6, tzinfo=dt.UTC)
ORDERS_A_DAY = 4
_QUIET = {"python_logs": {"python_log_level": "ERROR"}}
"""Each run would write some hundred lines."""


class Webhook(ThreadingHTTPServer):
    """Receives alerts as JSON, on loopback, and writes them down."""

    def __init__(self, file: Path, saved: Saved | None = None) -> None:
        super().__init__(("127.0.0.1", saved.port if saved else 0), _Handler)
        self.file = file.open("a", buffering=1)
        self.received: list[tuple[dt.datetime, dict[str, Any]]] = list(saved.received) if saved else []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """The address as apprise writes it."""
        return f"json://127.0.0.1:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        now = dt.datetime.now(dt.UTC)
        self.server.received.append((now, json.loads(body)))
        self.server.file.write(f"{now} {body.decode()}\n")
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


class World:
    """Everything that a soak acts upon; made by `world`."""

    def __init__(
        self, folder: Path, days: int, clock: SimulatedClock, webhook: Webhook, saved: Saved | None = None
    ) -> None:
        from fq_platform.definitions import build_definitions
        from fq_platform.demo.embedded_mongo import EmbeddedMongo
        from fq_platform.resources.spark import start_session
        from fq_platform.settings import get_settings
        from fq_platform.sources import get_sources

        self.clock = clock
        self.webhook = webhook
        self.settings = get_settings()
        self.sources = get_sources()
        jvm_follows(start_session(self.settings), clock)
        self.mongo = EmbeddedMongo(self.settings)
        self.shop = Shop(self.sources, days + HISTORY, ORDERS_A_DAY, lambda: self.mongo.uri, lambda: clock.now)
        if saved is None or saved.reachable:
            self.mongo.start()
            self.shop.open()
        self.driver = DaemonDriver(folder / "dagster", lambda: build_definitions(self.sources), clock, _QUIET)
        self.cpu_before = 0.0
        if saved is not None:
            vars(self.shop).update(saved.shop)
            self.driver.turns, self.driver.errors = saved.turns, list(saved.errors)
            self.cpu_before = saved.cpu_seconds

    def stop(self) -> None:
        """End the daemons and the MongoDB."""
        self.driver.stop()
        self.mongo.stop()

    def happens(self, event: str) -> None:
        """Let something of the story happen."""
        (getattr(self, f"_{event}", None) or getattr(self.shop, event))()

    def _outage(self) -> None:
        self.mongo.stop()

    def _back(self) -> None:
        self.mongo.start()
        self.shop.go_on()

    def _restart(self) -> None:
        self.driver.restart()

    def _crash(self) -> None:
        self.clock.advance(dt.timedelta(minutes=2))
        self.driver.tick(execute=False)
        self.driver.restart()


@contextlib.contextmanager
def world(folder: Path, days: int, saved: Saved | None = None) -> Iterator[World]:
    """Make a world in a folder of its own. A process has one: settings are read once.

    Args:
        folder: An empty folder, or that of the soak that is gone on with (path).
        days: How long the story is.
        saved: Where that soak stood.
    """
    webhook = Webhook(folder / "alerts", saved)
    _set_environment(folder, webhook.url)
    with simulated_clock(saved.now if saved else START) as clock, contextlib.ExitStack() as stack:
        stack.callback(webhook.shutdown)
        made = World(folder, days, clock, webhook, saved)
        stack.callback(made.stop)
        yield made


def _set_environment(folder: Path, alerts: str) -> None:
    from fq_platform.settings import PACKAGE

    sources = folder / "sources.yaml"
    first_day = START.date() - dt.timedelta(days=HISTORY)
    text = (PACKAGE / "sources.yaml").read_text()
    sources.write_text(text.replace("start_date: 2026-01-01", f"start_date: {first_day}"))
    os.environ.pop("MONGO_URI", None)
    os.environ |= {
        "FQ_HOME": str(folder / "fq"),
        "FQ_SOURCES": str(sources),
        "FQ_IFCO_SOURCE": "none",  # the story is that of the shop
        "FQ_ALERT_URLS": alerts,
        "FQ_MONGO_TIMEOUT_SECONDS": "3",
    }

"""The MongoDB that `fq demo` and `fq dev` work with, holding the sample business.

Belongs here: choosing and filling it. Does not: the server's process (`embedded_mongo.py`) or the data.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.uri_parser import parse_uri
from rich.console import Console
from rich.progress import Progress

from fq_platform.demo.embedded_mongo import EmbeddedMongo
from fq_platform.demo.load import load
from fq_platform.demo.sample_data import DATABASE, business_of
from fq_platform.errors import FqError
from fq_platform.extraction.source import mongo_errors
from fq_platform.settings import Settings


@contextmanager
def sample_mongo(settings: Settings, console: Console) -> Iterator[str]:
    """A MongoDB with the sample business, for the length of a `with` block.

    `MONGO_URI` wins; else the embedded one is started, and stopped at the end. Data is loaded once.

    Args:
        settings: Which MongoDB, and how large the business is.
        console: Where progress is shown.

    Yields:
        The URI.

    Raises:
        FqError: The MongoDB cannot be started or reached, or holds other data under the same names.
    """
    if settings.mongo_uri is not None:
        uri = settings.mongo_uri.get_secret_value()
        _require_this_machine(uri)
        console.print("MongoDB: the one of MONGO_URI")
        _fill(uri, settings, console)
        yield uri
        return
    with EmbeddedMongo(settings) as mongo:
        console.print(
            f"MongoDB: embedded, on {mongo.uri.split('/?')[0]}, data in {settings.mongo_home}", soft_wrap=True
        )
        _fill(mongo.uri, settings, console)
        yield mongo.uri


def _require_this_machine(uri: str) -> None:
    """Sample data is never written to a server that others may use."""
    with mongo_errors(uri):
        hosts = [host for host, _ in parse_uri(uri, connect_timeout=0)["nodelist"]]
    if not all(host in ("localhost", "::1") or host.startswith("127.") for host in hosts):
        raise FqError(
            "The demo writes sample data, and MONGO_URI names a MongoDB on another machine",
            where=f"MONGO_URI, {', '.join(hosts)}",
            fix="Unset MONGO_URI to use the embedded MongoDB; `fq dev` only reads the one of MONGO_URI",
        )


def _fill(uri: str, settings: Settings, console: Console) -> None:
    business = business_of(settings)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("loading sample data", total=None)
        counts = load(uri, DATABASE, business, lambda made, total: progress.update(task, completed=made, total=total))
    told = ", ".join(f"{count:,} {collection}" for collection, count in counts.items())
    console.print(f"Sample data in {DATABASE}: {told}")

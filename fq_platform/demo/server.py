"""The servers that `fq demo` and `fq dev` work with: a MongoDB holding the sample business, and the S3 server if any.

Belongs here: choosing and filling them. Does not: their processes (`embedded_mongo.py`, `object_store.py`) or the data.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.uri_parser import parse_uri
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from fq_platform.demo.embedded_mongo import EmbeddedMongo
from fq_platform.demo.ifco_load import load_ifco
from fq_platform.demo.load import load
from fq_platform.demo.object_store import ObjectStore
from fq_platform.demo.sample_data import DATABASE, business_of
from fq_platform.errors import FqError
from fq_platform.extraction.source import mongo_errors
from fq_platform.lakehouse.object_store_endpoint import object_store_home
from fq_platform.settings import IfcoSource, Profile, Settings


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


@contextmanager
def tables_storage(settings: Settings, console: Console) -> Iterator[None]:
    """What must run for tables to be read and written, for the length of a `with` block.

    That is the S3 server in the profile `s3local`, unless `FQ_S3_ENDPOINT` names another; else nothing.

    Args:
        settings: The profile.
        console: Where it is told.

    Raises:
        FqError: The server cannot be started.
    """
    if settings.profile is not Profile.S3LOCAL or settings.s3_endpoint is not None:
        yield
        return
    with console.status("Starting the S3 server"):
        store = ObjectStore(settings)
        store.start()
    with store:
        console.print(
            f"S3: on {store.endpoint.endpoint}, bucket {settings.s3_bucket}, data and key in "
            f"{object_store_home(settings)}",
            soft_wrap=True,
        )
        yield


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
    _fill_ifco(uri, settings, console)


def _fill_ifco(uri: str, settings: Settings, console: Console) -> None:
    """Copy the IFCO files; files that cannot be read are told, and hold up nothing that does not need them."""
    if settings.ifco_source is IfcoSource.NONE:
        return
    try:
        counts = load_ifco(uri, settings)
    except FqError as error:
        console.print(f"[yellow]The IFCO files are not copied into MongoDB[/]: {escape(str(error))}", soft_wrap=True)
    else:
        told = ", ".join(f"{count:,} {collection}" for collection, count in counts.items())
        console.print(f"IFCO sample in ifco_raw: {told}")

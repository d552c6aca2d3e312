"""What must answer: MongoDB, the object store, the catalog, Spark Connect, Trino.

Belongs here: checks that ask a server. Does not: AWS's services for Spark jobs (`aws.py`), this machine (`machine.py`).
"""

import json
import socket
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from fq_platform.doctor.finding import Finding, failed, ok, warning
from fq_platform.settings import Profile, Settings

_SECONDS = 5
"""How long a server may take to answer a small question."""


def mongo(settings: Settings) -> Iterator[Finding]:
    """Whether MongoDB can be read, which version it is, who we are there, and whether it has change streams."""
    from fq_platform.extraction.source import address, connect, mongo_errors
    from fq_platform.resources.mongo import MongoResource

    if settings.mongo_uri is None and _no_embedded(settings):
        yield warning("MongoDB", "MONGO_URI is not set and the embedded one does not run", "Start it with `fq dev`")
        return
    uri = settings.mongo_uri.get_secret_value() if settings.mongo_uri else MongoResource().resolve_uri()
    with connect(uri, min(settings.mongo_timeout_seconds, _SECONDS)) as client, mongo_errors(uri):
        version = client.admin.command("buildInfo")["version"]
        users = client.admin.command("connectionStatus").get("authInfo", {}).get("authenticatedUsers", [])
        hello = client.admin.command("hello")
    login = ", ".join(f"{user['user']}@{user['db']}" for user in users) or "nobody, without a login"
    yield ok("MongoDB", f"{address(uri)} answers: version {version}, logged in as {login}")
    if hello.get("setName") or hello.get("msg") == "isdbgrid":
        yield ok("MongoDB", "a replica set or a sharded cluster: change streams work")
    else:
        yield warning("MongoDB", "no replica set: it has no change streams", "Nothing: days are compared without them")


def _no_embedded(settings: Settings) -> bool:
    from fq_platform.demo.endpoint import running_endpoint

    return running_endpoint(settings) is None


def object_store(settings: Settings) -> Iterator[Finding]:
    """Whether the bucket is there and may be looked at."""
    yield from _bucket(settings, write=False)


def object_store_written(settings: Settings) -> Iterator[Finding]:
    """The same, and whether an object can be written to it and deleted."""
    yield from _bucket(settings, write=True)


def _bucket(settings: Settings, write: bool) -> Iterator[Finding]:
    from botocore.exceptions import BotoCoreError, ClientError

    from fq_platform.lakehouse.s3_access import s3_access
    from fq_platform.lakehouse.s3_errors import explain_s3_error

    access = s3_access(settings)
    if access is None:
        yield ok("object store", f"none: tables lie in {settings.warehouse_root}")
        return
    if settings.profile in (Profile.REST, Profile.UNITY):
        yield ok("object store", "the catalog says where tables lie")
        return
    root = urlsplit(settings.warehouse_root or f"s3://{settings.s3_bucket}")
    client = _s3_client(settings, access)
    try:
        client.head_bucket(Bucket=root.netloc)
        yield ok("object store", f"the bucket {root.netloc} answers")
        if write:
            key = f"{root.path.strip('/')}/fq-doctor-{uuid.uuid4().hex}"
            client.put_object(Bucket=root.netloc, Key=key, Body=b"written by fq doctor")
            client.delete_object(Bucket=root.netloc, Key=key)
            yield ok("object store", "an object was written and deleted")
    except (BotoCoreError, ClientError) as error:
        known = explain_s3_error(error, root.netloc)
        fix = known.fix if known else "Check S3_BUCKET, AWS_REGION, FQ_S3_ENDPOINT and the keys (AWS_*)"
        yield failed("object store", known.what if known else f"{root.netloc}: {error}", fix)


def _s3_client(settings: Settings, access: Any) -> Any:
    from botocore.config import Config

    from fq_platform.lakehouse.s3_access import aws_session

    keys = access.explicit_keys
    given = {"aws_access_key_id": keys.access_key, "aws_secret_access_key": keys.secret_key} if keys else {}
    config = Config(
        s3={"addressing_style": "path" if access.path_style else "auto"},
        connect_timeout=_SECONDS,
        read_timeout=_SECONDS,
        retries={"total_max_attempts": 1},
    )
    return aws_session(settings).client("s3", endpoint_url=access.endpoint, config=config, **given)


def catalog(settings: Settings) -> Iterator[Finding]:
    """Whether the catalog opens and lists its tables."""
    from fq_platform.lakehouse.catalog import catalog_shown, open_catalog
    from fq_platform.lakehouse.layout import layout_of
    from fq_platform.lakehouse.listing import list_names

    if settings.profile is Profile.LOCAL and not settings.catalog_file.exists():
        yield ok("catalog", f"none yet; {catalog_shown(settings)} is made by the first run")
        return
    names = list_names(open_catalog(settings), layout_of(settings))
    yield ok("catalog", f"{catalog_shown(settings)} lists {len(names)} tables")


def spark_connect(settings: Settings) -> Iterator[Finding]:
    """Whether the server of `SPARK_REMOTE` answers, fits the client, and sees the catalog."""
    import importlib.metadata

    from fq_platform.resources.connect import address, connect_errors
    from fq_platform.resources.spark import start_session

    if settings.spark_remote is None:
        yield ok("Spark", "SPARK_REMOTE is not set: each process computes in a Spark of its own")
        return
    where = address(settings.spark_remote)
    server = urlsplit(where)
    try:  # first of all, since Spark's client is patient with a server that is not there
        socket.create_connection((server.hostname or "", server.port or 0), timeout=_SECONDS).close()
    except OSError as error:
        yield failed("Spark", f"{where} does not answer: {error}", "Start the server, or correct or unset SPARK_REMOTE")
        return
    with connect_errors(where):
        session = start_session(settings)
        version, ours = session.version, importlib.metadata.version("pyspark")
        namespaces = session.sql("SHOW NAMESPACES IN iceberg").count()
    yield ok("Spark", f"{where} answers: version {version}, {namespaces} namespaces in the catalog")
    if version.split(".")[:2] != ours.split(".")[:2]:
        yield warning(
            "Spark", f"the server is {version}, the client {ours}", "Use the same minor version on both sides"
        )


def trino(settings: Settings) -> Iterator[Finding]:
    """Whether the server of `FQ_TRINO_URL` answers and is ready."""
    if settings.trino_url is None:
        yield ok("Trino", "FQ_TRINO_URL is not set")
        return
    url = urlsplit(settings.trino_url.get_secret_value())
    where = f"{url.scheme}://{url.hostname or ''}:{url.port or (443 if url.scheme == 'https' else 8080)}"
    if url.scheme not in ("http", "https"):
        yield failed("Trino", "FQ_TRINO_URL is no address of a web server", "Write it as http(s)://host:port")
        return
    try:
        with urllib.request.urlopen(f"{where}/v1/info", timeout=_SECONDS) as answer:  # noqa: S310 - http(s) only
            said = json.load(answer)
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        yield failed("Trino", f"{where} does not answer: {reason}", "Start it, or correct or unset FQ_TRINO_URL")
        return
    version = said.get("nodeVersion", {}).get("version", "unknown")
    if said.get("starting"):
        yield warning("Trino", f"{where} is starting, version {version}", "Ask again in a minute")
    else:
        yield ok("Trino", f"{where} answers: version {version}")

"""The client of a Spark Connect server: a session for each server and catalog, and what is said when the server fails.

Belongs here: opening sessions, and recognising that their server is gone. Does not: starting a server
(`connect_server.py`), or the embedded Spark (`spark.py`).
"""

import importlib.util
import os
import sys
import uuid
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from pydantic import SecretStr

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import CATALOG

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_NEEDED = ("grpc", "grpc_status", "google.rpc", "pandas")
"""What PySpark's client imports, all of it in the extra `connect`."""

_PATIENCE = {"max_retries": 8, "max_backoff": 5_000}
"""How often, and how many milliseconds apart at the most, a call is made again that reached no server: about half a
minute in all, in which a server is started anew. PySpark's own patience is ten minutes."""

_OURS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.defaultCatalog": CATALOG,
}
"""What the transforms rely on, whatever a server is configured with (see `spark_conf` in `spark.py`)."""

KEY = "x-fq-key"
"""The parameter of the address of a server of ours, with which clients show that they may call (docs/adr/0033)."""

_EXTENSION = "IcebergSparkSessionExtensions"
_INTRODUCED = "fq.introduced"
"""Name of a property of our own, by which a server shows that it knows the session."""
_COLLISIONS = 5
"""How often the question for the session is put again after it met another one for the same."""
_UNREACHED = ("StatusCode.UNAVAILABLE", "failed to connect to all addresses")
_REFUSED = ("StatusCode.UNAUTHENTICATED", "StatusCode.PERMISSION_DENIED")
_FORGOTTEN = ("INVALID_HANDLE", "SESSION_NOT_FOUND", "SESSION_CLOSED", "CatalogNotFoundException")
"""What a server says that was started anew since the session began, or that dropped it after an hour's silence."""

_sessions: dict[tuple[str, frozenset[tuple[str, str]]], "SparkSession"] = {}
"""The sessions of this process by the server's address and the catalog's configuration."""


def connected(remote: SecretStr, catalog: Mapping[str, str]) -> "SparkSession":
    """Give the session on a Spark Connect server over a catalog, the same each time.

    A server forgets a session that was silent for an hour, and all of them when it is started anew; so each call looks
    whether this one is known, and introduces it again if it is not.

    Args:
        remote: `sc://<host>:<port>`, with `;`-separated parameters if the server wants any.
        catalog: The properties of the catalog (`spark_catalog_conf`): a matter of each session, not of the server.

    Returns:
        The session.

    Raises:
        FqError: The extra `connect` is missing, the address cannot be used, the server does not answer, refuses us, or
            has no Iceberg.
    """
    where = address(remote)
    _require_client()
    # PySpark's own switch, by which `pyspark.sql.functions` makes columns for a server instead of for a JVM.
    os.environ["SPARK_CONNECT_MODE_ENABLED"] = "1"
    # Its client tells of each error that a server answers, also of those that are expected and caught.
    os.environ.setdefault("SPARK_CONNECT_LOG_LEVEL", "critical")
    key = (remote.get_secret_value(), frozenset(catalog.items()))
    with connect_errors(where):
        session = _sessions.get(key) or _sessions.setdefault(key, _open(remote, catalog))
        if not _is_introduced(session):
            _introduce(session, catalog, where)
    return session


def address(remote: SecretStr) -> str:
    """Host and port of a server, without the secrets that its address may hold.

    Raises:
        FqError: It is no such address.
    """
    try:
        parts = urlsplit(remote.get_secret_value())
        valid = parts.scheme == "sc" and parts.hostname and (parts.path in ("", "/") or parts.path.startswith("/;"))
        port = parts.port or 15002
    except ValueError:
        valid, port = False, 0
    if not valid:
        raise FqError(
            "SPARK_REMOTE is not the address of a Spark Connect server",
            where="SPARK_REMOTE",
            fix="Write it like sc://host:15002, with parameters like sc://host:443/;use_ssl=true;token=...; or unset "
            "it to compute in a Spark of this process's own",
        )
    return f"sc://{parts.hostname}:{port}"


@contextmanager
def connect_errors(where: str) -> Iterator[None]:
    """Say in words that a server does not answer, or does not let us in.

    Args:
        where: The server.

    Raises:
        FqError: In place of the client's error.
    """
    try:
        yield
    except FqError:
        raise
    except Exception as error:
        known = explain_connect_error(error, where)
        if known is None:
            raise
        raise known from None  # the client's own text repeats the request, secrets included


def explain_connect_error(error: BaseException, where: str = "SPARK_REMOTE") -> FqError | None:
    """Say what an error of Spark Connect's own means, or of what caused it.

    Args:
        error: Any error; those of queries are none of Connect's own.
        where: The server, for the message.

    Returns:
        The error for users; None if the connection is not at fault.
    """
    if "pyspark.sql.connect" not in sys.modules:
        return None
    step: BaseException | None = error
    while step is not None:
        if type(step).__module__.split(".")[0] in ("pyspark", "grpc"):
            said = f"{type(step).__name__}: {step}"
            for texts, known in ((_UNREACHED, _gone), (_REFUSED, _closed), (_FORGOTTEN, _forgotten)):
                if any(text in said for text in texts):
                    return known(where)
        step = step.__cause__ or step.__context__
    return None


def _gone(where: str) -> FqError:
    return FqError(
        "The Spark Connect server does not answer: it does not run there, or has ended, as one that takes more memory "
        "than it has",
        where=where,
        fix="Start it, or look into its log (`fq dev` starts one, log spark-connect.log, and starts it anew when it "
        "ends); correct SPARK_REMOTE, or unset it to compute in a Spark of this process's own",
        transient=True,
    )


def _closed(where: str) -> FqError:
    return FqError(
        "The Spark Connect server does not let us in",
        where=where,
        fix="Give SPARK_REMOTE the token or the key that the server asks for; each start of `fq dev` makes a new one",
    )


def _forgotten(where: str) -> FqError:
    return FqError(
        "The Spark Connect server does not know this session any more: it was started anew",
        where=where,
        fix="Run again",
        transient=True,
    )


def missing_client() -> list[str]:
    """What is not installed of PySpark's client for Spark Connect."""
    return [name for name in _NEEDED if not _is_installed(name)]


def _require_client() -> None:
    missing = missing_client()
    if missing:
        raise FqError(
            f"SPARK_REMOTE is set, but the client of Spark Connect is not installed ({', '.join(missing)} missing)",
            where="SPARK_REMOTE",
            fix="pip install 'fq-platform[connect]', or unset SPARK_REMOTE",
        )


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of what contains it
        return False


def _open(remote: SecretStr, catalog: Mapping[str, str]) -> "SparkSession":
    """A session on the server, which does not know of it before its first call, unless another process has used it."""
    from pyspark.sql.connect import client as connect_client
    from pyspark.sql.connect.session import SparkSession as ConnectSession

    # It warns of each window that spans a whole table, on the terminal; classic Spark does so in its log.
    warnings.filterwarnings("ignore", "WARN WindowExpression: No Partition Defined", UserWarning)
    channel = getattr(connect_client, "DefaultChannelBuilder", connect_client.ChannelBuilder)  # Spark 4's, else 3.5's
    made = channel(_with_session(remote.get_secret_value(), catalog))
    # From an address it would make a call at once, which knows no patience but its own, and tell the server our key.
    session = ConnectSession.Builder().channelBuilder(made).create()
    client = session.client
    if hasattr(client, "set_retry_policies"):  # Spark 4
        from pyspark.sql.connect.client.retries import DefaultPolicy

        client.set_retry_policies([DefaultPolicy(**_PATIENCE)])
    else:
        client._retry_policy.update(_PATIENCE)
    return cast("SparkSession", session)


def _with_session(remote: str, catalog: Mapping[str, str]) -> str:
    """Let all processes that a server of ours is for, and that use the same catalog, be one session.

    What Spark compiles for a query it keeps for the session, and a process is mostly one run: each would pay anew for
    what the one before it has had compiled. On others' servers a process has a session to itself, as they expect.
    """
    if f";{KEY}=" not in remote:
        return remote
    return f"{remote};session_id={uuid.uuid5(uuid.NAMESPACE_URL, f'{remote} {sorted(catalog.items())}')}"


def _is_introduced(session: "SparkSession") -> bool:
    """Ask the server whether it knows the session; it makes one that it does not know.

    What this process still releases of an earlier query asks for the session, too, and makes none. When both ask a new
    server at the same time, Spark 3.5 looks once and tells both that there is no such session.
    """
    from pyspark.errors.exceptions.connect import SparkConnectGrpcException

    for _ in range(_COLLISIONS):
        try:
            return session.conf.get(_INTRODUCED, None) is not None
        except SparkConnectGrpcException as error:
            if "SESSION_NOT_FOUND" not in str(error):
                raise
    return session.conf.get(_INTRODUCED, None) is not None


def _introduce(session: "SparkSession", catalog: Mapping[str, str], where: str) -> None:
    """Tell the server what the session works with."""
    if _EXTENSION not in (session.conf.get("spark.sql.extensions", "") or ""):
        raise FqError(
            "The Spark Connect server has no Iceberg",
            where=where,
            fix="Start it with Iceberg's runtime on its class path and with "
            f"spark.sql.extensions=org.apache.iceberg.spark.extensions.{_EXTENSION}; docs/spark.md lists all of it",
        )
    from pyspark.sql.connect.proto import ConfigRequest, KeyValue

    ours = {**_OURS, **catalog, _INTRODUCED: "true"}
    pairs = [KeyValue(key=name, value=value) for name, value in ours.items()]
    # One call: `session.conf` would make one for each.
    session.client.config(ConfigRequest.Operation(set=ConfigRequest.Set(pairs=pairs)))

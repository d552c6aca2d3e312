"""Spark, started when it is first read: one JVM in a process, a session in it for each Iceberg catalog.

Belongs here: the embedded session's configuration and its life. Does not: sessions on a server (`connect.py`), reading
or writing tables (`lakehouse/`).
"""

import atexit
import importlib.metadata
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, PrivateAttr

from fq_platform.errors import FqError
from fq_platform.lakehouse.connection import spark_catalog_conf
from fq_platform.lakehouse.layout import CATALOG
from fq_platform.lakehouse.s3_access import adopt_aws_environment
from fq_platform.resources.connect import connected
from fq_platform.resources.jars import Jar, jar_paths, jars_of, pinned_jars
from fq_platform.resources.java import java_home
from fq_platform.settings import Settings, get_settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOOPBACK = "127.0.0.1"

_ON_ONE_MACHINE = {
    # Planning costs more than computing here: the plan is made once, not again after every stage, and without the
    # text of its expressions, which is written at every query for a UI that is not running.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.maxPlanStringLength": "10000",
    "spark.sql.inMemoryColumnarStorage.compressed": "false",
}
"""What only pays on a cluster, switched off for `local` masters; other masters keep Spark's defaults."""

SECRETS = "(?i)secret|password|token|access[-.]?key|credential"
"""What Spark must not show: the properties of catalogs whose names hold one of these words (regular expression)."""

JDK_NET = Path(__file__).parent / "jdk_net" / "jdk-net.jar"
"""Stands in for the module `jdk.net`, which the Java that comes as a wheel lacks and Iceberg's HTTP clients need. It is
made of the sources beside it; a Java that has the module does not look here (docs/adr/0018)."""

_NEEDED_FOR_EVERY_COLUMN = ("functions", "PythonUtils", "SparkSession")
"""The classes that PySpark asks the JVM for whenever a column is made."""

_starting = threading.Lock()
_sessions: dict[tuple[str, frozenset[tuple[str, str]]], "SparkSession"] = {}
"""The sessions of this process by the JVM's application and the catalog's configuration."""


def spark_conf(settings: Settings, jars: Sequence[Path] = ()) -> dict[str, str]:
    """The configuration of the JVM and of all its sessions: small, quiet, in UTC, with ANSI SQL.

    ANSI mode makes a cast that fails an error rather than a silent null; where a null is wanted, `try_cast` says so.

    Args:
        settings: `FQ_SPARK_*` are read.
        jars: Local files put on the class path (paths).

    Returns:
        Spark property names and values; the catalog, which each session has its own of, is not among them.
    """
    java_options = [
        # The session is short and small: the optimising compiler and a parallel collector cost more than they save.
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        # Java collects everything each time that it has loaded so many classes more; Spark's first queries load most.
        "-XX:MetaspaceSize=256m",
        # With that compiler alone Java reserves 48 MB for its code, which some minutes of queries fill: then it only
        # interprets.
        "-XX:ReservedCodeCacheSize=240m",
        f"-Dlog4j2.configurationFile={(Path(__file__).parent / 'log4j2.properties').as_uri()}",
        "-Duser.timezone=UTC",
    ]
    return {
        "spark.app.name": "fq-platform",
        "spark.master": settings.spark_master,
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.driver.extraJavaOptions": " ".join(java_options),
        "spark.driver.extraClassPath": os.pathsep.join(str(jar) for jar in (*jars, JDK_NET)),
        "spark.driver.bindAddress": LOOPBACK,
        "spark.driver.host": LOOPBACK,
        "spark.redaction.regex": SECRETS,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.defaultCatalog": CATALOG,
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        **(_ON_ONE_MACHINE if settings.spark_master.startswith("local") else {}),
    }


def start_session(settings: Settings, jars: Sequence[Jar] | None = None) -> "SparkSession":
    """Give the session over the settings' catalog: on the server of `SPARK_REMOTE` if it is set, else in this process.

    The JVM of this process is started if none runs yet. Its first session is the one that PySpark itself gives as the
    active one; one over another catalog is a new session in the same JVM, with views and settings of its own.

    Args:
        settings: See `spark_conf` and `spark_catalog_conf`.
        jars: What a JVM that is started loads; those of the profile if not given.

    Returns:
        A session with the catalog `iceberg`, the same each time; its JVM ends with this process at the latest.

    Raises:
        FqError: No Java 17, no jars, a setting that the profile needs is missing, or the JVM runs without its jars; the
            server cannot be used (`connected`).
    """
    adopt_aws_environment(settings)
    catalog = spark_catalog_conf(settings)
    settings.home.mkdir(parents=True, exist_ok=True)  # SQLite creates its file, not the folder
    with _starting:
        if settings.spark_remote is not None:
            return connected(settings.spark_remote, catalog)
        running = _running_session()
        if running is None:
            return _with_catalog(_start(settings, jars or jars_of(settings.profile)), catalog)
        _require_jars(running, settings)
        return _sessions.get(_key(running, catalog)) or _with_catalog(running.newSession(), catalog)


def _start(settings: Settings, jars: Sequence[Jar]) -> "SparkSession":
    """A JVM and its first session, without a catalog."""
    conf = spark_conf(settings, jar_paths(settings, jars))
    _prepare_environment(java_home(java_module()))

    from dagster_pyspark import LazyPySparkResource

    with _own_interrupt_handler():
        session = LazyPySparkResource(spark_config=conf).spark_session
    _remember_classes(session)
    _hang_up_when_interrupted(session)
    atexit.register(_stop, session)
    return session


def _remember_classes(session: "SparkSession") -> None:
    """Spare the JVM the same searches again and again, which were an eighth of its time.

    PySpark keeps no class that it has asked for. Each time the JVM looks for it in every package that PySpark knows,
    and for each of them in all of some 250 jars. A name that the view on the JVM has as an attribute is not asked for.
    """
    jvm = session._jvm
    for name in _NEEDED_FOR_EVERY_COLUMN:
        setattr(jvm, name, getattr(jvm, name))


def _hang_up_when_interrupted(session: "SparkSession") -> None:
    """Give up the connection of a call that an interruption ends, since its answer is yet to come on it.

    The next call would take that answer for its own. Py4J does so for `KeyboardInterrupt` only, and Dagster raises an
    exception of its own.
    """
    client = session.sparkContext._gateway._gateway_client  # type: ignore[union-attr]
    send = client.send_command

    def send_command(*args: Any, **kwargs: Any) -> Any:
        try:
            return send(*args, **kwargs)
        except BaseException:
            connection = client.get_thread_connection()
            if connection is not None:
                connection.close()
            raise

    client.send_command = send_command


def _with_catalog(session: "SparkSession", catalog: Mapping[str, str]) -> "SparkSession":
    """Tell a session of its catalog; not the JVM, which shows its configuration and hands it to every session."""
    for name, value in catalog.items():
        session.conf.set(name, value)
    return _sessions.setdefault(_key(session, catalog), session)


def _key(session: "SparkSession", catalog: Mapping[str, str]) -> tuple[str, frozenset[tuple[str, str]]]:
    return str(session.conf.get("spark.app.id")), frozenset(catalog.items())


def _running_session() -> "SparkSession | None":
    """Any session of this process, if there is one."""
    if "pyspark" not in sys.modules:
        return None
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    try:
        return SparkSession.active()
    except PySparkRuntimeError:  # how it says that there is none
        return None


def _require_jars(running: "SparkSession", settings: Settings) -> None:
    """Refuse a profile whose jars the JVM was started without; what somebody else's JVM has cannot be told."""
    loaded = running.conf.get("spark.driver.extraClassPath", "") or ""
    missing = [jar.file for jar in jars_of(settings.profile) if jar.file not in loaded]
    if missing and any(jar.file in loaded for jar in pinned_jars()):
        raise FqError(
            f"The Spark of this process was started for another profile, without {', '.join(missing)}",
            where=f"FQ_PROFILE={settings.profile.value}",
            fix="Start with this profile, or use another process",
        )


def _stop(session: "SparkSession") -> None:
    """End the session; the JVM ends with this process in any case."""
    from py4j.protocol import Py4JError

    # The JVM may have ended before, as by the same Ctrl-C.
    with suppress(Py4JError, OSError):
        session.stop()


@contextmanager
def _own_interrupt_handler() -> Iterator[None]:
    """Keep Ctrl-C as it is: PySpark would take it away from Dagster, which ends its runs cleanly."""
    handler = signal.getsignal(signal.SIGINT)
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)


def java_module() -> str:
    """The module of Java that the installed Spark computes vectors with and does not start without, if any."""
    return "jdk.incubator.vector" if importlib.metadata.version("pyspark").startswith("4.") else ""


def _prepare_environment(java: Path) -> None:
    """Name the programs that Spark's launcher starts, whatever the machine's own defaults are."""
    import pyspark

    if os.environ.get("SPARK_REMOTE") == "":  # unset, as for all settings; to PySpark it would be a server
        del os.environ["SPARK_REMOTE"]
    os.environ["JAVA_HOME"] = str(java)
    os.environ["SPARK_HOME"] = str(Path(pyspark.__file__).parent)
    os.environ["SPARK_LOCAL_IP"] = LOOPBACK
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable


class SparkResource(dg.ConfigurableResource):
    """Gives assets and IO managers the session over the catalog; nothing is imported or started before it is read."""

    home: str = Field(default="", description="Folder of the catalog and the warehouse; FQ_HOME if empty")

    _session: "SparkSession | None" = PrivateAttr(default=None)

    @property
    def settings(self) -> Settings:
        """The settings of this process, with this resource's `home`."""
        settings = get_settings()
        return settings.model_copy(update={"home": Path(self.home)}) if self.home else settings

    @property
    def spark_session(self) -> "SparkSession":
        """The session, started on first use (see `start_session`)."""
        settings = self.settings
        # A server may have forgotten its session since it was last asked for.
        if self._session is None or settings.spark_remote is not None:
            self._session = start_session(settings)
        return self._session

"""The embedded Spark session over the Iceberg catalog, started when it is first read.

Belongs here: the session's configuration and its life. Does not: reading or writing tables (`lakehouse/`).
"""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field, PrivateAttr

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import spark_catalog_conf
from fq_platform.lakehouse.layout import CATALOG
from fq_platform.resources.jars import jar_paths
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


def spark_conf(settings: Settings, jars: Sequence[Path] = ()) -> dict[str, str]:
    """The configuration of an embedded session: small, quiet, in UTC, with ANSI SQL.

    ANSI mode makes a cast that fails an error rather than a silent null; where a null is wanted, `try_cast` says so.

    Args:
        settings: `FQ_SPARK_*`, `FQ_PROFILE` and `FQ_HOME` are read.
        jars: Local files put on the class path (paths).

    Returns:
        Spark property names and values.
    """
    java_options = [
        # The session is short and small: the optimising compiler and a parallel collector cost more than they save.
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        f"-Dlog4j2.configurationFile={(Path(__file__).parent / 'log4j2.properties').as_uri()}",
        "-Duser.timezone=UTC",
    ]
    return {
        "spark.app.name": "fq-platform",
        "spark.master": settings.spark_master,
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.driver.extraJavaOptions": " ".join(java_options),
        "spark.driver.extraClassPath": os.pathsep.join(str(jar) for jar in jars),
        "spark.driver.bindAddress": LOOPBACK,
        "spark.driver.host": LOOPBACK,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.defaultCatalog": CATALOG,
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        **(_ON_ONE_MACHINE if settings.spark_master.startswith("local") else {}),
        **spark_catalog_conf(settings),
    }


def start_session(settings: Settings) -> "SparkSession":
    """Start the process's Spark session, or return it if it runs already over the same catalog.

    Args:
        settings: See `spark_conf`.

    Returns:
        A session with the catalog `iceberg`; its JVM ends with this process at the latest.

    Raises:
        FqError: No Java 17, no jars, a profile that is not available, or a session over another catalog is running.
    """
    if running := _running_session(settings):
        return running
    conf = spark_conf(settings, jar_paths(settings))
    _prepare_environment(java_home())
    settings.home.mkdir(parents=True, exist_ok=True)  # SQLite creates its file, not the folder

    from dagster_pyspark import LazyPySparkResource

    with _own_interrupt_handler():
        session = LazyPySparkResource(spark_config=conf).spark_session
    atexit.register(_stop, session)
    return session


def _stop(session: "SparkSession") -> None:
    """End the session; the JVM ends with this process in any case."""
    from py4j.protocol import Py4JError

    # An interruption in the middle of a call leaves a connection on which nothing more can be asked.
    with suppress(Py4JError, OSError):
        session.stop()


@contextmanager
def _own_interrupt_handler() -> Iterator[None]:
    """Keep Ctrl-C as it is: PySpark would take it away from Dagster, which ends its runs cleanly."""
    handler = signal.getsignal(signal.SIGINT)
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)


def _prepare_environment(java: Path) -> None:
    """Name the programs that Spark's launcher starts, whatever the machine's own defaults are."""
    import pyspark

    os.environ["JAVA_HOME"] = str(java)
    os.environ["SPARK_HOME"] = str(Path(pyspark.__file__).parent)
    os.environ["SPARK_LOCAL_IP"] = LOOPBACK
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable


def _running_session(settings: Settings) -> "SparkSession | None":
    """The session of this process, if there is one.

    A process has one session only: asking it for a second warehouse would silently give the first one's tables.
    """
    if "pyspark" not in sys.modules:
        return None
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    if running is not None:
        uri = f"spark.sql.catalog.{CATALOG}.uri"
        present, wanted = running.conf.get(uri, None), spark_catalog_conf(settings)[uri]
        if present != wanted:
            raise FqError(
                f"A Spark session over another catalog runs in this process: {present}",
                where=wanted,
                fix="Stop that session first (`session.stop()`), or use another process",
            )
    return running


class SparkResource(dg.ConfigurableResource):
    """Gives assets and IO managers the process's Spark session; nothing is imported or started before it is read."""

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
        if self._session is None:
            self._session = start_session(self.settings)
        return self._session

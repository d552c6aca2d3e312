"""Each of our services is started as compose.yaml says, one after the other as it says, and its health check passes.

The servers of other makers stand in as the tests have them: PostgreSQL as a package, the embedded MongoDB for MongoDB.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

import boto3
import psycopg2
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from fq_platform.demo.embedded_mongo import EmbeddedMongo
from fq_platform.demo.object_store_command import GRPC_OFFSET, Ports
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.settings import Settings
from fq_platform_tests.docker.compose import ENVIRONMENT, LOCAL, read
from fq_platform_tests.docker.processes import ENTRYPOINT, Process, run, started, variables
from fq_platform_tests.e2e.dagster_api import Dagster
from fq_platform_tests.fixtures.catalog_servers import Postgres, free_port

pytestmark = pytest.mark.services

SOURCES = """
app: ecommerce_db
database: ecommerce_db_raw
start_date: 2026-01-01
collections: {orders: {}, products: {}}
"""
"""Two tables are enough, and without days each is written once."""
CHOSEN = {"FQ_DEMO_ORDERS": "100", "FQ_ENVIRONMENT": "test", "FQ_SOURCES": "sources.yaml"}
"""What `.env` may say; nothing runs by itself in the environment of tests."""
SERVICES: dict[str, dict[str, Any]] = read(LOCAL, ENVIRONMENT | CHOSEN)["services"]
USER = "stack"
"""PostgreSQL's user in place of compose's `fq`, who has another password in the tests."""


class Stack:
    """The servers that compose names by their services, at the addresses that they have here.

    Args:
        folder: In place of the volume.
        postgres: The tests' server.
        mongo_uri: Of the embedded MongoDB.
    """

    def __init__(self, folder: Path, postgres: Postgres, mongo_uri: str) -> None:
        self.folder = folder
        self.s3, self.code_port = Ports.free(), free_port()
        self._addresses = {
            "postgresql://fq:": f"postgresql://{USER}:",
            "@postgres:5432/lake": f"@127.0.0.1:{postgres.port}/stack_lake",
            "mongodb://mongodb:27017/?replicaSet=rs0": mongo_uri,
            "http://s3:8333": f"http://127.0.0.1:{self.s3.s3}",
        }
        self._values = {
            "DAGSTER_POSTGRES_HOST": "127.0.0.1",
            "DAGSTER_POSTGRES_PORT": str(postgres.port),
            "DAGSTER_POSTGRES_DB": "stack_dagster",
            "DAGSTER_POSTGRES_USER": USER,
            "CODE_SERVER_HOST": "127.0.0.1",
            "CODE_SERVER_PORT": str(self.code_port),
            "FQ_SOURCES": str(folder / CHOSEN["FQ_SOURCES"]),
        }

    def environment(self, service: str) -> dict[str, str]:
        """The variables that compose gives to a service."""
        given: dict[str, str] = dict(SERVICES[service]["environment"])
        for name, value in given.items():
            for theirs, ours in self._addresses.items():
                value = value.replace(theirs, ours)
            given[name] = self._values.get(name, value)
        return variables(given, self.folder)

    def settings(self) -> Settings:
        """Those of the platform's services."""
        return Settings.model_validate(
            {name: value for name, value in self.environment("code-server").items() if value and name != "PATH"}
        )

    def run(self, service: str) -> str:
        """Run a service that ends by itself.

        Returns:
            What it said.
        """
        done = run([ENTRYPOINT, *SERVICES[service]["command"]], self.environment(service))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextlib.contextmanager
    def serves(self, service: str, **further: str) -> Iterator[Process]:
        """Run a server until the end of the block."""
        made = SERVICES[service]
        kind, *check = made["healthcheck"]["test"]
        assert kind == "CMD"
        environment = self.environment(service) | further
        with started(service, [ENTRYPOINT, *made["command"]], environment, self.folder, check) as process:
            yield process


@pytest.fixture(scope="module")
def stack(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    with contextlib.closing(psycopg2.connect(postgres.uri())) as connection:
        connection.autocommit = True
        connection.cursor().execute(
            f"CREATE ROLE {USER} LOGIN CREATEDB PASSWORD %s", [ENVIRONMENT["POSTGRES_PASSWORD"]]
        )
        connection.cursor().execute(f"CREATE DATABASE stack_dagster OWNER {USER}")
    (folder / CHOSEN["FQ_SOURCES"]).write_text(SOURCES)
    with EmbeddedMongo(Settings(home=folder / "source")) as mongo:
        yield Stack(folder, postgres, mongo.uri)


@pytest.fixture(scope="module")
def s3(stack: Stack) -> Iterator[Process]:
    ports = {f"S3_{part.upper()}_PORT": str(getattr(stack.s3, part)) for part in ("master", "volume", "filer")}
    data = stack.folder / "s3"
    data.mkdir()
    with stack.serves("s3", LISTEN_PORT=str(stack.s3.s3), S3_DATA=str(data), **ports) as process:
        yield process
    for port in astuple(stack.s3):  # what it leaves where it is killed
        for socket in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
            socket.unlink()
        for socket in Path("/tmp").glob(f"seaweedfs-*-{port + GRPC_OFFSET}.sock"):
            socket.unlink()


@pytest.fixture(scope="module")
def landed(stack: Stack, s3: Process) -> str:
    """What the extraction said, after what compose runs before it."""
    stack.run("catalog")
    stack.run("sample-data")
    return stack.run("mongodb-iceberg-etl")


@pytest.fixture(scope="module")
def code_server(stack: Stack, landed: str) -> Iterator[Process]:
    with stack.serves("code-server", LISTEN_PORT=str(stack.code_port)) as process:
        yield process


@pytest.fixture(scope="module")
def webserver(stack: Stack, code_server: Process) -> Iterator[Process]:
    with stack.serves("dagster-webserver") as process:
        yield process


def client(stack: Stack, **config: Any) -> Any:
    key = {f"aws_{name}": ENVIRONMENT[f"AWS_{name.upper()}"] for name in ("access_key_id", "secret_access_key")}
    style = Config(s3={"addressing_style": "path"}, **config)
    return boto3.client(
        "s3", endpoint_url=f"http://127.0.0.1:{stack.s3.s3}", region_name="eu-central-1", config=style, **key
    )


def test_s3_knows_one_key(stack: Stack, s3: Process) -> None:
    assert client(stack).list_buckets()["Buckets"] is not None
    with pytest.raises(ClientError, match="AccessDenied"):
        client(stack, signature_version=UNSIGNED).list_buckets()


def test_catalog_and_bucket_are_made_and_left_alone_the_next_time(stack: Stack, landed: str) -> None:
    again = stack.run("catalog")

    assert again == "The catalog and the bucket fq-app-analytics-bucket-1 are there\n"
    assert [bucket["Name"] for bucket in client(stack).list_buckets()["Buckets"]] == ["fq-app-analytics-bucket-1"]


def test_extraction_lands_every_collection_in_the_bucket(stack: Stack, landed: str) -> None:
    catalog = open_catalog(stack.settings())
    orders = catalog.load_table("raw.ecommerce_db_orders")

    assert sorted(catalog.list_tables("raw")) == [("raw", "ecommerce_db_orders"), ("raw", "ecommerce_db_products")]
    assert orders.scan().count() == 100
    assert orders.location() == "s3://fq-app-analytics-bucket-1/iceberg-warehouse/raw/ecommerce_db/orders"


def test_sample_is_loaded_once(stack: Stack, landed: str) -> None:
    assert "100 orders" in stack.run("sample-data")


def test_prepare_tells_what_is_wrong_without_the_password(stack: Stack, s3: Process) -> None:
    wrong = stack.environment("catalog")
    wrong["FQ_CATALOG_URI"] = wrong["FQ_CATALOG_URI"].replace("in-the-stack", "not-in-the-stack")

    done = run([ENTRYPOINT, "prepare"], wrong)

    assert done.returncode == 1
    assert "refuses the login" in done.stderr
    assert "Traceback" not in done.stderr
    assert "in-the-stack" not in done.stderr + done.stdout


def test_dagster_in_three_parts_makes_a_table(stack: Stack, webserver: Process) -> None:
    """The web server takes the order, the daemon hands it on, the code server's process does it."""
    dagster = Dagster(f"http://127.0.0.1:{webserver.port}")
    (location,) = dagster.ask("{workspaceOrError {... on Workspace {locationEntries {name loadStatus}}}}")[
        "workspaceOrError"
    ]["locationEntries"]
    assert location == {"name": "fq_platform", "loadStatus": "LOADED"}

    with stack.serves("dagster-daemon"):
        run_id = launched(dagster, ["raw", "ecommerce_db_products"])
        assert dagster.await_run(run_id) == "SUCCESS"

    assert dagster.outcome(run_id)["raw/ecommerce_db_products"] == "SUCCESS"
    assert not list(stack.folder.glob("dagster/**/*.db"))  # all of it in PostgreSQL


def launched(dagster: Dagster, asset: list[str]) -> str:
    """Ask for an asset; the run is queued.

    Returns:
        The run's id.
    """
    key = f"[{{path: {json.dumps(asset)}}}]"
    selector = 'repositoryLocationName: "fq_platform", repositoryName: "__repository__", pipelineName: "__ASSET_JOB"'
    parameters = f'{{selector: {{{selector}, assetSelection: {key}}}, runConfigData: "{{}}"}}'
    told = "... on LaunchRunSuccess {run {runId}} ... on PythonError {message} ... on InvalidSubsetError {message}"
    answer = dagster.ask(f"mutation {{launchPipelineExecution(executionParams: {parameters}) {{{told}}}}}")
    run_id: str = answer["launchPipelineExecution"]["run"]["runId"]
    return run_id


@pytest.mark.parametrize("service", ["dashboard", "jupyter"])
def test_page_is_healthy(service: str, stack: Stack, landed: str) -> None:
    with stack.serves(service) as page:
        assert page.is_healthy()
    assert not page.is_healthy()


def test_health_of_what_is_unknown_is_an_error(tmp_path: Path) -> None:
    done = run([ENTRYPOINT, "healthy", "daemons"], variables({}, tmp_path))

    assert (done.returncode, done.stderr) == (2, "healthy: nothing is known of 'daemons'\n")


def test_any_other_command_is_run_as_it_stands(stack: Stack, landed: str) -> None:
    done = run([ENTRYPOINT, "fq", "tables"], stack.environment("code-server") | {"COLUMNS": "200"})

    assert done.returncode == 0, done.stderr
    assert "raw.ecommerce_db_orders" in done.stdout
    assert os.environ.get("FQ_CATALOG_URI") is None

"""All tables of the IFCO application, made once from each folder of files by the assets themselves."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from fq_platform.assets.ifco import build_ifco_assets
from fq_platform.assets.raw import build_raw_assets
from fq_platform.ifco import ifco_sources
from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.query.engine import open_engine
from fq_platform.query.options import EngineName
from fq_platform.resources.mongo import MongoResource
from fq_platform.settings import Settings, get_settings
from fq_platform_tests.ifco.folders import Folder, folders
from fq_platform_tests.ifco.oracle import Rows

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from fq_platform.query.engine import QueryEngine
    from fq_platform.resources.spark import SparkResource


@dataclass
class Lake:
    """A lakehouse with the application's tables.

    Args:
        folder: What they were made of.
        settings: Where they are.
        session: Spark over them.
        run: The run that made them.
    """

    folder: Folder
    settings: Settings
    session: "SparkSession"
    run: dg.ExecuteInProcessResult

    @cached_property
    def duckdb(self) -> "QueryEngine":
        """The query layer's default engine."""
        return open_engine(EngineName.DUCKDB, self.settings)

    def from_duckdb(self, table: str) -> Rows:
        """All rows of an analytics table in the order of their text."""
        found = self.duckdb.execute(f"SELECT * FROM analytics.{table}").read_all().to_pylist()
        return sorted((tuple(row.values()) for row in found), key=str)

    def from_spark(self, table: str) -> Rows:
        """The same by Spark."""
        found = self.session.table(f"iceberg.analytics.{table}").collect()
        return sorted((tuple(row) for row in found), key=str)


@pytest.fixture(scope="session", params=folders(), ids=lambda folder: "real" if folder.is_real else "packaged")
def lake(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    resource_over: "Callable[[Settings], SparkResource]",
) -> Lake:
    """The lakehouse of a folder's files; the tests of one folder run one after the other."""
    folder: Folder = request.param
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FQ_HOME", str(tmp_path_factory.mktemp("ifco") / "fq"))
        environment.setenv("FQ_IFCO_SOURCE", "files")
        environment.setenv("FQ_IFCO_PATH", str(folder.path))
        environment.setenv("FQ_IFCO_TODAY", folder.today.isoformat() if folder.today else "")
        get_settings.cache_clear()
        settings = get_settings()
        resource = resource_over(settings)
        run = materialise(resource, settings)
    get_settings.cache_clear()
    return Lake(folder, settings, resource.spark_session, run)


def materialise(resource: "SparkResource", settings: Settings) -> dg.ExecuteInProcessResult:
    """Make every table of the application in one run of this process."""
    sources = ifco_sources(settings)
    assert sources is not None
    return dg.materialize(
        [*build_raw_assets(sources), *build_ifco_assets(sources)],
        resources={
            "io_manager": SparkIcebergIOManager(spark=resource, app=sources.app),
            "mongo": MongoResource(),
        },
        instance=dg.DagsterInstance.ephemeral(),
    )

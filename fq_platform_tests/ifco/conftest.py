"""The IFCO application's tables, made once: the whole way through Dagster, and of other files by transforms alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from fq_platform.assets.ifco import OF_TODAY, UPSTREAM, build_ifco_assets
from fq_platform.assets.raw import build_raw_assets
from fq_platform.assets.tables import transform
from fq_platform.ifco import ifco_sources
from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.query.engine import open_engine
from fq_platform.query.options import EngineName
from fq_platform.resources.mongo import MongoResource
from fq_platform.settings import Settings, get_settings
from fq_platform_tests.ifco.folders import PACKAGED, Folder, whole_way
from fq_platform_tests.ifco.oracle import ANALYSES, Rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from fq_platform.query.engine import QueryEngine
    from fq_platform.resources.spark import SparkResource

USED_OFTEN = {name for upstream in UPSTREAM.values() for name in upstream if name.startswith(("dim_", "fct_"))}


@dataclass
class Lake:
    """A lakehouse with the application's tables.

    Args:
        folder: The files.
        settings: Where the tables are.
        resource: Spark over them.
    """

    folder: Folder
    settings: Settings
    resource: "SparkResource"

    @cached_property
    def duckdb(self) -> "QueryEngine":
        """The query layer's default engine."""
        return open_engine(EngineName.DUCKDB, self.settings)

    def from_duckdb(self, table: str) -> Rows:
        """All rows of an analytics table, in the order of their text."""
        found = self.duckdb.execute(f"SELECT * FROM analytics.{table}").read_all().to_pylist()
        return sorted((tuple(row.values()) for row in found), key=str)

    def from_spark(self, table: str) -> Rows:
        """The same by Spark."""
        return collected(self.resource.spark_session.table(f"iceberg.analytics.{table}"))

    def materialise(self, *tables: str, upstream: bool = False, **environment: str) -> None:
        """Make tables by their assets, in one run of this process.

        Args:
            *tables: Their names.
            upstream: Whether all that they are made of is made before.
            **environment: Variables that settings are read from.
        """
        with settings_from(
            {"FQ_HOME": str(self.settings.home), **_source(self.folder.path), **environment}
        ) as settings:
            sources = ifco_sources(settings)
            assert sources is not None
            assets = [*build_raw_assets(sources), *build_ifco_assets(sources)]
            selection = dg.AssetSelection.assets(*(made.key for made in assets if made.key.path[-1] in tables))
            dg.materialize(
                assets,
                selection=selection.upstream() if upstream else selection,
                resources={
                    "io_manager": SparkIcebergIOManager(spark=self.resource, app=sources.app),
                    "mongo": MongoResource(),
                },
                instance=dg.DagsterInstance.ephemeral(),
            )


@contextmanager
def settings_from(variables: dict[str, str]) -> Iterator[Settings]:
    """The process's settings, read from these variables for the length of a `with` block."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in variables.items():
            environment.setenv(name, value)
        get_settings.cache_clear()
        yield get_settings()
    get_settings.cache_clear()


def collected(frame: "DataFrame") -> Rows:
    """All rows, in the order of their text."""
    return sorted((tuple(row) for row in frame.collect()), key=str)


def _source(folder: Path) -> dict[str, str]:
    return {"FQ_IFCO_SOURCE": "files", "FQ_IFCO_PATH": str(folder)}


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory, resource_over: "Callable[[Settings], SparkResource]") -> Lake:
    """The analyses and all that they are made of, of the real files if these are at hand, else of the packaged ones."""
    folder = whole_way()
    with settings_from({"FQ_HOME": str(tmp_path_factory.mktemp("ifco") / "fq"), **_source(folder.path)}) as settings:
        made = Lake(folder, settings, resource_over(settings))
    made.materialise(*ANALYSES, upstream=True)
    return made


@pytest.fixture(scope="session")
def packaged_answers(
    tmp_path_factory: pytest.TempPathFactory, resource_over: "Callable[[Settings], SparkResource]"
) -> dict[str, Rows]:
    """What the transforms make of the packaged files, by the analysis, in the middle of their last year."""
    from fq_platform.extraction.files.folder import folder_of
    from fq_platform.extraction.sync import sync
    from fq_platform.extraction.windows import Window
    from fq_platform.lakehouse.catalog import open_catalog
    from fq_platform.lakehouse.layout import Layer, TableName, layout_of

    with settings_from(
        {"FQ_HOME": str(tmp_path_factory.mktemp("packaged") / "fq"), **_source(PACKAGED.path)}
    ) as settings:
        sources, catalog, layout = ifco_sources(settings), open_catalog(settings), layout_of(settings)
        assert sources is not None
        folder = folder_of(sources)
        assert folder is not None
        session = resource_over(settings).spark_session
        raw = {}
        for name in sources.collections:
            table = layout.place(TableName(Layer.RAW, sources.table(name), sources.app))
            location = layout.location(table)
            sync(folder, name, [Window()], catalog=catalog, table=table, location=location, run_id="test")
            raw[name] = session.table(table.qualified)
    made = {
        f"ifco_{name}_silver": transform(f"ifco_{name}_silver")(**{name: raw[name]}).localCheckpoint() for name in raw
    }
    for name, upstream in UPSTREAM.items():
        today: dict[str, Any] = {"today": PACKAGED.today} if name in OF_TODAY else {}
        frame = transform(name)(**{one: made[one] for one in upstream}, **today)
        made[name] = frame.localCheckpoint() if name in USED_OFTEN else frame
    return {analysis: collected(made[analysis]) for analysis in ANALYSES}

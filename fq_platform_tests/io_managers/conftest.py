"""Assets made of SQL, run by Dagster on the real session and catalog."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pytest
from pyspark.sql import DataFrame, Row, SparkSession

from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.lakehouse.layout import TableName
from fq_platform.resources.spark import SparkResource

DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-02-01")
COLUMN = "day"


@dataclass
class Lake:
    """Runs assets and looks at what they left in their tables."""

    spark: SparkSession
    resource: SparkResource
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    def io_manager(self) -> SparkIcebergIOManager:
        return SparkIcebergIOManager(spark=self.resource, app="app")

    def asset(self, table: TableName, sql: str, *, daily: bool = True, **options: Any) -> dg.AssetsDefinition:
        """An asset that returns the rows of a query."""

        @dg.asset(
            key=list(table.identifier),
            partitions_def=DAYS if daily else None,
            backfill_policy=dg.BackfillPolicy.single_run(),
            metadata={"partition_expr": COLUMN} if daily else {},
            **options,
        )
        def made() -> Any:
            return self.spark.sql(sql)

        return made

    def run(
        self,
        assets: dg.AssetsDefinition | Sequence[dg.AssetsDefinition],
        days: str | tuple[str, str] | None = None,
        *,
        fails: bool = False,
        selection: Any = None,
    ) -> dg.ExecuteInProcessResult:
        """Materialise assets for one day, a range of days (first and last), or without partitions."""
        first, last = days if isinstance(days, tuple) else (None, None)
        result = dg.materialize(
            assets if isinstance(assets, Sequence) else [assets],
            resources={"io_manager": self.io_manager()},
            instance=self.instance,
            partition_key=days if isinstance(days, str) else None,
            tags={"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
            if first and last
            else None,
            selection=selection,
            raise_on_error=not fails,
        )
        assert result.success is not fails
        return result

    def write(self, table: TableName, sql: str, days: str | tuple[str, str] | None = None) -> dict[str, Any]:
        """Materialise one asset from a query; returns the metadata of the (first) materialisation."""
        result = self.run(self.asset(table, sql, daily=days is not None), days)
        return metadata(result, table)

    def refusal(self, table: TableName, sql: str, days: str | tuple[str, str] | None = None) -> str:
        """Materialise one asset that must fail; returns what the user is told."""
        return told(self.run(self.asset(table, sql, daily=days is not None), days, fails=True))

    def frame(self, table: TableName) -> DataFrame:
        return self.spark.table(table.qualified)

    def rows(self, table: TableName, *columns: str) -> list[tuple[Any, ...]]:
        """All rows of a table as tuples, sorted."""
        frame = self.frame(table)
        found = (frame.select(*columns) if columns else frame).collect()
        return sorted((tuple(row) for row in found), key=repr)

    def snapshots(self, table: TableName) -> list[Row]:
        """The table's snapshots, oldest first."""
        return self.spark.table(f"{table.qualified}.snapshots").orderBy("committed_at").collect()


def metadata_by_partition(result: dg.ExecuteInProcessResult, table: TableName) -> dict[str | None, dict[str, Any]]:
    """The values of the metadata of a table's materialisations in a run, by partition."""
    materialisations = [
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(list(table.identifier))
    ]
    return {made.partition: {name: value.value for name, value in made.metadata.items()} for made in materialisations}


def metadata(result: dg.ExecuteInProcessResult, table: TableName) -> dict[str, Any]:
    """The values of the metadata of a table's first materialisation in a run."""
    return next(iter(metadata_by_partition(result, table).values()))


def told(result: dg.ExecuteInProcessResult) -> str:
    """The description of the failure of a run's one failed step, as the UI shows it."""
    (failure,) = result.get_step_failure_events()
    shown = failure.step_failure_data.user_failure_data
    assert shown is not None, f"a traceback, not a message: {failure.step_failure_data.error}"
    return str(shown.description)


@pytest.fixture
def lake(spark: SparkSession, spark_resource: SparkResource) -> Lake:
    return Lake(spark, spark_resource)

"""A lakehouse as its users meet it: assets that write, and three engines that read.

Belongs here: running assets, and rows in a form in which engines can be compared. Does not: assertions on rows.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import dagster as dg
import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table
from pyspark.sql import DataFrame, Row, SparkSession

from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName, layout_of, table_of
from fq_platform.query.engine import open_engine
from fq_platform.query.options import EngineName
from fq_platform.resources.spark import SparkResource
from fq_platform.settings import Settings

APP = "shop"
DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-02-01")
Days = str | tuple[str, str] | None
"""The partition of a run, or the first and the last of several."""


@dataclass
class Lakehouse:
    """One catalog with its storage.

    Args:
        backend: One of `BACKENDS`.
        settings: Its settings.
        resource: The Spark session over it.
    """

    backend: str
    settings: Settings
    resource: SparkResource
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    @property
    def session(self) -> SparkSession:
        return self.resource.spark_session

    @property
    def catalog(self) -> Catalog:
        return open_catalog(self.settings)

    @property
    def decides_places(self) -> bool:
        """Whether the catalog says where a table lies, not we."""
        return self.backend == "rest-s3"

    def io_manager(self) -> SparkIcebergIOManager:
        return SparkIcebergIOManager(spark=self.resource, app=APP)

    def table(self, layer: Layer, name: str) -> TableName:
        """The placed name of a table."""
        return layout_of(self.settings).place(table_of((layer.value, name), APP))

    def location(self, table: TableName) -> str | None:
        return layout_of(self.settings).location(table)

    def load(self, table: TableName) -> Table:
        return self.catalog.load_table(table.identifier)

    def query(self, sql: str, as_of: int | None = None) -> pa.Table:
        """What `fq query` answers."""
        return open_engine(EngineName.DUCKDB, self.settings).execute(sql, as_of).read_all()

    def rows(self, table: TableName, *columns: str) -> list[tuple[Any, ...]]:
        """All rows, sorted; Spark, PyIceberg and DuckDB have to agree on them."""
        frame = self.session.table(table.qualified)
        names = list(columns or frame.columns)
        by_spark = comparable(frame.select(*names))
        by_pyiceberg = comparable(self.load(table).scan().to_arrow().select(names))
        quoted = ", ".join(f'"{name}"' for name in names)
        by_duckdb = comparable(self.query(f"SELECT {quoted} FROM {table.dotted}"))
        assert by_spark == by_pyiceberg
        assert by_spark == by_duckdb
        return by_spark

    def snapshots(self, table: TableName) -> list[int]:
        """The snapshots' ids, oldest first."""
        return [snapshot.snapshot_id for snapshot in self.load(table).snapshots()]

    def state(self, table: TableName) -> Any:
        """All that a refused write could have changed for a reader; None if there is no table."""
        if not self.catalog.table_exists(table.identifier):
            return None
        metadata = self.load(table).metadata
        refs = {name: ref.snapshot_id for name, ref in metadata.refs.items()}
        return refs, metadata.schema(), metadata.spec(), metadata.properties

    def run(
        self,
        assets: dg.AssetsDefinition | Sequence[Any],
        days: Days = None,
        *,
        selection: Any = None,
        fails: bool = False,
    ) -> dg.ExecuteInProcessResult:
        """Materialise assets."""
        first, last = days if isinstance(days, tuple) else (None, None)
        between = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
        result = dg.materialize(
            assets if isinstance(assets, Sequence) else [assets],
            resources={"io_manager": self.io_manager()},
            instance=self.instance,
            partition_key=days if isinstance(days, str) else None,
            tags=between if first else None,
            selection=selection,
            raise_on_error=False,
        )
        failures = [event.step_failure_data.error_display_string for event in result.get_step_failure_events()]
        assert result.success is not fails, failures
        return result


class Given:
    """An asset that returns what the test gives it next.

    Args:
        lakehouse: Where it is stored.
        name: Of its table in the analytics layer.
        daily: Whether it is partitioned by day.
        options: Of `dg.asset`.
    """

    def __init__(self, lakehouse: Lakehouse, name: str, *, daily: bool = False, **options: Any) -> None:
        self.lakehouse = lakehouse
        self.table = lakehouse.table(Layer.ANALYTICS, name)
        self.next: Any = None

        @dg.asset(
            key=list(self.table.key),
            partitions_def=DAYS if daily else None,
            backfill_policy=dg.BackfillPolicy.single_run(),
            **options,
        )
        def given() -> Any:
            return self.lakehouse.session.sql(self.next) if isinstance(self.next, str) else self.next

        self.asset = given

    def write(self, rows: Any, days: Days = None) -> dict[str, Any]:
        """Materialise the asset from a query or a frame; returns the metadata of the (first) materialisation."""
        self.next = rows
        return metadata(self.lakehouse.run(self.asset, days))

    def refusal(self, rows: Any, days: Days = None) -> str:
        """Materialise what must be refused, and see that nothing of it is left; returns what the user is told."""
        before = self.lakehouse.state(self.table)
        self.next = rows
        message = told(self.lakehouse.run(self.asset, days, fails=True))
        assert self.lakehouse.state(self.table) == before
        return message


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """The values of the metadata of a run's first materialisation."""
    made = result.get_asset_materialization_events()[0].materialization
    return {name: value.value for name, value in made.metadata.items()}


def told(result: dg.ExecuteInProcessResult) -> str:
    """The description of the failure of a run's one failed step, as the UI shows it."""
    (failure,) = result.get_step_failure_events()
    shown = failure.step_failure_data.user_failure_data
    assert shown is not None, f"a traceback, not a message: {failure.step_failure_data.error}"
    return str(shown.description)


def comparable(frame: Any) -> list[tuple[Any, ...]]:
    """The rows of any frame, sorted, with values that are equal only if they are the same to the last digit."""
    return sorted((tuple(map(_value, row)) for row in _tuples(frame)), key=repr)


def _tuples(frame: Any) -> list[Sequence[Any]]:
    match frame:
        case DataFrame():
            return list(frame.collect())
        case pa.RecordBatchReader():
            frame = frame.read_all()
        case pa.Table():
            pass
        case _ if hasattr(frame, "collect"):  # Polars' lazy frame
            frame = frame.collect().to_arrow()
        case _ if hasattr(frame, "to_arrow"):  # Polars
            frame = frame.to_arrow()
        case _:  # pandas
            frame = pa.Table.from_pandas(frame, preserve_index=False)
    return [tuple(row.values()) for row in frame.to_pylist()]


def _value(value: Any) -> Any:
    match value:
        case Row() | dict():
            return {key: _value(item) for key, item in (value.asDict() if isinstance(value, Row) else value).items()}
        case [tuple() as pair, *_] if not isinstance(pair, Row):  # a map, as Arrow gives it
            return {key: _value(item) for key, item in value}
        case list():
            return [_value(item) for item in value]
        case Decimal():
            return str(value)
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat()
        case bytearray():
            return bytes(value)
        case _:
            return value

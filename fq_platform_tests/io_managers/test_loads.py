"""An asset, or a person, loads a table as it was, a branch of it, or what was appended to it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyiceberg.table import Table
from pyspark.sql import DataFrame

from fq_platform.io_managers.declarations import iceberg_table, loaded
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.spark import NewTable
from fq_platform_tests.io_managers.conftest import Lake, told

pytestmark = pytest.mark.services


def ids(frame: Any) -> list[int]:
    """The column `id` of any frame, sorted."""
    match frame:
        case DataFrame():
            return sorted(row["id"] for row in frame.collect())
        case pa.RecordBatchReader():
            return sorted(frame.read_all()["id"].to_pylist())
        case pl.LazyFrame():
            return sorted(frame.collect()["id"].to_list())
        case pa.Table():
            return sorted(frame["id"].to_pylist())
        case _:
            return sorted(frame["id"].to_list())


def read_in_a_run(
    lake: Lake, upstream: TableName, made: TableName, kind: Any, options: Mapping[str, Any], *, fails: bool = False
) -> Any:
    """The `id`s that an asset is given; what the user is told if it fails."""
    seen: list[list[int]] = []

    @dg.asset(key=list(made.identifier), ins={"rows": dg.AssetIn(list(upstream.identifier), metadata=dict(options))})
    def reader(rows: kind) -> None:
        seen.append(ids(rows))

    result = lake.run([dg.AssetSpec(list(upstream.identifier)), reader], selection=[reader], fails=fails)
    return told(result) if fails else seen[0]


@pytest.fixture
def appended(new_table: NewTable, spark: object, spark_settings: Settings) -> Table:
    """A table to which the ids 1, 2 and 3 were appended, a snapshot each."""
    table = open_catalog(spark_settings).create_table(new_table().identifier, pa.schema([("id", pa.int64())]))
    for number in (1, 2, 3):
        table.append(pa.table({"id": [number]}))
    return table


@pytest.mark.parametrize("kind", [Any, pa.Table], ids=["Spark", "Arrow"])
def test_history_is_loaded_as_declared_at_the_input(
    lake: Lake, new_table: NewTable, appended: Table, kind: Any
) -> None:
    first, second, third = (snapshot.snapshot_id for snapshot in appended.snapshots())
    committed = dt.datetime.fromtimestamp(appended.snapshots()[1].timestamp_ms / 1000, dt.UTC)
    appended.manage_snapshots().create_branch(second, "audit_1").commit()
    appended.append(pa.table({"id": [9]}), branch="audit_1")
    upstream, made = TableName(Layer.ANALYTICS, appended.name()[-1]), new_table()

    def seen(options: Mapping[str, Any]) -> Any:
        return read_in_a_run(lake, upstream, made, kind, options)

    assert seen({}) == [1, 2, 3]
    assert seen(loaded(as_of=first)) == [1]
    assert seen(loaded(as_of=committed)) == seen(loaded(as_of=committed.isoformat())) == [1, 2]
    assert seen(loaded(branch="audit_1")) == [1, 2, 9]
    assert seen(loaded(after=first)) == [2, 3]
    assert seen(loaded(after=first, until=second)) == [2]
    assert seen(loaded(branch="audit_1", after=second)) == [9]
    assert seen(loaded(after=third)) == []


@pytest.mark.parametrize("kind", [Any, pa.Table], ids=["Spark", "Arrow"])
def test_history_that_is_not_there_is_said(lake: Lake, new_table: NewTable, appended: Table, kind: Any) -> None:
    upstream, made = TableName(Layer.ANALYTICS, appended.name()[-1]), new_table()

    def refusal(options: Mapping[str, Any]) -> Any:
        return read_in_a_run(lake, upstream, made, kind, options, fails=True)

    assert "The table has no branch audit_2" in refusal(loaded(branch="audit_2"))
    assert "No snapshot is as old as 2020-01-01" in refusal(loaded(as_of="2020-01-01"))
    assert "The table has no snapshot 7" in refusal(loaded(after=7))
    assert "'soon' is no value of fq/as_of" in refusal({"fq/as_of": "soon"})


@pytest.mark.parametrize("kind", [pa.Table, pl.LazyFrame], ids=str)
def test_missing_table_is_named_to_readers_without_spark(lake: Lake, new_table: NewTable, kind: Any) -> None:
    missing = new_table()
    message = read_in_a_run(lake, missing, new_table(), kind, {}, fails=True)
    assert f"The table {missing.qualified} does not exist yet" in message
    assert f"Materialise {'/'.join(missing.identifier)} first" in message


KINDS = [DataFrame, pa.Table, pa.RecordBatchReader, pl.DataFrame, pl.LazyFrame, pd.DataFrame]


def edges(column: str, zone: str) -> str:
    """Rows around the midnights of a zone: ids 21 to 23 are of its second of January, 31 of the third, 0 of no day."""
    start = dt.datetime(2026, 1, 2, tzinfo=ZoneInfo(zone))
    microsecond, day = dt.timedelta(microseconds=1), dt.timedelta(days=1)
    values = {11: start - microsecond, 21: start, 22: start + day / 2, 23: start + day - microsecond, 31: start + day}
    literals = {
        "DATE": lambda at: f"DATE '{at:%Y-%m-%d}'",
        "TIMESTAMP": lambda at: f"TIMESTAMP '{at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f} UTC'",
        "TIMESTAMP_NTZ": lambda at: f"TIMESTAMP_NTZ '{at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S.%f}'",
    }
    rows = ", ".join(f"({literals[column](at)}, {number})" for number, at in values.items())
    return f"SELECT * FROM VALUES {rows} AS t(moment, id)"


@pytest.mark.parametrize(
    ("column", "zone"),
    [
        ("TIMESTAMP", "UTC"),
        ("DATE", "Europe/Berlin"),
        ("TIMESTAMP", "Europe/Berlin"),
        ("TIMESTAMP_NTZ", "America/New_York"),
    ],
)
def test_day_of_any_zone_is_the_same_rows_in_every_kind_of_frame(
    lake: Lake, new_table: NewTable, column: str, zone: str
) -> None:
    table = new_table()
    partitions = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-02-01", timezone=zone)

    @dg.asset(
        key=list(table.identifier),
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        metadata=iceberg_table(partition_column="moment"),
    )
    def made() -> DataFrame:
        return lake.spark.sql(edges(column, zone))

    result = lake.run(made, ("2026-01-01", "2026-01-03"))
    lake.spark.sql(f"INSERT INTO {table.qualified} VALUES (NULL, 0)")
    definitions = dg.Definitions([made], resources={"io_manager": lake.io_manager()})
    for kind in KINDS:
        found = definitions.load_asset_value(
            made.key, python_type=kind, partition_key="2026-01-02", instance=lake.instance
        )
        assert isinstance(found, kind)
        assert ids(found) == [21, 22, 23], kind
    counts = {
        event.materialization.partition: event.materialization.metadata["dagster/partition_row_count"].value
        for event in result.get_asset_materialization_events()
    }
    assert counts == {"2026-01-01": 1, "2026-01-02": 3, "2026-01-03": 1}


def test_person_loads_a_range_or_the_past_by_hand(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    made = lake.asset(table, "SELECT make_date(2026, 1, CAST(id AS INT)) AS day, id FROM range(1, 6)")
    lake.run(made, ("2026-01-01", "2026-01-05"))
    (past,) = lake.snapshots(table)
    lake.spark.sql(f"DELETE FROM {table.qualified} WHERE id = 3")
    definitions = dg.Definitions([made], resources={"io_manager": lake.io_manager()})
    loader = definitions.get_asset_value_loader(lake.instance)

    def load(**asked: Any) -> list[int]:
        return ids(loader.load_asset_value(list(table.identifier), **asked))

    assert load(python_type=pl.DataFrame) == [1, 2, 4, 5]
    days = dg.PartitionKeyRange("2026-01-02", "2026-01-04")
    assert load(python_type=pd.DataFrame, partition_key_range=days) == [2, 4]
    assert load(python_type=pa.Table, input_definition_metadata=loaded(as_of=past["snapshot_id"])) == [1, 2, 3, 4, 5]
    assert load(partition_key_range=days, input_definition_metadata=loaded(as_of=past["snapshot_id"])) == [2, 3, 4]


def test_readers_without_spark_start_no_jvm(lake: Lake, appended: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    from fq_platform.resources.spark import SparkResource

    monkeypatch.setattr(SparkResource, "spark_session", property(lambda _: pytest.fail("a session was asked for")))

    @dg.asset(key=list(appended.name()))
    def numbers() -> None: ...

    with_tables = dg.Definitions([numbers], resources={"io_manager": lake.io_manager()})
    for kind in KINDS[1:]:
        assert ids(with_tables.load_asset_value(numbers.key, python_type=kind, instance=lake.instance)) == [1, 2, 3]

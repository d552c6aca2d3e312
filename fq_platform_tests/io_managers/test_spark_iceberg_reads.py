"""An asset gets its upstream tables as DataFrames, with exactly the partitions that its run asks for."""

import datetime as dt
from typing import Any

import dagster as dg
import pytest

from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform_tests.fixtures.spark import NewTable
from fq_platform_tests.io_managers.conftest import COLUMN, DAYS, Lake, told

pytestmark = pytest.mark.services

FIVE_DAYS = "SELECT make_date(2026, 1, CAST(id AS INT)) AS day, id FROM range(1, 6)"


class Reader:
    """An asset that remembers the rows it was given."""

    def __init__(self, upstream: TableName, table: TableName, **options: Any) -> None:
        self.seen: list[int] = []
        mapping = options.pop("partition_mapping", None)

        @dg.asset(
            key=list(table.identifier),
            ins={"rows": dg.AssetIn(list(upstream.identifier), partition_mapping=mapping)},
            backfill_policy=dg.BackfillPolicy.single_run(),
            **options,
        )
        def reader(rows: Any) -> None:
            self.seen = sorted(row["id"] for row in rows.collect())

        self.asset = reader


@pytest.fixture
def five_days(lake: Lake, new_table: NewTable) -> dg.AssetsDefinition:
    """An upstream asset whose table has one row for each of five days, its `id` the day."""
    table = new_table()
    asset = lake.asset(table, FIVE_DAYS)
    lake.run(asset, ("2026-01-01", "2026-01-05"))
    return asset


def upstream_table(asset: dg.AssetsDefinition) -> TableName:
    layer, name = asset.key.path
    return TableName(Layer(layer), name)


@pytest.mark.parametrize(
    ("days", "loaded"), [("2026-01-02", [2]), (("2026-01-02", "2026-01-04"), [2, 3, 4])], ids=["one day", "range"]
)
def test_only_the_partitions_asked_for_are_loaded(
    lake: Lake, new_table: NewTable, five_days: dg.AssetsDefinition, days: Any, loaded: list[int]
) -> None:
    reader = Reader(upstream_table(five_days), new_table(), partitions_def=DAYS)
    lake.run([five_days, reader.asset], days, selection=[reader.asset])
    assert reader.seen == loaded


def test_downstream_without_partitions_gets_all_rows(
    lake: Lake, new_table: NewTable, five_days: dg.AssetsDefinition
) -> None:
    reader = Reader(upstream_table(five_days), new_table())
    lake.run([five_days, reader.asset], selection=[reader.asset])
    assert reader.seen == [1, 2, 3, 4, 5]


def test_downstream_of_all_partitions_also_gets_rows_that_no_partition_owns(
    lake: Lake, new_table: NewTable, five_days: dg.AssetsDefinition
) -> None:
    upstream = upstream_table(five_days)
    lake.spark.sql(f"INSERT INTO {upstream.qualified} VALUES (NULL, 0), (DATE '2027-01-01', 99)")
    everything = Reader(upstream, new_table(), partitions_def=DAYS, partition_mapping=dg.AllPartitionMapping())
    range_over_all = Reader(upstream, new_table(), partitions_def=DAYS)
    assets = [five_days, everything.asset, range_over_all.asset]
    lake.run(assets, ("2026-01-01", "2026-01-31"), selection=[everything.asset, range_over_all.asset])
    assert everything.seen == [0, 1, 2, 3, 4, 5, 99]
    assert range_over_all.seen == [1, 2, 3, 4, 5]


def test_days_before_are_loaded_where_the_mapping_says_so(
    lake: Lake, new_table: NewTable, five_days: dg.AssetsDefinition
) -> None:
    mapping = dg.TimeWindowPartitionMapping(start_offset=-1)
    reader = Reader(upstream_table(five_days), new_table(), partitions_def=DAYS, partition_mapping=mapping)
    lake.run([five_days, reader.asset], "2026-01-03", selection=[reader.asset])
    assert reader.seen == [2, 3]


def test_partitions_that_do_not_touch_are_loaded_without_those_between(
    lake: Lake, new_table: NewTable, five_days: dg.AssetsDefinition
) -> None:
    reader = Reader(
        upstream_table(five_days),
        new_table(),
        partitions_def=dg.StaticPartitionsDefinition(["odd"]),
        partition_mapping=dg.SpecificPartitionsPartitionMapping(["2026-01-01", "2026-01-03", "2026-01-04"]),
    )
    lake.run([five_days, reader.asset], "odd", selection=[reader.asset])
    assert reader.seen == [1, 3, 4]


def test_one_partition_can_be_loaded_by_hand(lake: Lake, five_days: dg.AssetsDefinition) -> None:
    definitions = dg.Definitions([five_days], resources={"io_manager": lake.io_manager()})
    rows = definitions.load_asset_value(five_days.key, partition_key="2026-01-03", instance=lake.instance)
    assert [row["id"] for row in rows.collect()] == [3]


def test_asked_partitions_reach_iceberg_as_a_filter(
    lake: Lake, new_table: NewTable, five_days: dg.AssetsDefinition, capsys: pytest.CaptureFixture[str]
) -> None:
    @dg.asset(key=list(new_table().identifier), partitions_def=DAYS, ins={"rows": dg.AssetIn(five_days.key)})
    def reader(rows: Any) -> None:
        rows.explain()

    lake.run([five_days, reader], "2026-01-02", selection=[reader])
    plan = capsys.readouterr().out
    scan = next(line for line in plan.splitlines() if "BatchScan" in line)
    assert "day >= " in scan
    assert "day < " in scan


def test_table_written_by_the_upstream_asset_itself_is_loaded(lake: Lake, new_table: NewTable) -> None:
    """As raw assets do: they append to their table and return a dg.MaterializeResult."""
    raw = new_table(Layer.RAW)

    @dg.asset(key=list(raw.identifier), partitions_def=DAYS, metadata={"partition_expr": "_fq_window"})
    def upstream() -> dg.MaterializeResult:
        lake.spark.sql("CREATE NAMESPACE IF NOT EXISTS iceberg.raw")
        lake.spark.sql(
            f"CREATE TABLE {raw.qualified} USING iceberg PARTITIONED BY (_fq_window) AS "
            f"SELECT day AS _fq_window, id FROM ({FIVE_DAYS})"
        )
        return dg.MaterializeResult(metadata={"rows": 5})

    reader = Reader(raw, new_table(), partitions_def=DAYS)
    lake.run([upstream, reader.asset], "2026-01-02")
    assert reader.seen == [2]
    reader.seen = []
    lake.run([upstream, reader.asset], "2026-01-03", selection=[reader.asset])
    assert reader.seen == [3]


def test_missing_upstream_table_is_named_with_its_remedy(lake: Lake, new_table: NewTable) -> None:
    missing, raw = new_table(), new_table(Layer.RAW)
    for table in (missing, raw):
        upstream = lake.asset(table, FIVE_DAYS)
        reader = Reader(table, new_table(), partitions_def=DAYS)
        result = lake.run([upstream, reader.asset], "2026-01-02", selection=[reader.asset], fails=True)
        name = "/".join(table.identifier)
        assert f"The table {table.qualified} does not exist yet" in told(result)
        assert f"Materialise {name} first" in told(result)
        assert f"dagster asset materialize -m fq_platform.definitions --select {name}" in told(result)


def test_partitioned_upstream_must_say_by_which_column(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    lake.write(table, "SELECT 1 AS id")
    upstream = dg.asset(key=list(table.identifier), partitions_def=DAYS)(lambda: None)
    reader = Reader(table, new_table(), partitions_def=DAYS)
    result = lake.run([upstream, reader.asset], "2026-01-02", selection=[reader.asset], fails=True)
    assert "does not say by which column" in told(result)
    assert "partition_expr" in told(result)


def test_upstream_partition_without_rows_is_an_empty_frame(
    lake: Lake, new_table: NewTable, five_days: dg.AssetsDefinition
) -> None:
    reader = Reader(upstream_table(five_days), new_table(), partitions_def=DAYS)
    reader.seen = [-1]
    lake.run([five_days, reader.asset], "2026-01-20", selection=[reader.asset])
    assert reader.seen == []


def test_loaded_rows_can_be_returned_for_another_table(
    lake: Lake, new_table: NewTable, five_days: dg.AssetsDefinition
) -> None:
    table = new_table()

    @dg.asset(
        key=list(table.identifier),
        ins={"rows": dg.AssetIn(five_days.key)},
        partitions_def=DAYS,
        metadata={"partition_expr": COLUMN},
    )
    def copy(rows: Any) -> Any:
        return rows.where("id = 3").withColumn("double", rows["id"] * 2)

    lake.run([five_days, copy], ("2026-01-02", "2026-01-04"), selection=[copy])
    assert lake.rows(table) == [(dt.date(2026, 1, 3), 3, 6)]

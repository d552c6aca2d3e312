"""What an asset returns becomes exactly the content of its window, in one snapshot that says who made it."""

import datetime as dt
from urllib.parse import urlsplit

import dagster as dg
import pytest
from pyspark.sql import DataFrame

from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.spark import NewTable
from fq_platform_tests.io_managers.conftest import DAYS, Lake, metadata, metadata_by_partition

pytestmark = pytest.mark.services

FIRST, SECOND, THIRD = (dt.date(2026, 1, day) for day in (1, 2, 3))


def rows_of(*values: str) -> str:
    """A query with a day and a number: `rows_of("2, 10")` is the 2nd of January with 10."""
    days = ", ".join(f"(DATE '2026-01-0{value.split(',')[0]}', {value.split(',')[1]})" for value in values)
    return f"SELECT * FROM VALUES {days} AS t(day, n)"


NO_ROWS = "SELECT CAST(NULL AS DATE) AS day, CAST(NULL AS INT) AS n WHERE false"


def test_rerun_replaces_the_window_and_leaves_other_days_alone(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    lake.write(table, rows_of("1, 1"), "2026-01-01")
    lake.write(table, rows_of("2, 10", "2, 11"), "2026-01-02")
    lake.write(table, rows_of("2, 12"), "2026-01-02")
    assert lake.rows(table) == [(FIRST, 1), (SECOND, 12)]


def test_empty_result_empties_the_window(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    lake.write(table, rows_of("1, 1", "2, 2"), ("2026-01-01", "2026-01-02"))
    told = lake.write(table, NO_ROWS, "2026-01-02")
    assert lake.rows(table) == [(FIRST, 1)]
    assert (told["changed"], told["rows"], told["dagster/row_count"]) == (True, 0, 1)


def test_first_result_without_rows_makes_a_table_that_can_be_read(
    lake: Lake, new_table: NewTable, spark_settings: Settings
) -> None:
    table = new_table()
    told = lake.write(table, NO_ROWS, "2026-01-02")
    assert told["changed"] is True
    assert lake.rows(table) == []
    assert open_catalog(spark_settings).load_table(table.identifier).current_snapshot() is not None


def test_range_is_replaced_in_one_snapshot(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    lake.write(table, rows_of("1, 1", "2, 2", "3, 3"), ("2026-01-01", "2026-01-03"))
    assert len(lake.snapshots(table)) == 1
    lake.write(table, rows_of("2, 20"), ("2026-01-02", "2026-01-03"))
    assert len(lake.snapshots(table)) == 2
    assert lake.rows(table) == [(FIRST, 1), (SECOND, 20)]


def test_unpartitioned_asset_is_replaced_as_a_whole(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    lake.write(table, "SELECT 1 AS n UNION ALL SELECT 2")
    lake.write(table, "SELECT 3 AS n")
    assert lake.rows(table) == [(3,)]


def test_timestamp_column_is_replaced_by_day_in_utc(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    edges = (
        "SELECT * FROM VALUES (TIMESTAMP '2026-01-01 00:00:00 UTC', {}), "
        "(TIMESTAMP '2026-01-01 23:59:59.999999 UTC', {}) AS t(day, n)"
    )
    lake.write(table, edges.format(1, 2), "2026-01-01")
    lake.write(table, "SELECT TIMESTAMP '2026-01-02 00:00:00 UTC' AS day, 3 AS n", "2026-01-02")
    lake.write(table, edges.format(4, 5), "2026-01-01")
    assert lake.rows(table, "n") == [(3,), (4,), (5,)]


@pytest.mark.parametrize("stray", ["3, 9", "1, 9"], ids=["after", "before"])
def test_rows_outside_the_window_are_refused_before_anything_is_written(
    lake: Lake, new_table: NewTable, stray: str
) -> None:
    table = new_table()
    lake.write(table, rows_of("2, 1"), "2026-01-02")
    message = lake.refusal(table, rows_of("2, 2", stray), "2026-01-02")
    assert "1 rows have day" in message
    assert f"2026-01-0{stray[0]}" in message
    assert table.qualified in message
    assert lake.rows(table) == [(SECOND, 1)]
    assert len(lake.snapshots(table)) == 1


def test_days_outside_the_window_are_named_from_first_to_last(lake: Lake, new_table: NewTable) -> None:
    message = lake.refusal(new_table(), rows_of("1, 1", "2, 1", "4, 1", "4, 2"), "2026-01-02")
    assert "3 rows have day from 2026-01-01 to 2026-01-04, outside" in message


def test_rows_without_a_day_are_refused_and_no_table_is_made(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    message = lake.refusal(table, "SELECT CAST(NULL AS DATE) AS day, 1 AS n", "2026-01-02")
    assert "1 rows have day null, outside" in message
    assert not lake.spark.catalog.tableExists(table.qualified)


def test_partition_column_that_is_missing_is_named(lake: Lake, new_table: NewTable) -> None:
    message = lake.refusal(new_table(), "SELECT 1 AS n", "2026-01-02")
    assert "The column day, by which the rows are partitioned, is missing" in message
    assert "partition_expr" in message


def test_equal_content_in_another_order_makes_no_snapshot(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    first = lake.write(table, rows_of("2, 1", "2, 2"), "2026-01-02")
    again = lake.write(table, rows_of("2, 2", "2, 1"), "2026-01-02")
    assert (first["changed"], again["changed"]) == (True, False)
    assert again["snapshot_id"] == first["snapshot_id"]
    assert (again["rows"], again["bytes"]) == (2, 0)
    assert len(lake.snapshots(table)) == 1


def test_snapshot_remembers_run_asset_and_partition(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    one = lake.run(lake.asset(table, rows_of("2, 1")), "2026-01-02")
    more = lake.run(lake.asset(table, rows_of("2, 2", "3, 3")), ("2026-01-02", "2026-01-03"))
    summaries = [snapshot["summary"] for snapshot in lake.snapshots(table)]
    assert [summary["fq.run-id"] for summary in summaries] == [one.run_id, more.run_id]
    assert [summary["fq.partition"] for summary in summaries] == ["2026-01-02", "2026-01-02...2026-01-03"]
    assert {summary["fq.asset"] for summary in summaries} == {"/".join(table.identifier)}


def test_materialisation_says_what_was_written(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    lake.write(table, rows_of("1, 1"), "2026-01-01")
    told = lake.write(table, rows_of("2, 1", "2, 2"), "2026-01-02")
    newest = lake.snapshots(table)[-1]
    assert told["rows"] == told["dagster/partition_row_count"] == 2
    assert told["dagster/row_count"] == 3
    assert told["dagster/table_name"] == table.qualified
    assert told["snapshot_id"] == str(newest["snapshot_id"])
    assert told["query"] == f'fq query --as-of {newest["snapshot_id"]} "SELECT * FROM {table.dotted}"'
    assert told["table_bytes"] == int(newest["summary"]["total-files-size"]) > told["bytes"]
    assert told["bytes"] == int(newest["summary"]["added-files-size"]) > 0
    assert told["duration_seconds"] > 0
    assert [(column.name, column.type) for column in told["dagster/column_schema"].columns] == [
        ("day", "date"),
        ("n", "int"),
    ]


def test_each_partition_of_a_range_is_told_its_own_rows(lake: Lake, new_table: NewTable) -> None:
    table = new_table()
    asset = lake.asset(table, rows_of("1, 1", "3, 3", "3, 4"))
    for changed in (True, False):
        told = metadata_by_partition(lake.run(asset, ("2026-01-01", "2026-01-03")), table)
        counts = {key: values["dagster/partition_row_count"] for key, values in told.items()}
        assert counts == {"2026-01-01": 1, "2026-01-02": 0, "2026-01-03": 2}
        assert {values["rows"] for values in told.values()} == {3}
        assert {values["changed"] for values in told.values()} == {changed}


def test_partition_that_is_no_day_is_told_its_row_count(lake: Lake, new_table: NewTable) -> None:
    table = new_table()

    @dg.asset(
        key=list(table.identifier),
        partitions_def=dg.HourlyPartitionsDefinition("2026-01-01-00:00", end_date="2026-01-02-00:00"),
        metadata={"partition_expr": "at"},
    )
    def made() -> DataFrame:
        return lake.spark.sql("SELECT TIMESTAMP '2026-01-01 05:30:00 UTC' AS at")

    told = metadata(lake.run(made, "2026-01-01-05:00"), table)
    assert told["rows"] == told["dagster/partition_row_count"] == 1


def test_new_table_has_the_layout_and_the_properties(lake: Lake, new_table: NewTable, spark_settings: Settings) -> None:
    table = new_table(Layer.CURATED)
    lake.write(table, rows_of("2, 1"), "2026-01-02")
    made = open_catalog(spark_settings).load_table(table.identifier)
    short = table.name.removeprefix("app_")
    assert urlsplit(made.location()).path == f"{spark_settings.warehouse}/curated/app/{short}"
    assert made.format_version == 2
    assert [(field.name, str(field.transform)) for field in made.spec().fields] == [("day_day", "day")]
    assert made.properties["commit.retry.num-retries"] == "10"
    assert made.properties["write.parquet.compression-codec"] == "zstd"


def test_pyiceberg_reads_the_same_rows(lake: Lake, new_table: NewTable, spark_settings: Settings) -> None:
    table = new_table()
    lake.write(table, rows_of("1, 1", "2, 2"), ("2026-01-01", "2026-01-02"))
    lake.write(table, rows_of("2, 3"), "2026-01-02")
    read = open_catalog(spark_settings).load_table(table.identifier).scan().to_arrow()
    assert sorted(zip(*read.to_pydict().values(), strict=True)) == [(FIRST, 1), (SECOND, 3)]


def test_asset_that_returns_nothing_wrote_itself(lake: Lake, new_table: NewTable) -> None:
    table = new_table()

    @dg.asset(key=list(table.identifier))
    def made() -> None:
        lake.spark.sql("CREATE NAMESPACE IF NOT EXISTS iceberg.analytics")
        lake.spark.sql(f"CREATE TABLE {table.qualified} (n INT) USING iceberg")

    result = lake.run(made)
    assert "changed" not in metadata(result, table)
    assert lake.rows(table) == []


@pytest.mark.parametrize("sql", [rows_of("2, 1"), rows_of("3, 1")], ids=["written", "refused"])
def test_nothing_stays_cached(lake: Lake, new_table: NewTable, sql: str) -> None:
    frames: list[DataFrame] = []
    table = new_table()

    @dg.asset(key=list(table.identifier), partitions_def=DAYS, metadata={"partition_expr": "day"})
    def made() -> DataFrame:
        frames.append(lake.spark.sql(sql))
        return frames[0]

    lake.run(made, "2026-01-02", fails="03" in sql)
    assert frames[0].storageLevel.useMemory is False

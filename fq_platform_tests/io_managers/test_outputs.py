"""What assets return is written in the mode that they declare, and the materialisation says what became of it."""

import datetime as dt
from typing import Any

import dagster as dg
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fq_platform.io_managers.declarations import iceberg_table
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import TableName
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.spark import NewTable
from fq_platform_tests.io_managers.conftest import Lake, metadata, metadata_by_partition, told

pytestmark = pytest.mark.services


class Given:
    """An asset that returns what the test gives it next, declared as its users declare theirs."""

    def __init__(self, lake: Lake, table: TableName, **options: Any) -> None:
        self.lake, self.table = lake, table
        self.next: Any = None

        @dg.asset(key=list(table.identifier), **options)
        def given() -> Any:
            return self.next

        self.asset = given

    def run(self, rows: Any, days: Any = None) -> dict[str, Any]:
        """Materialise the asset from a frame; returns the metadata of its (first) materialisation."""
        self.next = rows
        return metadata(self.lake.run(self.asset, days), self.table)


def test_merge_updates_inserts_and_deletes_by_key(lake: Lake, new_table: NewTable) -> None:
    given = Given(lake, new_table(), metadata=iceberg_table(mode="merge", keys=["id"]))
    given.run(pl.DataFrame({"id": [1, 2, 3], "name": ["a", "b", "c"]}))
    changes = pa.table({"id": [2, 3, 4], "name": ["B", None, "d"], "_fq_op": ["update", "delete", "insert"]})
    said = given.run(changes)
    assert lake.rows(given.table) == [(1, "a"), (2, "B"), (4, "d")]
    assert [said[name] for name in ("inserted", "updated", "deleted")] == [1, 1, 1]
    assert (said["write_mode"], said["changed"]) == ("merge", True)
    assert given.run(changes)["changed"] is False


def test_append_adds_in_every_run(lake: Lake, new_table: NewTable) -> None:
    given = Given(lake, new_table(), metadata=iceberg_table(mode="append"))
    given.run(pd.DataFrame({"n": [1]}))
    said = given.run(pd.DataFrame({"n": [1]}))
    assert lake.rows(given.table) == [(1,), (1,)]
    assert (said["write_mode"], said["rows"], said["dagster/row_count"]) == ("append", 1, 2)


def test_partition_that_is_appended_to_is_told_all_its_rows(lake: Lake, new_table: NewTable) -> None:
    given = Given(
        lake,
        new_table(),
        partitions_def=dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-02-01"),
        backfill_policy=dg.BackfillPolicy.single_run(),
        metadata=iceberg_table(mode="append", partition_column="day"),
    )
    first, second = dt.date(2026, 1, 1), dt.date(2026, 1, 2)
    given.run(pa.table({"day": [first, second, second]}), ("2026-01-01", "2026-01-02"))
    assert given.run(pa.table({"day": [second]}), "2026-01-02")["dagster/partition_row_count"] == 3


def test_create_or_replace_takes_the_columns_of_the_new_rows(lake: Lake, new_table: NewTable) -> None:
    given = Given(lake, new_table(), metadata=iceberg_table(mode="create_or_replace"))
    given.run(pa.table({"old": [1], "kept": ["a"]}))
    said = given.run(pa.table({"kept": [2], "new": ["b"]}))
    assert lake.frame(given.table).columns == ["kept", "new"]
    assert lake.rows(given.table) == [(2, "b")]
    assert said["write_mode"] == "create_or_replace"


def test_table_is_laid_out_and_documented_as_its_asset_declares(
    lake: Lake, new_table: NewTable, spark_settings: Settings
) -> None:
    promised = dg.TableColumnConstraints(nullable=False, unique=True)
    sku = dg.TableColumn("sku", "string", "What the shelf says", promised)
    columns = dg.TableSchema([sku, dg.TableColumn("region")])
    given = Given(
        lake,
        new_table(),
        description="Where things lie.",
        owners=["team:warehouse", "ada@example.com"],
        metadata=iceberg_table(
            partition_by=["region", "bucket(4, sku)"],
            sort_by=["sku DESC"],
            properties={"write.target-file-size-bytes": "1000000"},
        )
        | {"dagster/column_schema": columns},
    )
    said = given.run(pl.DataFrame({"sku": ["a", "b"], "region": ["north", "south"]}))
    made = open_catalog(spark_settings).load_table(given.table.identifier)
    assert [(field.name, str(field.transform)) for field in made.spec().fields] == [
        ("region", "identity"),
        ("sku_bucket", "bucket[4]"),
    ]
    assert [str(field.direction) for field in made.sort_order().fields] == ["DESC"]
    assert made.properties["write.target-file-size-bytes"] == "1000000"
    assert (made.properties["comment"], made.properties["owner"]) == (
        "Where things lie.",
        "team:warehouse, ada@example.com",
    )
    assert [field.doc for field in made.schema().fields] == ["What the shelf says", None]
    assert said["dagster/column_schema"].columns[0] == sku


def test_materialize_result_carries_the_rows_and_more_metadata(lake: Lake, new_table: NewTable) -> None:
    table = new_table()

    @dg.asset(key=list(table.identifier))
    def made() -> dg.MaterializeResult[pl.DataFrame]:
        return dg.MaterializeResult(value=pl.DataFrame({"n": [1]}), metadata={"note": "by hand"})

    said = metadata(lake.run(made), table)
    assert lake.rows(table) == [(1,)]
    assert (said["note"], said["rows"]) == ("by hand", 1)


def test_branch_is_written_while_readers_see_the_old_rows(lake: Lake, new_table: NewTable) -> None:
    given = Given(lake, new_table())
    given.run(pa.table({"n": [1]}))
    said: dict[str, Any] = {}

    @dg.asset(key=list(given.table.identifier))
    def audited(context: dg.AssetExecutionContext) -> None:
        stored = lake.io_manager().store(context, pa.table({"n": [2]}), branch="audit_7")
        stored.tell(context)
        said.update({name: value.value for name, value in stored.metadata.items()})

    result = lake.run(audited)
    assert lake.rows(given.table) == [(1,)]
    branch = lake.spark.read.option("branch", "audit_7").table(given.table.qualified)
    assert [row["n"] for row in branch.collect()] == [2]
    assert (said["branch"], said["rows"]) == ("audit_7", 1)
    assert metadata(result, given.table)["branch"] == "audit_7"


def test_weeks_and_hours_are_told_their_own_rows(lake: Lake, new_table: NewTable) -> None:
    def at(text: str) -> dt.datetime:
        return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)

    weekly = Given(
        lake,
        new_table(),
        partitions_def=dg.WeeklyPartitionsDefinition("2026-01-04", end_date="2026-02-01"),
        backfill_policy=dg.BackfillPolicy.single_run(),
        metadata=iceberg_table(partition_column="at"),
    )
    hourly = Given(
        lake,
        new_table(),
        partitions_def=dg.HourlyPartitionsDefinition("2026-01-01-00:00", timezone="Asia/Kolkata"),
        backfill_policy=dg.BackfillPolicy.single_run(),
        metadata=iceberg_table(partition_column="at"),
    )

    def counts(given: Given, rows: list[dt.datetime], first: str, last: str) -> dict[Any, int]:
        given.next = pa.table({"at": rows})
        told_by = metadata_by_partition(lake.run(given.asset, (first, last)), given.table)
        return {key: said["dagster/partition_row_count"] for key, said in told_by.items()}

    days = [at("2026-01-04"), at("2026-01-10T23:59:59.999999"), at("2026-01-11")]
    assert counts(weekly, days, "2026-01-04", "2026-01-18") == {"2026-01-04": 2, "2026-01-11": 1, "2026-01-18": 0}
    hours = [at("2026-01-01T18:30"), at("2026-01-01T19:29:59"), at("2026-01-01T19:30")]
    assert counts(hourly, hours, "2026-01-02-00:00", "2026-01-02-01:00") == {
        "2026-01-02-00:00": 2,
        "2026-01-02-01:00": 1,
    }


def test_merging_asset_that_returns_nothing_and_has_no_table_is_refused(lake: Lake, new_table: NewTable) -> None:
    given = Given(lake, new_table(), metadata=iceberg_table(mode="merge", keys=["id"]))
    message = told(lake.run(given.asset, fails=True))
    assert "declares the write mode merge, but returned nothing, and its table does not exist" in message
    assert given.table.qualified in message


def test_declaration_by_hand_that_makes_no_sense_is_refused(lake: Lake, new_table: NewTable) -> None:
    given = Given(lake, new_table(), metadata={"fq/write_mode": "merge"})
    given.next = pa.table({"id": [1]})
    message = told(lake.run(given.asset, fails=True))
    assert "no key says which rows are the same" in message
    assert not lake.spark.catalog.tableExists(given.table.qualified)


@pytest.mark.parametrize(
    ("partitions", "key"),
    [
        (dg.StaticPartitionsDefinition(["north"]), "north"),
        (
            dg.MultiPartitionsDefinition(
                {
                    "day": dg.DailyPartitionsDefinition("2026-01-01"),
                    "region": dg.StaticPartitionsDefinition(["north"]),
                }
            ),
            "2026-01-01|north",
        ),
    ],
    ids=["static", "multi"],
)
def test_partitions_that_are_no_times_are_refused(
    lake: Lake, new_table: NewTable, partitions: dg.PartitionsDefinition, key: str
) -> None:
    given = Given(lake, new_table(), partitions_def=partitions, metadata=iceberg_table(partition_column="region"))
    given.next = pa.table({"region": ["north"]})
    message = told(lake.run(given.asset, key, fails=True))
    assert f"is partitioned by {type(partitions).__name__}, not by time" in message
    assert not lake.spark.catalog.tableExists(given.table.qualified)

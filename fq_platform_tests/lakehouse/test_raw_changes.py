"""Which windows of a raw table changed is told by its metadata, whoever wrote them and whatever was looked after."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.lakehouse.positions import Position, claims, head, note
from fq_platform.lakehouse.raw_changes import changed_windows, changes_since
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.changelog import MONDAY, TUESDAY, WEDNESDAY
from fq_platform_tests.fixtures.spark import NewTable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROWS = pa.schema([("_id", pa.string()), ("_fq_window", pa.date32())])


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return open_catalog(Settings(home=tmp_path))


def make(catalog: Catalog, name: str, *, dated: bool = True) -> Table:
    from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
    from pyiceberg.schema import Schema

    from fq_platform.lakehouse.changelog import _BY_WINDOW, _SCHEMA

    columns = Schema(*(field for field in _SCHEMA.fields if field.name in ("_id", "_fq_window")))
    return catalog.create_table(name, columns, partition_spec=_BY_WINDOW if dated else UNPARTITIONED_PARTITION_SPEC)


def append(table: Table, *days: dt.date | None) -> int:
    """Append a row to some windows; returns the snapshot's id."""
    rows = [{"_id": str(day), "_fq_window": day} for day in days]
    table.append(pa.Table.from_pylist(rows, schema=ROWS))
    snapshot = head(table)
    assert snapshot is not None
    return snapshot


def test_windows_of_appended_files_changed(catalog: Catalog) -> None:
    table = make(catalog, "raw.dated")
    first = append(table, MONDAY, TUESDAY)
    assert changed_windows(table, first) == frozenset()
    append(table, TUESDAY)
    second = append(table, WEDNESDAY, TUESDAY)
    assert changed_windows(table, first) == {TUESDAY, WEDNESDAY}
    assert changed_windows(table, second) == frozenset()


def test_manifests_merged_by_a_writer_hide_nothing_and_add_nothing(catalog: Catalog) -> None:
    table = make(catalog, "raw.merged")
    first = append(table, MONDAY)
    append(table, TUESDAY)
    with table.transaction() as transaction:
        transaction.set_properties({"commit.manifest-merge.enabled": "true", "commit.manifest.min-count-to-merge": "2"})
    append(table, WEDNESDAY)
    snapshot = table.current_snapshot()
    assert snapshot is not None
    assert len(snapshot.manifests(table.io)) == 1
    assert changed_windows(table, first) == {TUESDAY, WEDNESDAY}


def test_windows_that_rows_were_deleted_from_by_hand_changed(catalog: Catalog) -> None:
    table = make(catalog, "raw.deleted")
    first = append(table, MONDAY, TUESDAY, WEDNESDAY)
    table.delete(f"_fq_window = '{TUESDAY}'")
    append(table, WEDNESDAY)
    changes = changes_since(table, first)
    assert changes is not None
    assert changes.windows == {TUESDAY, WEDNESDAY}
    assert not changes.appended


def test_table_without_days_changes_as_a_whole(catalog: Catalog) -> None:
    table = make(catalog, "raw.undated", dated=False)
    first = append(table, None)
    assert changed_windows(table, first) == frozenset()
    append(table, None)
    assert changed_windows(table, first) == {None}


def test_nothing_is_told_of_what_expired_or_was_rolled_back_or_is_anothers(catalog: Catalog) -> None:
    table = make(catalog, "raw.lost")
    first, second, third = (append(table, day) for day in (MONDAY, TUESDAY, WEDNESDAY))
    other = append(make(catalog, "raw.other"), MONDAY)
    assert changed_windows(table, other) is None
    table.maintenance.expire_snapshots().by_id(second).commit()
    table.refresh()
    assert changed_windows(table, first) is None, "what the expired snapshot changed is not known"
    assert changed_windows(table, second) is None
    assert changed_windows(table, third) == frozenset()
    table.manage_snapshots().set_current_snapshot(snapshot_id=first).commit()
    assert changed_windows(table, third) is None


def test_position_is_noted_in_the_table_unless_others_wrote_meanwhile(catalog: Catalog) -> None:
    raw = TableName(Layer.RAW, "app_orders", "app")
    made = TableName(Layer.CURATED, "app_orders_silver", "app")
    table = make(catalog, "curated.app_orders_silver")
    append(table, MONDAY)
    position = Position(5, frozenset({MONDAY}), frozenset({MONDAY}), head(table), "code")
    assert note(catalog, made, raw, position, compared=position.base)
    (claim,) = claims(table.refresh(), raw, "code")
    assert (claim.snapshot, claim.windows) == (5, {MONDAY})
    assert len(table.snapshots()) == 1
    append(table, TUESDAY)
    assert claims(table.refresh(), raw, "code") == []
    assert not note(catalog, made, raw, position, compared=position.base)


@pytest.mark.services
def test_upkeep_by_spark_changes_no_window(
    spark: "SparkSession", spark_settings: Settings, new_table: NewTable
) -> None:
    catalog = open_catalog(spark_settings)
    name = new_table(Layer.RAW)
    table = make(catalog, f"raw.{name.name}")
    first = append(table, MONDAY, TUESDAY)
    append(table, TUESDAY)
    call = f"CALL iceberg.system.{{}}(table => '{name.qualified}'"
    spark.sql(call.format("rewrite_data_files") + ", options => map('rewrite-all', 'true'))").collect()
    compacted = head(table.refresh())
    assert compacted is not None
    assert changed_windows(table, first) == {TUESDAY}
    append(table, WEDNESDAY)
    spark.sql(call.format("rewrite_manifests") + ")").collect()
    spark.sql(f"INSERT INTO {name.qualified} (_id, _fq_window) VALUES ('by Spark', DATE '{MONDAY}')")
    table.refresh()
    assert changed_windows(table, first) == {MONDAY, TUESDAY, WEDNESDAY}
    assert changed_windows(table, compacted) == {MONDAY, WEDNESDAY}
    spark.sql(call.format("expire_snapshots") + f", snapshot_ids => ARRAY({first}))").collect()
    table.refresh()
    assert changed_windows(table, first) is None
    assert changed_windows(table, compacted) == {MONDAY, WEDNESDAY}

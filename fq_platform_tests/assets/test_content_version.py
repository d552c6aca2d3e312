"""The version of what a raw table holds of a day, over real tables written by PyIceberg."""

from pathlib import Path

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform

from fq_platform.assets.content_version import content_versions
from fq_platform_tests.fixtures.changelog import COLUMNS, MONDAY, TUESDAY, WEDNESDAY, version

WINDOW = "_fq_window"


def raw_table(folder: Path, *, daily: bool) -> Table:
    catalog = SqlCatalog("raw", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/lake")
    catalog.create_namespace_if_not_exists("raw")
    table = catalog.create_table("raw.orders", COLUMNS)
    if not daily:
        return table
    catalog.drop_table("raw.orders")
    field = table.schema().find_field(WINDOW).field_id
    spec = PartitionSpec(PartitionField(field, 1000, IdentityTransform(), WINDOW))
    return catalog.create_table("raw.orders", table.schema(), partition_spec=spec)


def append(table: Table, *rows: dict[str, object]) -> None:
    table.append(pa.Table.from_pylist(list(rows), COLUMNS))


def test_version_of_a_day_changes_with_its_rows_and_with_those_of_no_other(tmp_path: Path) -> None:
    table = raw_table(tmp_path, daily=True)
    append(table, version("a", 1, "note"), version("b", 1, "note", window=WEDNESDAY))
    before = content_versions(table, WINDOW, [MONDAY, TUESDAY, WEDNESDAY])
    assert content_versions(table, WINDOW, [MONDAY, TUESDAY, WEDNESDAY]) == before

    append(table, version("b", 2, "changed", window=WEDNESDAY, op="update"))
    after = content_versions(table, WINDOW, [MONDAY, WEDNESDAY])
    assert after[MONDAY] == before[MONDAY] != before[TUESDAY]
    assert after[WEDNESDAY] != before[WEDNESDAY]


def test_table_without_days_has_one_version_and_one_landed_anew_another(tmp_path: Path) -> None:
    table = raw_table(tmp_path, daily=False)
    empty = content_versions(table, WINDOW, [None])
    append(table, version("a", 1, "note", window=None))
    full = content_versions(table, WINDOW, [None])
    assert empty[None] != full[None]

    table.catalog.drop_table("raw.orders")
    anew = raw_table(tmp_path, daily=False)
    append(anew, version("a", 1, "note", window=None))
    assert content_versions(anew, WINDOW, [None]) != full

"""What one engine has written, the others read and add to; upkeep changes no row of it."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform
from pyiceberg.types import LongType, NestedField, TimestamptzType

from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.lakehouse.upkeep.compaction import compact
from fq_platform.lakehouse.upkeep.expiry import expire
from fq_platform.lakehouse.upkeep.health import examine
from fq_platform.lakehouse.upkeep.manifests import rewrite_manifests
from fq_platform.lakehouse.upkeep.orphans import orphan_removal
from fq_platform.lakehouse.upkeep.tables import Lake
from fq_platform_tests.conformance.lakehouse import Lakehouse
from fq_platform_tests.lakehouse.upkeep.worn import do

pytestmark = pytest.mark.services

SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("small", pa.int32()),
        ("text", pa.string()),
        ("price", pa.decimal128(38, 12)),
        ("cents", pa.decimal128(9, 2)),
        ("ratio", pa.float64()),
        ("yes", pa.bool_()),
        ("day", pa.date32()),
        ("at", pa.timestamp("us", "UTC")),
        ("blob", pa.binary()),
        ("lines", pa.list_(pa.struct([("sku", pa.string()), ("price", pa.decimal128(38, 12))]))),
        ("more", pa.map_(pa.string(), pa.int64())),
    ]
)
FULL: dict[str, Any] = {
    "id": 2**62,
    "small": -(2**31),
    "text": "Grüße, 世界 \x00",
    "price": Decimal("-12345678901234567890123456.000000000001"),
    "cents": Decimal("0.10"),
    "ratio": 0.1,
    "yes": False,
    "day": dt.date(1969, 12, 31),
    "at": dt.datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC),
    "blob": b"\x00\xff",
    "lines": [{"sku": "", "price": Decimal("0.100000000001")}, {"sku": None, "price": None}],
    "more": [("a", 1), ("b", None)],
}
EMPTY: dict[str, Any] = dict.fromkeys(SCHEMA.names) | {"id": 1}
ROWS = pa.Table.from_pylist([FULL, EMPTY], schema=SCHEMA)


def test_values_of_every_type_survive_whoever_writes_and_whoever_reads(lakehouse: Lakehouse) -> None:
    by_python = lakehouse.table(Layer.SHARED, "by_python")
    by_spark = lakehouse.table(Layer.ANALYTICS, "by_spark")
    catalog, session = lakehouse.catalog, lakehouse.session

    catalog.create_table(by_python.identifier, SCHEMA, lakehouse.location(by_python)).append(ROWS)
    once = lakehouse.rows(by_python)
    assert [row[0] for row in once] == [1, 2**62]
    assert once[1][3:5] == ("-12345678901234567890123456.000000000001", "0.10")
    create = session.table(by_python.qualified).writeTo(by_spark.qualified).using("iceberg")
    if location := lakehouse.location(by_spark):
        create = create.tableProperty("location", location)
    create.create()
    assert lakehouse.rows(by_spark) == once

    catalog.load_table(by_spark.identifier).append(ROWS)
    session.table(by_python.qualified).writeTo(by_python.qualified).append()
    twice = sorted([*once, *once], key=repr)
    assert lakehouse.rows(by_python) == twice
    assert lakehouse.rows(by_spark) == twice

    session.sql(f"DELETE FROM {by_spark.qualified} WHERE id = 1")
    catalog.load_table(by_python.identifier).delete("id = 1")
    assert lakehouse.rows(by_python) == lakehouse.rows(by_spark) == [once[1], once[1]]


def test_upkeep_changes_no_row_and_leaves_what_is_young(lakehouse: Lakehouse) -> None:
    name = lakehouse.table(Layer.ANALYTICS, "worn")
    schema = Schema(NestedField(1, "at", TimestamptzType()), NestedField(2, "n", LongType()))
    by_day = PartitionSpec(PartitionField(1, 1000, DayTransform(), "at_day"))
    keep_one = {"history.expire.min-snapshots-to-keep": "1", "format-version": "2"}
    table = lakehouse.catalog.create_table(
        name.identifier, schema, lakehouse.location(name), by_day, properties=keep_one
    )
    days = [dt.datetime(2026, 1, day, tzinfo=dt.UTC) for day in (1, 2)]
    for number in range(6):
        table.append(pa.table({"at": pa.array(days, pa.timestamp("us", "UTC")), "n": [number, number + 10]}))
    lakehouse.session.sql(f"DELETE FROM {name.qualified} WHERE n = 13")
    before = lakehouse.rows(name)
    assert len(before) == 11
    young = f"{table.location()}/data/begun.parquet"
    with table.io.new_output(young).create() as file:
        file.write(b"not finished yet")

    now = Lake(lakehouse.catalog, layout_of(lakehouse.settings), lambda: lakehouse.session)
    next_month = Lake(now.catalog, now.layout, now.session, dt.datetime.now(dt.UTC) + dt.timedelta(days=31))
    assert figures(now, compact, name)["files_after"] == 2
    do(now, rewrite_manifests, name)
    lakehouse.load(name).append(pa.table({"at": pa.array(days[:1], pa.timestamp("us", "UTC")), "n": [99]}))
    assert figures(next_month, expire, name)["data_files_deleted"] == 12
    # Files cannot be made older than they are everywhere: what is old goes in the tests of upkeep.
    assert figures(now, orphan_removal(), name)["removed"] == 0

    assert table.io.new_input(young).exists()
    assert lakehouse.rows(name) == sorted([*before, ("2026-01-01T00:00:00+00:00", 99)], key=repr)
    assert examine(lakehouse.load(name), name).complaints == []


def figures(lake: Lake, operation: Any, name: TableName) -> Any:
    return do(lake, operation, name).figures

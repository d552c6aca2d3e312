"""An asset gets and gives rows as the frames that its author works with, the same rows through every one of them."""

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame

from fq_platform.lakehouse.layout import TableName
from fq_platform_tests.fixtures.spark import NewTable
from fq_platform_tests.io_managers.conftest import Lake, told

pytestmark = pytest.mark.services

KINDS = [DataFrame, pa.Table, pa.RecordBatchReader, pl.DataFrame, pl.LazyFrame, pd.DataFrame]

ROWS = pa.table(
    {
        "id": pa.array([1, 2, None], pa.int64()),
        "amount": pa.array([Decimal("1.10"), None, Decimal("99999999999999999999999999.1")], pa.decimal128(38, 12)),
        "at": pa.array([dt.datetime(2026, 1, 1, 23, 59, 59, 999_999, dt.UTC), None, None], pa.timestamp("us", "UTC")),
        "local": pa.array([dt.datetime(2026, 3, 29, 2, 30), None, None], pa.timestamp("us")),
        "day": pa.array([dt.date(2026, 1, 1), None, dt.date(1, 1, 1)], pa.date32()),
        "name": pa.array(["ä", "", None], pa.string()),
        "lines": pa.array(
            [[{"sku": "a", "price": Decimal("0.10")}, None], [], None],
            pa.list_(pa.struct([("sku", pa.string()), ("price", pa.decimal128(9, 2))])),
        ),
        "tags": pa.array([[("k", None)], [], None], pa.map_(pa.string(), pa.string())),
        "address": pa.array([{"city": "Köln"}, {"city": None}, None], pa.struct([("city", pa.string())])),
        "bytes": pa.array([b"\x00", b"", None], pa.binary()),
        "flag": pa.array([True, False, None]),
        "ratio": pa.array([0.1, float("inf"), None], pa.float64()),
    }
)


def arrow(frame: Any) -> pa.Table:
    """The rows of any frame in the types of `ROWS`, in their order."""
    match frame:
        case DataFrame():
            rows = [row.asDict(recursive=True) for row in frame.collect()]
            table = pa.Table.from_pylist([localised(row) for row in rows], ROWS.schema)
        case pa.RecordBatchReader():
            table = frame.read_all()
        case pl.LazyFrame():
            table = frame.collect().to_arrow()
        case pl.DataFrame():
            table = frame.to_arrow()
        case pd.DataFrame():
            table = pa.Table.from_pandas(frame, preserve_index=False)
        case _:
            table = frame
    return table.cast(ROWS.schema).sort_by([("flag", "descending")])


def localised(row: dict[str, Any]) -> dict[str, Any]:
    """Collected timestamps have no zone: they are in that of this process."""
    at = row["at"]
    return row | {"at": at and at.astimezone(dt.UTC)}


def of_kind(kind: Any) -> Any:
    """`ROWS` as a frame of a kind, as its users make it."""
    return {
        pa.Table: lambda: ROWS,
        pa.RecordBatchReader: ROWS.to_reader,
        pl.DataFrame: lambda: pl.from_arrow(ROWS),
        pl.LazyFrame: lambda: pl.from_arrow(ROWS).lazy(),
        pd.DataFrame: lambda: ROWS.to_pandas(types_mapper=pd.ArrowDtype),
    }[kind]()


@pytest.fixture(scope="module")
def rich(spark: Any) -> TableName:
    """A table of `ROWS`, written by Spark from Arrow."""
    from fq_platform.lakehouse.incoming import dataframe_of
    from fq_platform.lakehouse.layout import Layer

    table = TableName(Layer.ANALYTICS, "rich_rows")
    spark.sql("CREATE NAMESPACE IF NOT EXISTS iceberg.analytics")
    dataframe_of(spark, ROWS, "here").writeTo(table.qualified).create()
    return table


@pytest.mark.parametrize("kind", [Any, *KINDS], ids=lambda kind: getattr(kind, "__module__", "") + kind.__name__)
def test_same_rows_are_loaded_as_every_kind(lake: Lake, new_table: NewTable, rich: TableName, kind: Any) -> None:
    seen: list[Any] = []

    @dg.asset(key=list(new_table().identifier), ins={"rows": dg.AssetIn(list(rich.identifier))})
    def reader(rows: kind) -> None:
        seen.extend([type(rows), arrow(rows)])

    lake.run([dg.AssetSpec(list(rich.identifier)), reader], selection=[reader])
    assert issubclass(seen[0], DataFrame if kind is Any else kind)
    assert seen[1].equals(ROWS)


@pytest.mark.parametrize("kind", KINDS[1:], ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_same_rows_are_stored_from_every_kind(lake: Lake, new_table: NewTable, rich: TableName, kind: Any) -> None:
    table = new_table()

    @dg.asset(key=list(table.identifier))
    def made() -> kind:
        return of_kind(kind)

    lake.run(made)
    assert lake.frame(table).schema == lake.frame(rich).schema
    assert lake.rows(table) == lake.rows(rich)


def test_unknown_kinds_are_refused_with_those_that_are_known(lake: Lake, new_table: NewTable, rich: TableName) -> None:
    @dg.asset(key=list(new_table().identifier), ins={"rows": dg.AssetIn(list(rich.identifier))})
    def reader(rows: dict[str, int]) -> None: ...

    @dg.asset(key=list(new_table().identifier))
    def made() -> list[int]:
        return [1]

    message = told(lake.run([dg.AssetSpec(list(rich.identifier)), reader], selection=[reader], fails=True))
    assert "A table cannot be given as typing.Dict" in message
    assert "polars.LazyFrame" in message
    assert "A table cannot be made of a builtins.list" in told(lake.run(made, fails=True))


def test_lazy_frame_reads_only_what_its_query_needs(lake: Lake, new_table: NewTable, rich: TableName) -> None:
    seen: list[Any] = []

    @dg.asset(key=list(new_table().identifier), ins={"rows": dg.AssetIn(list(rich.identifier))})
    def reader(rows: pl.LazyFrame) -> None:
        query = rows.filter(pl.col("id") > 1).select("amount", "name")
        seen.extend([query.collect(), rows.select("name", "id").head(1).collect().columns, rows.collect().height])

    lake.run([dg.AssetSpec(list(rich.identifier)), reader], selection=[reader])
    assert seen[0].to_dicts() == [{"amount": None, "name": ""}]
    assert seen[1:] == [["name", "id"], 3]


def test_types_that_spark_lacks_become_those_that_hold_their_values(lake: Lake, new_table: NewTable) -> None:
    table = new_table()

    @dg.asset(key=list(table.identifier))
    def made() -> pa.Table:
        berlin = dt.datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
        return pa.table(
            {
                "big": pa.array([2**64 - 1], pa.uint64()),
                "small": pa.array([255], pa.uint8()),
                "code": pa.array(["a"]).dictionary_encode(),
                "at": pa.array([berlin], pa.timestamp("ns", "Europe/Berlin")),
                "list": pa.array([[1, None]], pa.large_list(pa.int32())),
            }
        )

    lake.run(made)
    assert [(field.name, field.dataType.simpleString()) for field in lake.frame(table).schema] == [
        ("big", "decimal(20,0)"),
        ("small", "int"),
        ("code", "string"),
        ("at", "timestamp"),
        ("list", "array<int>"),
    ]
    (row,) = lake.spark.sql(f"SELECT big, small, code, CAST(at AS STRING), list FROM {table.qualified}").collect()
    assert tuple(row) == (Decimal(2**64 - 1), 255, "a", "2026-07-01 10:00:00", [1, None])


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array([1], pa.timestamp("ns")), "would lose data"),
        (pa.array([1], pa.duration("s")), "The column n is duration[s], which no column of a table can be"),
        (pa.array([[1]], pa.list_(pa.time32("s"))), "The column n.element is time32[s]"),
    ],
    ids=["nanoseconds", "duration", "inside a list"],
)
def test_values_that_no_table_can_hold_are_refused(
    lake: Lake, new_table: NewTable, column: pa.Array, message: str
) -> None:
    table = new_table()

    @dg.asset(key=list(table.identifier))
    def made() -> pa.Table:
        return pa.table({"n": column})

    assert message in told(lake.run(made, fails=True))
    assert not lake.spark.catalog.tableExists(table.qualified)

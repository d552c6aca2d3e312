"""An input is the same rows in every kind of frame, whatever partitions and whatever state it asks for."""

import datetime as dt
import time
from typing import Any

import dagster as dg
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame

from fq_platform.io_managers.declarations import iceberg_table, loaded
from fq_platform.io_managers.loading import load
from fq_platform.io_managers.scope import InputScope, Partitions, partitions_of
from fq_platform.lakehouse.frames import kind_asked_for
from fq_platform.lakehouse.layout import Layer
from fq_platform_tests.conformance.lakehouse import DAYS, Lakehouse, comparable

pytestmark = pytest.mark.services

KINDS = [DataFrame, pa.Table, pa.RecordBatchReader, pl.DataFrame, pl.LazyFrame, pd.DataFrame]
SCHEMA = pa.schema([("at", pa.timestamp("us", "UTC")), ("id", pa.int64()), ("price", pa.decimal128(38, 12))])
PRICE = "12345678901234567890.123456789012"


def day(number: int) -> pa.Table:
    """One row, at the last microsecond of a day of January."""
    at = dt.datetime(2026, 1, number, 23, 59, 59, 999_999, tzinfo=dt.UTC)
    prices = pa.array([PRICE], pa.string()).cast(SCHEMA.field("price").type)
    return pa.table([pa.array([at], SCHEMA.field("at").type), [number], prices], schema=SCHEMA)


def test_partitions_and_history_are_loaded_as_any_frame(lakehouse: Lakehouse) -> None:
    name = lakehouse.table(Layer.ANALYTICS, "history")
    table = lakehouse.catalog.create_table(name.identifier, SCHEMA, lakehouse.location(name))
    for number in (1, 2, 3):
        table.append(day(number))
        time.sleep(0.002)  # moments are told apart by milliseconds
    first, second, third = (snapshot.snapshot_id for snapshot in table.snapshots())
    then = dt.datetime.fromtimestamp(table.snapshots()[1].timestamp_ms / 1000, dt.UTC)
    table.manage_snapshots().create_branch(second, "audit_1").commit()
    table.append(day(9), branch="audit_1")

    key = dg.AssetKey(list(name.key))

    def days(*dates: str) -> Partitions:
        return partitions_of(key, DAYS, dates, iceberg_table(partition_column="at"))

    asked: dict[str, tuple[Partitions | None, dict[str, Any], list[int]]] = {
        "everything": (None, {}, [1, 2, 3]),
        "partition": (days("2026-01-02"), {}, [2]),
        "range": (days("2026-01-02", "2026-01-03", "2026-01-04"), {}, [2, 3]),
        "snapshot": (None, loaded(as_of=first), [1]),
        "moment": (None, loaded(as_of=then), [1, 2]),
        "branch": (None, loaded(branch="audit_1"), [1, 2, 9]),
        "increment": (None, loaded(after=first, until=second), [2]),
        "to the newest": (None, loaded(after=second), [3]),
        "nothing new": (None, loaded(after=third), []),
        "partition of the past": (days("2026-01-01", "2026-01-03"), loaded(as_of=second), [1]),
    }
    for what, (partitions, options, ids) in asked.items():
        expected = [(f"2026-01-{number:02}T23:59:59.999999+00:00", number, PRICE) for number in ids]
        for kind in KINDS:
            found = load(lakehouse.resource, name, InputScope(key, partitions, options), kind_asked_for(kind))
            assert isinstance(found, kind)
            assert comparable(found) == expected, (what, kind)

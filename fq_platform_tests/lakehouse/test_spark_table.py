"""A window becomes a condition in its column's own type."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from pyspark.sql.types import DataType, DateType, StructField, StructType, TimestampNTZType, TimestampType

from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.lakehouse.spark_table import Window

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        (DateType(), "`day` >= DATE '2026-01-02' AND `day` < DATE '2026-01-03'"),
        (
            TimestampType(),
            "`day` >= TIMESTAMP '2026-01-01 23:00:00 UTC' AND `day` < TIMESTAMP '2026-01-02 23:00:00 UTC'",
        ),
        (
            TimestampNTZType(),
            "`day` >= TIMESTAMP_NTZ '2026-01-01 23:00:00' AND `day` < TIMESTAMP_NTZ '2026-01-02 23:00:00'",
        ),
    ],
)
def test_day_of_a_time_zone_is_its_own_date_and_its_own_instants(kind: DataType, condition: str) -> None:
    window = Window("day", *(dt.datetime(2026, 1, day, tzinfo=BERLIN) for day in (2, 3)))

    assert window.predicate(TableName(Layer.CURATED, "t"), StructType([StructField("day", kind)])) == condition

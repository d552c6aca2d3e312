"""The rows of a day are told by the table's manifests, or not at all."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import DayTransform, IdentityTransform, MonthTransform
from pyiceberg.types import DateType, NestedField, TimestamptzType

from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.day_counts import rows_of_days
from fq_platform.settings import Settings

DAYS = [dt.date(2026, 1, day) for day in (1, 2, 3)]
MOMENTS = [dt.datetime(2026, 1, day, hour, tzinfo=dt.UTC) for day, hour in ((1, 0), (1, 23), (3, 12))]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return open_catalog(Settings(home=tmp_path))


def counted(catalog: Catalog, transform: Any, kind: DateType | TimestamptzType) -> dict[dt.date, int] | None:
    """Rows of three days in a table of three rows, the newest of which is left out as of an earlier snapshot."""
    spec = PartitionSpec(PartitionField(1, 1000, transform, "part"))
    table = catalog.create_table("curated.days", Schema(NestedField(1, "at", kind)), partition_spec=spec)
    arrow = pa.timestamp("us", "UTC") if isinstance(kind, TimestamptzType) else pa.date32()
    values = MOMENTS if isinstance(kind, TimestamptzType) else [moment.date() for moment in MOMENTS]
    table.append(pa.table({"at": pa.array(values, arrow)}))
    snapshot = table.metadata.current_snapshot_id
    table.append(pa.table({"at": pa.array(values[:1], arrow)}))
    return rows_of_days(table, "AT", set(DAYS), snapshot)


@pytest.mark.parametrize(
    ("transform", "kind"),
    [(DayTransform(), TimestamptzType()), (DayTransform(), DateType()), (IdentityTransform(), DateType())],
    ids=["days of a timestamp", "days of a date", "dates"],
)
def test_rows_are_counted_as_of_a_snapshot(
    catalog: Catalog,
    transform: Any,
    kind: DateType | TimestamptzType,
) -> None:
    assert counted(catalog, transform, kind) == {DAYS[0]: 2, DAYS[1]: 0, DAYS[2]: 1}


def test_files_of_a_month_do_not_tell(catalog: Catalog) -> None:
    assert counted(catalog, MonthTransform(), DateType()) is None

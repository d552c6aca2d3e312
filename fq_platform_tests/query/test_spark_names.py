"""Tables as people write them are put where Spark finds them; the statement is shown, not run."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import Layer, Layout, TableName
from fq_platform.query.spark_names import Placed
from fq_platform.query.time_travel import AsOf

ORDERS = TableName(Layer.RAW, "orders")
FILES = TableName(Layer.RAW, "files")
DIM = TableName(Layer.SHARED, "dim_x", namespace=("curated", "shared"))


class Lake:
    """Three tables, each with the snapshot 7."""

    layout = Layout("s3://bucket/warehouse", nested=True)

    def names(self) -> list[TableName]:
        return [ORDERS, FILES, DIM]

    def snapshots(self, names: Sequence[TableName], as_of: AsOf) -> Mapping[TableName, int]:
        return dict.fromkeys(names, 7)


class Session:
    """Gives back what it is asked."""

    def sql(self, text: str) -> str:
        return text


def placed(sql: str, as_of: AsOf | None = None) -> Any:
    session: Any = Session()
    lake: Any = Lake()
    return Placed(session, lake, sql, as_of).frame()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Orders", "iceberg.raw.orders"),
        ("iceberg.RAW.`orders`", "iceberg.raw.orders"),
        ("shared.dim_x", "iceberg.curated.shared.dim_x"),
        ("curated.shared.DIM_X", "iceberg.curated.shared.dim_x"),
        ("raw.orders.Snapshots", "iceberg.raw.orders.snapshots"),
        ("orders.files", "iceberg.raw.orders.files"),
        ("raw.files", "iceberg.raw.files"),  # a table of its own, not those of a table `raw`
        ("raw.files.files", "iceberg.raw.files.files"),
    ],
)
def test_a_name_is_the_tables_or_one_of_icebergs_tables_of_it(written: str, read: str) -> None:
    sql = "WITH o AS (SELECT 'orders') SELECT * FROM {} AS t JOIN o ON true"
    assert placed(sql.format(written)) == sql.format(read)


def test_the_past_stands_behind_tables_that_have_one() -> None:
    sql = "SELECT 1 FROM {} a, raw.orders.files b, {} c"
    assert placed(sql.format("orders", "dim_x VERSION AS OF 3"), 7) == (
        "SELECT 1 FROM iceberg.raw.orders VERSION AS OF 7 a, iceberg.raw.orders.files b, "
        "iceberg.curated.shared.dim_x VERSION AS OF 3 c"
    )


@pytest.mark.parametrize("name", ["raw.order", "parquet.`/etc/hosts`", "other.raw.orders", "raw.nothing.files"])
def test_what_is_none_of_the_lakehouses_tables_is_refused(name: str) -> None:
    with pytest.raises(FqError, match="There is no table"):
        placed(f"SELECT * FROM {name}")

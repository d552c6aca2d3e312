"""Queries at a snapshot or a moment see every table as it was then."""

import datetime as dt
import time
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog

from fq_platform.errors import FqError
from fq_platform.query.engine import QueryEngine
from fq_platform.query.time_travel import AsOf, parse_as_of, snapshots_as_of
from fq_platform_tests.fixtures.lake import ORDERS, append_orders, order

COUNT = "SELECT count(*) AS n FROM raw.ecommerce_db_orders"


def count(engine: QueryEngine, as_of: AsOf, sql: str = COUNT) -> object:
    return engine.execute(sql, as_of).read_all().to_pylist()[0]["n"]


def moments(lake: Catalog, table: str) -> list[dt.datetime]:
    """When each snapshot of a table was committed."""
    history = lake.load_table(table).history()
    return [dt.datetime.fromtimestamp(entry.timestamp_ms / 1000, dt.UTC) for entry in history]


@pytest.fixture
def second(lake: Catalog) -> int:
    """A second snapshot, with a third row."""
    time.sleep(0.005)
    return append_orders(lake, order(3))


def test_snapshot_id_shows_the_table_at_that_snapshot(engine: QueryEngine, lake: Catalog, second: int) -> None:
    first = lake.load_table("raw.ecommerce_db_orders").history()[0].snapshot_id
    assert (count(engine, first), count(engine, second)) == (2, 3)


def test_moment_shows_what_was_committed_by_then(engine: QueryEngine, lake: Catalog, second: int) -> None:
    _, committed = moments(lake, "raw.ecommerce_db_orders")
    assert count(engine, committed) == 3
    assert count(engine, committed - dt.timedelta(milliseconds=1)) == 2
    assert count(engine, committed + dt.timedelta(days=1)) == 3


def test_a_moment_is_rounded_to_the_millisecond_that_snapshots_are_dated_by() -> None:
    asked: list[int] = []

    def current(milliseconds: int) -> Any:
        asked.append(milliseconds)
        return SimpleNamespace(snapshot_id=1)

    table: Any = SimpleNamespace(snapshot_as_of_timestamp=current)
    second = dt.datetime(2026, 1, 31, 8, tzinfo=dt.UTC)
    for microseconds in (0, 400, 4_600, 999_600):
        snapshots_as_of([table], second + dt.timedelta(microseconds=microseconds))
    assert [milliseconds - int(second.timestamp()) * 1000 for milliseconds in asked] == [0, 0, 5, 1_000]


def test_columns_are_those_of_the_moment(engine: QueryEngine, lake: Catalog) -> None:
    table = lake.load_table("raw.ecommerce_db_orders")
    [first] = moments(lake, "raw.ecommerce_db_orders")
    with table.update_schema() as update:
        update.delete_column("quantity")
    time.sleep(0.005)
    table.append(pa.Table.from_pylist([order(3)], schema=ORDERS).drop_columns(["quantity"]))
    assert "quantity" in engine.execute("SELECT * FROM raw.ecommerce_db_orders", first).schema.names
    assert "quantity" not in engine.execute("SELECT * FROM raw.ecommerce_db_orders").schema.names


def test_snapshot_of_one_table_is_a_moment_for_the_others(engine: QueryEngine, lake: Catalog, second: int) -> None:
    facts = lake.load_table("analytics.fct_orders")
    time.sleep(0.005)
    facts.append(pa.table({"order_id": ["o1"]}))
    then = lake.load_table("analytics.fct_orders").history()[0].snapshot_id
    time.sleep(0.005)
    append_orders(lake, order(4))
    joined = "SELECT count(*) AS n FROM raw.ecommerce_db_orders, analytics.fct_orders"
    assert count(engine, then, joined) == 3


def test_moment_before_the_first_snapshot_names_table_and_snapshot(engine: QueryEngine, lake: Catalog) -> None:
    first = lake.load_table("raw.ecommerce_db_orders").history()[0].snapshot_id
    with pytest.raises(FqError) as caught:
        engine.execute(COUNT, dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert caught.value.what.startswith("raw.ecommerce_db_orders did not exist at 2020-01-01T00:00:00.000Z")
    assert str(first) in caught.value.what


def test_table_never_written_has_no_past(engine: QueryEngine) -> None:
    with pytest.raises(FqError, match="fct_orders has no snapshot"):
        engine.execute("SELECT * FROM analytics.fct_orders", dt.datetime.now(dt.UTC))


def test_unknown_snapshot_is_answered_with_the_latest_ones(engine: QueryEngine, second: int) -> None:
    with pytest.raises(FqError) as caught:
        engine.execute(COUNT, 42)
    assert caught.value.what == "None of the tables of the query has a snapshot 42"
    assert str(second) in caught.value.fix


def test_query_without_a_table_has_no_past(engine: QueryEngine) -> None:
    with pytest.raises(FqError, match="names no table"):
        engine.execute("SELECT 1", 42)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("4820871231", 4820871231),
        ("2026-01-31", dt.datetime(2026, 1, 31, tzinfo=dt.UTC)),
        ("2026-01-31 08:00", dt.datetime(2026, 1, 31, 8, tzinfo=dt.UTC)),
        ("2026-01-31T08:00:00Z", dt.datetime(2026, 1, 31, 8, tzinfo=dt.UTC)),
        ("2026-01-31T08:00:00+02:00", dt.datetime(2026, 1, 31, 6, tzinfo=dt.UTC)),
    ],
)
def test_text_is_read_as_snapshot_or_utc(text: str, meaning: AsOf) -> None:
    assert parse_as_of(text) == meaning


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "-5"])
def test_text_that_is_neither_is_refused(text: str) -> None:
    with pytest.raises(FqError, match="neither a snapshot id nor an ISO timestamp"):
        parse_as_of(text)

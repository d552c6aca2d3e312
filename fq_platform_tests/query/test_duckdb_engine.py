"""DuckDB reads real Iceberg tables: values, names, errors, and nothing but the lakehouse."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.transforms import DayTransform

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.query.duckdb_connection import connect
from fq_platform.query.engine import QueryEngine, open_engine
from fq_platform.query.options import EngineName
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.lake import ORDERS, append_orders, order


def rows(engine: QueryEngine, sql: str) -> list[dict[str, object]]:
    return engine.execute(sql).read_all().to_pylist()


def test_values_of_every_type_are_exact_and_in_utc(engine: QueryEngine) -> None:
    read = engine.execute("SELECT * FROM raw.ecommerce_db_orders ORDER BY _id").read_all()
    assert read.schema.field("total").type == pa.decimal128(38, 12)
    assert read.schema.field("order_date").type == pa.timestamp("us", "UTC")
    assert read.to_pylist()[0] == {
        "_id": "o1",
        "total": Decimal("19.99"),
        "quantity": 1,
        "order_date": dt.datetime(2026, 1, 1, 23, 30, tzinfo=dt.UTC),
        "lines": [{"sku": "SKU-0001", "price": Decimal("0.1")}],
        "_fq_rescued": None,
    }


def test_query_that_duckdb_stops_itself_is_an_error_and_no_ctrl_c(
    engine: QueryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = []

    def connect_and_remember(settings: Settings) -> duckdb.DuckDBPyConnection:
        connections.append(connect(settings))
        return connections[0]

    monkeypatch.setattr("fq_platform.query.duckdb_engine.connect", connect_and_remember)
    reader = engine.execute("SELECT i FROM range(100_000_000) t(i)")
    reader.read_next_batch()
    connections[0].interrupt()
    with pytest.raises(FqError, match="stopped the query"):
        reader.read_all()


def test_sums_of_money_stay_decimal(engine: QueryEngine, lake: Catalog) -> None:
    append_orders(lake, *(order(3, _id=f"c{cent}", total=Decimal("0.1")) for cent in range(10)))
    [row] = rows(engine, "SELECT sum(total) AS total FROM raw.ecommerce_db_orders WHERE _id LIKE 'c%'")
    assert row == {"total": Decimal("1.0")}
    assert isinstance(row["total"], Decimal)


def test_days_are_days_in_utc_whatever_the_machine_says(engine: QueryEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    [row] = rows(engine, "SELECT CAST(order_date AS DATE) AS day FROM raw.ecommerce_db_orders WHERE _id = 'o1'")
    assert row["day"] == dt.date(2026, 1, 1)


def test_table_without_a_snapshot_is_empty_with_its_columns(engine: QueryEngine) -> None:
    read = engine.execute("SELECT * FROM analytics.fct_orders").read_all()
    assert (read.num_rows, read.schema.names) == (0, ["order_id"])


@pytest.mark.parametrize(
    "name",
    ["raw.ecommerce_db_orders", "iceberg.raw.ecommerce_db_orders", "RAW.Ecommerce_DB_orders", "ecommerce_db_orders"],
)
def test_names_may_be_qualified_fully_partly_or_not(engine: QueryEngine, name: str) -> None:
    assert rows(engine, f"SELECT count(*) AS n FROM {name}") == [{"n": 2}]


def test_tables_are_found_wherever_sql_can_name_them(engine: QueryEngine) -> None:
    sql = """
        WITH big AS (SELECT _id FROM raw.ecommerce_db_orders WHERE quantity > 1)
        SELECT o._id, (SELECT count(*) FROM "analytics"."fct_orders") AS n -- not raw.nothing
        FROM big JOIN raw.ecommerce_db_orders o USING (_id) WHERE 'raw.nothing' <> o._id
    """
    assert rows(engine, sql) == [{"_id": "o2", "n": 0}]


def test_every_query_sees_what_was_committed_before_it(engine: QueryEngine, lake: Catalog) -> None:
    assert rows(engine, "SELECT count(*) AS n FROM raw.ecommerce_db_orders") == [{"n": 2}]
    append_orders(lake, order(3))
    assert rows(engine, "SELECT count(*) AS n FROM raw.ecommerce_db_orders") == [{"n": 3}]


def test_partitioned_table_whose_rows_were_replaced_shows_the_new_ones_only(engine: QueryEngine, lake: Catalog) -> None:
    table = lake.create_table("curated.daily", schema=ORDERS)
    with table.update_spec() as spec:
        spec.add_field("order_date", DayTransform(), "day")
    table.append(pa.Table.from_pylist([order(1), order(2)], schema=ORDERS))
    table.overwrite(
        pa.Table.from_pylist([order(1, quantity=7)], schema=ORDERS), "order_date < '2026-01-02T00:00:00+00:00'"
    )
    found = rows(engine, "SELECT _id, quantity FROM curated.daily ORDER BY _id")
    assert found == [{"_id": "o1", "quantity": 7}, {"_id": "o2", "quantity": 2}]


def test_column_added_later_is_null_in_older_rows(engine: QueryEngine, lake: Catalog) -> None:
    table = lake.load_table("raw.ecommerce_db_orders")
    with table.update_schema() as update:
        update.union_by_name(ORDERS.append(pa.field("notes", pa.string())))
    table.append(pa.Table.from_pylist([order(3, notes="late")], schema=ORDERS.append(pa.field("notes", pa.string()))))
    found = rows(engine, "SELECT _id, notes FROM raw.ecommerce_db_orders ORDER BY _id")
    assert [row["notes"] for row in found] == [None, None, "late"]


def test_tables_are_listed_by_layer(engine: QueryEngine) -> None:
    assert engine.tables() == ["raw.ecommerce_db_orders", "analytics.fct_orders"]
    assert [row["name"] for row in rows(engine, "SHOW TABLES")] == ["ecommerce_db_orders", "fct_orders"]


def test_unknown_table_is_answered_with_near_names_and_a_remedy(engine: QueryEngine) -> None:
    with pytest.raises(FqError) as caught:
        engine.execute("SELECT * FROM analytics.fct_order")
    assert caught.value.what == "There is no table analytics.fct_order"
    assert "analytics.fct_orders" in caught.value.fix
    assert "materialise" in caught.value.fix


def test_unknown_name_without_a_layer_is_answered_the_same_way(engine: QueryEngine) -> None:
    with pytest.raises(FqError, match=r"There is no table fct_order\. .*fct_orders"):
        engine.execute("SELECT * FROM fct_order")


def test_empty_lakehouse_says_how_to_fill_it(settings: Settings) -> None:
    with pytest.raises(FqError, match="fq demo"):
        open_engine(EngineName.DUCKDB, settings).execute("SELECT * FROM raw.anything")


def test_error_in_the_sql_keeps_the_mark_below_its_place(engine: QueryEngine) -> None:
    with pytest.raises(FqError) as caught:
        engine.execute("SELECT nothing FROM raw.ecommerce_db_orders")
    assert 'Referenced column "nothing" not found' in caught.value.what
    line, mark = caught.value.what.splitlines()[-2:]
    assert line[mark.index("^") :].startswith("nothing")


def test_error_in_the_middle_of_the_result_is_one_for_users(engine: QueryEngine) -> None:
    what = "DuckDB stopped the query on an error that it did not keep"
    for _ in range(5):  # as that error asks one to: one time in fifty it is what another thread is told
        reader = engine.execute("SELECT CAST(if(i = 900_000, 'x', '1') AS INT) FROM range(1_000_000) t(i)")
        with pytest.raises(FqError) as told:
            reader.read_all()
        if told.value.what != what:
            break
    assert "Could not convert string 'x' to INT32" in told.value.what


def test_large_result_streams(engine: QueryEngine) -> None:
    reader = engine.execute("SELECT * FROM range(1_000_000_000_000)")
    assert reader.read_next_batch().num_rows < 1_000_000


def test_files_outside_the_warehouse_cannot_be_read(engine: QueryEngine, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with pytest.raises(FqError, match="Permission Error"):
        engine.execute(f"SELECT * FROM read_csv('{secret}')")


def test_damaged_table_is_named(engine: QueryEngine, lake: Catalog) -> None:
    metadata = Path(lake.load_table("analytics.fct_orders").metadata_location.removeprefix("file://"))
    metadata.unlink()
    with pytest.raises(FqError, match="fct_orders is damaged"):
        engine.execute("SELECT * FROM analytics.fct_orders")


def test_warehouse_path_may_hold_spaces_and_quotes(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "it's a home")
    engine = open_engine(EngineName.DUCKDB, settings)
    open_catalog(settings).create_table("curated.shared.dim_products", schema=ORDERS)
    assert rows(engine, "SELECT count(*) AS n FROM shared.dim_products") == [{"n": 0}]

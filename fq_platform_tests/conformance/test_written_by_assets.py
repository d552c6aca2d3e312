"""What assets return is in their tables in the mode that they declare, for Spark, PyIceberg and DuckDB alike."""

import datetime as dt

import dagster as dg
import pyarrow as pa
import pytest

from fq_platform.io_managers.declarations import iceberg_table
from fq_platform.lakehouse.layout import Layer
from fq_platform_tests.conformance.lakehouse import Given, Lakehouse

pytestmark = pytest.mark.services

FIRST, SECOND, THIRD = (dt.date(2026, 1, day) for day in (1, 2, 3))


def rows_of(*values: str, columns: str = "day, id, amount") -> str:
    """A query: `rows_of("2, 10, 1.50")` is the 2nd of January with 10 and 1.50."""
    found = ", ".join(f"(DATE '2026-01-{int(value[0]):02}'{value[1:]})" for value in values)
    return f"SELECT * FROM VALUES {found} AS t({columns})"


def test_days_are_replaced_and_columns_follow_and_nothing_is_committed_in_vain(lakehouse: Lakehouse) -> None:
    columns = dg.TableSchema([dg.TableColumn("id", description="Its number")])
    declared = {"description": "Sales by day.", "owners": ["team:sales"]}
    layout = iceberg_table(
        partition_column="day",
        partition_by=["days(day)", "bucket(4, id)"],
        sort_by=["amount DESC", "id"],
        properties={"write.target-file-size-bytes": "1000000"},
    ) | {"dagster/column_schema": columns}
    given = Given(lakehouse, "by_day", daily=True, metadata=layout, **declared)
    whole, three = rows_of("1, 1, 1.50", "2, 2, 2.50", "3, 3, 3.50"), ("2026-01-01", "2026-01-03")
    assert given.write(whole, three)["changed"] is True
    assert given.write(whole, three)["changed"] is False
    assert lakehouse.rows(given.table) == [(FIRST, 1, "1.50"), (SECOND, 2, "2.50"), (THIRD, 3, "3.50")]

    assert given.write(rows_of("2, 2, 2.75", "2, 4, 4.50"), "2026-01-02")["rows"] == 2
    assert given.write(rows_of("2, 2, 2.75", "2, 4, 4.50"), ("2026-01-02", "2026-01-03"))["changed"] is True
    assert lakehouse.rows(given.table) == [(FIRST, 1, "1.50"), (SECOND, 2, "2.75"), (SECOND, 4, "4.50")]
    assert len(lakehouse.snapshots(given.table)) == 3

    made = lakehouse.load(given.table)
    assert [(field.name, str(field.transform)) for field in made.spec().fields] == [
        ("day_day", "day"),
        ("id_bucket", "bucket[4]"),
    ]
    order = [(field.source_id, str(field.direction)) for field in made.sort_order().fields]
    assert order == [
        (made.schema().find_field("amount").field_id, "DESC"),
        (made.schema().find_field("id").field_id, "ASC"),
    ]
    assert made.properties["write.target-file-size-bytes"] == "1000000"
    assert (made.properties["comment"], made.properties["owner"]) == ("Sales by day.", "team:sales")
    assert made.schema().find_field("id").doc == "Its number"

    assert "outside" in given.refusal(rows_of("2, 2, 2.75", "3, 9, 1.00"), "2026-01-02")
    wider = rows_of("2, 5000000000, 1234567.89, 'new'", columns="day, id, amount, note")
    given.write(wider, "2026-01-02")
    assert lakehouse.rows(given.table) == [(FIRST, 1, "1.50", None), (SECOND, 5_000_000_000, "1234567.89", "new")]
    assert [str(field.field_type) for field in lakehouse.load(given.table).schema().fields] == [
        "date",
        "long",
        "decimal(9, 2)",
        "string",
    ]
    message = given.refusal(rows_of("2, 'five', 1.00, 2", columns="day, id, amount, another"), "2026-01-02")
    for part in (given.table.qualified, "The column id is bigint in the table and string", "Cast the column"):
        assert part in message

    other = Given(
        lakehouse, "by_day", daily=True, metadata=iceberg_table(partition_column="day", partition_by=["months(day)"])
    )
    message = other.refusal(rows_of("2, 2, 2.75"), "2026-01-02")
    for part in (given.table.qualified, "months(day)", "days(day), bucket(4, id)", "fq/evolve_partition_spec"):
        assert part in message


def test_append_adds_once_in_a_run_and_again_in_the_next(lakehouse: Lakehouse) -> None:
    table = lakehouse.table(Layer.ANALYTICS, "appended")
    rows = pa.table({"n": [1, 2]})

    @dg.asset(key=list(table.key), metadata=iceberg_table(mode="append"))
    def appended(context: dg.AssetExecutionContext) -> None:
        for _ in range(2):  # as a step that is tried again
            lakehouse.io_manager().store(context, rows)

    lakehouse.run(appended)
    assert lakehouse.rows(table) == [(1,), (2,)]
    assert len(lakehouse.snapshots(table)) == 1

    lakehouse.run(appended)
    assert lakehouse.rows(table) == [(1,), (1,), (2,), (2,)]


def test_merge_updates_inserts_and_deletes_by_key(lakehouse: Lakehouse) -> None:
    given = Given(
        lakehouse, "merged", metadata=iceberg_table(mode="merge", keys=["id"], partition_by=["bucket(2, id)"])
    )
    given.write("SELECT id, concat('v', id) AS v, CAST(id AS DECIMAL(5,2)) AS d FROM range(1, 4)")
    changes = (
        "SELECT * FROM VALUES (2L, 'V2', 2.25, 'update'), (3L, NULL, NULL, 'delete'), (4L, 'v4', 4.00, 'insert')"
        " AS t(id, v, d, _fq_op)"
    )
    said = given.write(changes)
    assert [said[name] for name in ("inserted", "updated", "deleted")] == [1, 1, 1]
    assert lakehouse.rows(given.table) == [(1, "v1", "1.00"), (2, "V2", "2.25"), (4, "v4", "4.00")]

    before = lakehouse.state(given.table)
    assert given.write(changes)["changed"] is False
    assert lakehouse.state(given.table) == before


def test_table_is_created_and_replaced_with_other_columns(lakehouse: Lakehouse) -> None:
    given = Given(lakehouse, "replaced", metadata=iceberg_table(mode="create_or_replace"))
    given.write("SELECT 1 AS old, 'a' AS kept")
    first = lakehouse.snapshots(given.table)[0]
    given.write("SELECT 2L AS kept, 1.10BD AS new")
    assert lakehouse.rows(given.table) == [(2, "1.10")]
    assert lakehouse.load(given.table).scan(snapshot_id=first).to_arrow().to_pylist() == [{"old": 1, "kept": "a"}]
    assert given.write("SELECT 2L AS kept, 1.10BD AS new")["changed"] is False

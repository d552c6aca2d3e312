"""A table follows its declaration: when it is made, and when the declaration changes; what cannot follow is refused."""

import pytest
from pyiceberg.types import DecimalType, LongType

from fq_platform.lakehouse.table_options import TableDocs, WriteMode
from fq_platform.lakehouse.writing.partitioning import present_partition_fields, present_sort_fields
from fq_platform_tests.lakehouse.writing.conftest import Lake, NewLake, days, rows_of

pytestmark = pytest.mark.services


def comments(table: Lake, *paths: str) -> list[str | None]:
    schema = table.table.schema()
    return [schema.find_field(path).doc for path in paths]


def test_new_table_is_as_declared(lake: NewLake) -> None:
    partition_by = ("years(at)", "hours(at2)", "bucket(16, n)", "truncate(4, sku)", "region")
    docs = TableDocs("Orders", "team:sales", {"n": "A number", "lines.price": "Net", "Tags.kind": "Which"})
    table = lake(
        partition_by=partition_by,
        sort_by=("sku", "n DESC"),
        properties={"write.target-file-size-bytes": "1000000", "commit.retry.num-retries": "3"},
    ).declare(docs=docs)
    table.write(
        "SELECT TIMESTAMP '2026-01-01' AS at, TIMESTAMP '2026-01-01' AS at2, 1 AS n, 'sku-1' AS sku, 'north' AS region,"
        " array(named_struct('price', 1.5BD)) AS lines, map('a', named_struct('kind', 'x')) AS tags"
    )
    made = table.table
    assert [str(field) for field in present_partition_fields(made)] == list(partition_by)
    assert [str(field) for field in present_sort_fields(made)] == ["sku ASC NULLS FIRST", "n DESC NULLS LAST"]
    assert made.properties["write.target-file-size-bytes"] == "1000000"
    assert made.properties["commit.retry.num-retries"] == "3"
    assert (made.properties["comment"], made.properties["owner"]) == ("Orders", "team:sales")
    assert comments(table, "n", "sku", "lines.element.price", "tags.value.kind") == ["A number", None, "Net", "Which"]
    described = {row["col_name"]: row["data_type"] for row in table.spark.sql(
        f"DESCRIBE TABLE EXTENDED {table.target.table.qualified}").collect()}  # fmt: skip
    assert (described["Comment"], described["Owner"]) == ("Orders", "team:sales")


def test_files_are_sorted_within(lake: NewLake) -> None:
    table = lake(sort_by=("n DESC",), dated=False)
    table.write("SELECT id % 7 AS n FROM range(50)")
    found = [row["n"] for row in table.table.scan().to_arrow().to_pylist()]
    assert found == sorted(found, reverse=True)


def test_declaration_that_changes_is_followed_without_a_snapshot(lake: NewLake) -> None:
    table = lake(sort_by=("n",), properties={"a": "1", "b": "1"}).declare(docs=TableDocs("Old", "", {"n": "Old"}))
    table.write(rows_of("1, 1"), days(1))
    changed = table.declare(
        docs=TableDocs("New", "team:x", {"n": "New", "day": "When"}), sort_by=("n DESC",), properties={"a": "2"}
    )
    told = changed.write(rows_of("1, 1"), days(1))
    made = changed.table
    assert (told.changed, changed.snapshots) == (False, 1)
    assert (made.properties["comment"], made.properties["owner"]) == ("New", "team:x")
    assert comments(changed, "n", "day") == ["New", "When"]
    assert made.properties["a"] == "2"
    assert "b" not in made.properties
    assert [str(field) for field in present_sort_fields(made)] == ["n DESC NULLS LAST"]
    before = made.metadata_location
    changed.write(rows_of("1, 1"), days(1))
    assert changed.table.metadata_location == before
    bare = table.declare(docs=TableDocs(), sort_by=(), properties={})
    bare.write(rows_of("1, 1"), days(1))
    assert present_sort_fields(bare.table) == []
    assert "a" not in bare.table.properties


def test_order_and_properties_that_somebody_set_by_hand_stay(lake: NewLake) -> None:
    table = lake(dated=False)
    table.write("SELECT 1 AS n")
    name = table.target.table.qualified
    table.spark.sql(f"ALTER TABLE {name} WRITE ORDERED BY n")
    table.spark.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ('mine' = 'x')")
    table.write("SELECT 2 AS n")
    assert len(present_sort_fields(table.table)) == 1
    assert table.table.properties["mine"] == "x"


def test_other_partition_spec_is_refused_or_evolved_where_that_is_said(lake: NewLake) -> None:
    table = lake()
    table.write(rows_of("1, 1", "2, 2"), days((1, 2)))
    other = table.declare(partition_by=("months(day)", "bucket(4, n)"))
    told = other.refusal(rows_of("1, 3"), days(1))
    assert "partitioned by days(day), but months(day), bucket(4, n) is declared" in told.what
    assert '"fq/partition_by": ["days(day)"]' in told.fix
    assert "fq/evolve_partition_spec" in told.fix
    assert told.where == table.target.table.qualified
    evolved = other.declare(evolve_partition_spec=True)
    evolved.write(rows_of("1, 3"), days(1))
    assert [str(field) for field in present_partition_fields(evolved.table)] == ["months(day)", "bucket(4, n)"]
    assert [n for (n,) in evolved.rows("n")] == [2, 3]
    evolved.write(rows_of("2, 4"), days(2))
    assert [n for (n,) in evolved.pyiceberg_rows("n")] == [3, 4]
    other.write(rows_of("2, 5"), days(2))
    assert [n for (n,) in other.rows("n")] == [3, 5]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"partition_by": ("days(n)",)}, "cannot be partitioned by days(n): the column is int"),
        ({"partition_by": ("bucket(4, nothing)",)}, "The column nothing, which fq/partition_by names, is missing"),
        ({"sort_by": ("nothing",)}, "The column nothing, which fq/sort_by names, is missing"),
        ({"sort_by": ("s",)}, "cannot be sorted by s"),
    ],
)
def test_column_that_cannot_serve_is_named_and_no_table_is_made(
    lake: NewLake, options: dict[str, tuple[str, ...]], said: str
) -> None:
    assert said in lake(dated=False, **options).refusal("SELECT 1 AS n, named_struct('a', 1) AS s").what


@pytest.mark.parametrize("mode", list(WriteMode))
def test_types_are_promoted_or_refused_in_every_mode(lake: NewLake, mode: WriteMode) -> None:
    table = lake(mode, keys=("k",) if mode is WriteMode.MERGE else (), dated=False)
    table.write("SELECT 'a' AS k, 1 AS i, CAST(1.5 AS DECIMAL(5,2)) AS d, named_struct('x', 1) AS s")
    if mode is not WriteMode.CREATE_OR_REPLACE:  # its tables take any column
        told = table.refusal("SELECT 'b' AS k, 1 AS i, 2.5BD AS d, named_struct('x', 'text') AS s, 'new' AS added")
        assert "The column s.x is int in the table and string in the new rows" in told.what
        assert told.where == table.target.table.qualified
        assert "Cast the column to int" in told.fix
    table.write("SELECT 'b' AS k, 5000000000L AS i, CAST(2.5 AS DECIMAL(9,2)) AS d, named_struct('x', 7L) AS s")
    schema = table.table.schema()
    assert isinstance(schema.find_type("i"), LongType)
    assert schema.find_type("d") == DecimalType(9, 2)
    assert isinstance(schema.find_type("s.x"), LongType)
    assert ("b", 5_000_000_000, (7,)) in [(k, i, tuple(s)) for k, i, s in table.rows("k", "i", "s")]

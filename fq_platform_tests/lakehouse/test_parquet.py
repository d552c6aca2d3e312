"""Data files are read back as they were written, by every engine, with the statistics that Iceberg prunes by."""

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.expressions import EqualTo, GreaterThan
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.table import Table
from pyiceberg.typedef import Record

from fq_platform.lakehouse import parquet
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.changelog import Changelog, open_changelog
from fq_platform.lakehouse.document_schema import is_document_column
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TAGS = pa.list_(pa.field("element", pa.string()))
LINE = pa.struct([("n", pa.int64()), ("tags", TAGS)])
LINES = pa.list_(pa.field("element", LINE))
ATTRIBUTES = pa.map_(pa.string(), pa.struct([("v", pa.float64()), ("l", LINES)]))
GRID = pa.list_(pa.field("element", pa.list_(pa.field("element", pa.int64()))))
COLUMNS = {
    "n": pa.int64(),
    "price": pa.decimal128(38, 12),
    "at": pa.timestamp("us", "UTC"),
    "lines": LINES,
    "attributes": ATTRIBUTES,
    "texts": pa.map_(pa.string(), pa.string()),
    "grid": GRID,
    "deep": pa.struct([("a", pa.struct([("b", pa.list_(pa.field("element", pa.struct([("c", TAGS)]))))]))]),
}
ROWS: list[dict[str, Any]] = [
    {
        "_id": "full",
        "n": 2**63 - 1,
        "price": None,
        "at": dt.datetime(9999, 12, 31, tzinfo=dt.UTC),
        "lines": [{"n": 1, "tags": ["x", None]}, None, {"n": None, "tags": []}, {"n": 2, "tags": None}],
        "attributes": [("a", {"v": 1.5, "l": [{"n": 1, "tags": None}]}), ("b", None), ("c", {"v": None, "l": None})],
        "texts": [("k", None), ("", "v")],
        "grid": [[1, None], [], None],
        "deep": {"a": {"b": [{"c": ["z"]}, {"c": None}, None]}},
    },
    {"_id": "empty", "lines": [], "attributes": [], "texts": [], "grid": [], "deep": {"a": {"b": []}}},
    {"_id": "null", **dict.fromkeys(COLUMNS)},
    {"_id": "hollow", "deep": {"a": None}, "lines": [None], "grid": [None]},
]


def batch(rows: list[dict[str, Any]], columns: dict[str, pa.DataType] | None = None) -> pa.RecordBatch:
    schema = pa.schema({"_id": pa.string(), **(COLUMNS if columns is None else columns)})
    return pa.RecordBatch.from_pylist(rows, schema=schema)


@pytest.fixture
def catalog(settings: Settings) -> Catalog:
    return open_catalog(settings)


@pytest.fixture
def changelog(catalog: Catalog, settings: Settings) -> Changelog:
    name = TableName(Layer.RAW, "app_orders", "app")
    return open_changelog(catalog, name, layout_of(settings).location(name), partitioned=False)


def land(changelog: Changelog, *batches: pa.RecordBatch) -> Table:
    with changelog.append() as append:
        writer = append.writer(None)
        for rows in batches:
            append.evolve(pa.schema([column for column in rows.schema if is_document_column(column.name)]))
            writer.write(rows)
        append.add(writer.close())
        append.commit({})
    return changelog.table


def expected() -> list[dict[str, Any]]:
    return batch(ROWS).to_pylist()


def only(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ["_id", *COLUMNS]
    by_id = {row["_id"]: row for row in rows}
    return [{name: by_id[row["_id"]][name] for name in names} for row in ROWS]


def test_nested_nulls_and_empties_are_told_apart_by_pyiceberg(changelog: Changelog) -> None:
    table = land(changelog, batch(ROWS))

    assert only(table.scan().to_arrow().to_pylist()) == expected()


def test_nested_nulls_and_empties_are_told_apart_by_duckdb(changelog: Changelog) -> None:
    table = land(changelog, batch(ROWS))
    (path,) = [task.file.file_path.removeprefix("file://") for task in table.scan().plan_files()]

    with duckdb.connect() as connection:
        found = connection.sql(f"SELECT lines, grid, deep, texts FROM '{path}' ORDER BY _id").fetchall()

    texts = [dict(row["texts"]) if row["texts"] is not None else None for row in expected()]
    order = sorted(range(len(ROWS)), key=lambda number: ROWS[number]["_id"])
    rows = expected()
    assert found == [(rows[n]["lines"], rows[n]["grid"], rows[n]["deep"], texts[n]) for n in order]


@pytest.mark.services
def test_nested_nulls_and_empties_are_told_apart_by_spark(spark: "SparkSession", spark_settings: Settings) -> None:
    name = TableName(Layer.RAW, "app_nested", "app")
    location = layout_of(spark_settings).location(name)
    land(open_changelog(open_catalog(spark_settings), name, location, partitioned=False), batch(ROWS))

    rows = {row["_id"]: row.asDict(recursive=True) for row in spark.table(name.qualified).collect()}

    for row in expected():
        found = rows[row["_id"]]
        for column in ("lines", "grid", "deep", "n"):
            assert found[column] == row[column]
        assert found["texts"] == (None if row["texts"] is None else dict(row["texts"]))
        assert found["attributes"] == (None if row["attributes"] is None else dict(row["attributes"]))


def test_files_carry_field_ids_at_every_depth_and_no_schema_of_arrow(changelog: Changelog) -> None:
    table = land(changelog, batch(ROWS))
    (task,) = table.scan().plan_files()
    file = pq.ParquetFile(task.file.file_path.removeprefix("file://"))

    assert b"ARROW:schema" not in (file.metadata.metadata or {})
    assert sorted(ids(file.schema_arrow)) == sorted(
        table.schema().find_field(name).field_id for name in all_names(table) if name.split(".")[0] in {"_id", *COLUMNS}
    )


def all_names(table: Table) -> list[str]:
    return list(table.schema()._lazy_id_to_name.values())


def ids(fields: Any) -> Iterator[int]:
    for field in fields:
        yield int(field.metadata[b"PARQUET:field_id"])
        type_ = field.type
        if pa.types.is_struct(type_):
            yield from ids(type_)
        elif pa.types.is_map(type_):
            yield from ids([type_.key_field, type_.item_field])
        elif pa.types.is_list(type_):
            yield from ids([type_.value_field])


def test_statistics_prune_files_and_tell_counts(changelog: Changelog) -> None:
    land(changelog, batch([{"_id": "a", "n": 1}, {"_id": "b", "n": None}], {"n": pa.int64()}))
    table = land(changelog, batch([{"_id": "c" * 5000, "n": 10}], {"n": pa.int64()}))
    number = table.schema().find_field("n").field_id

    first = next(iter(table.scan(row_filter=EqualTo("n", 1)).plan_files()))
    assert len(list(table.scan(row_filter=GreaterThan("n", 5)).plan_files())) == 1
    assert len(list(table.scan(row_filter=EqualTo("_id", "zz")).plan_files())) <= 1
    assert table.scan(row_filter=EqualTo("_id", "c" * 5000)).to_arrow()["n"].to_pylist() == [10]
    assert first.file.record_count == 2
    assert first.file.null_value_counts[number] == 1
    assert first.file.file_size_in_bytes == len(table.io.new_input(first.file.file_path))


def test_columns_that_come_later_share_the_file_while_nothing_of_it_is_written(changelog: Changelog) -> None:
    table = land(
        changelog,
        batch([{"_id": "a", "n": 1}], {"n": pa.int64()}),
        batch([{"_id": "b", "n": 2, "more": "x"}], {"n": pa.int64(), "more": pa.string()}),
        batch([{"_id": "c"}], {}),
    )

    assert len(list(table.scan().plan_files())) == 1
    rows = {row["_id"]: (row["n"], row["more"]) for row in table.scan().to_arrow().to_pylist()}
    assert rows == {"a": (1, None), "b": (2, "x"), "c": (None, None)}


def test_fields_that_come_later_begin_another_file(changelog: Changelog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 1)
    one, two = pa.struct([("a", pa.int64())]), pa.struct([("a", pa.int64()), ("b", pa.int64())])

    table = land(
        changelog,
        batch([{"_id": "a", "s": {"a": 1}}], {"s": one}),
        batch([{"_id": "b", "s": {"a": 2, "b": 3}}], {"s": two}),
        batch([{"_id": "c", "s": None}], {"s": two}),
    )

    counts = sorted(task.file.record_count for task in table.scan().plan_files())
    assert counts == [1, 2]
    rows = {row["_id"]: row["s"] for row in table.scan().to_arrow().to_pylist()}
    assert rows == {"a": {"a": 1, "b": None}, "b": {"a": 2, "b": 3}, "c": None}


def test_large_files_are_continued_in_another(changelog: Changelog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 1)
    monkeypatch.setattr(parquet, "FILE_BYTES", 1)

    table = land(changelog, *(batch([{"_id": str(n)}], {}) for n in range(3)))

    assert [task.file.record_count for task in table.scan().plan_files()] == [1, 1, 1]


def test_rows_may_lie_in_memory_that_is_used_again(changelog: Changelog) -> None:
    memory = bytearray(b"first")
    rows = pa.RecordBatch.from_arrays(
        [pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\5\0\0\0"), pa.py_buffer(memory))], ["_id"]
    )
    with changelog.append() as append:
        writer = append.writer(None)
        writer.write(rows)
        memory[:] = b"again"
        append.add(writer.close())
        append.commit({})

    assert changelog.table.scan().to_arrow()["_id"].to_pylist() == ["first"]


def test_dictionaries_are_used_where_values_repeat(changelog: Changelog) -> None:
    rows = [{"_id": str(n), "few": str(n % 3), "many": str(n), "lines": [{"few": n % 2}]} for n in range(1000)]
    few = pa.list_(pa.field("element", pa.struct([("few", pa.int64())])))

    table = land(changelog, batch(rows, {"few": pa.string(), "many": pa.string(), "lines": few}))

    (task,) = table.scan().plan_files()
    group = pq.ParquetFile(task.file.file_path.removeprefix("file://")).metadata.row_group(0)
    chunks = [group.column(position) for position in range(group.num_columns)]
    assert {chunk.path_in_schema: chunk.has_dictionary_page for chunk in chunks} == {
        "_id": False,
        "few": True,
        "many": False,
        "lines.list.element.few": True,
    }


def test_writer_that_is_given_nothing_makes_no_file(changelog: Changelog) -> None:
    writer = parquet.DataFileWriter(PyArrowFileIO(), lambda: changelog.table.metadata, Record())

    assert writer.close() == []

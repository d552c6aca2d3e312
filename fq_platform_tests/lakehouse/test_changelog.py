"""A changelog is appended to in one snapshot or not at all."""

import datetime as dt
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.changelog import Append, Changelog, ConcurrentCommitError, document_schema, open_changelog
from fq_platform.lakehouse.document_schema import is_document_column
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.settings import Settings

NAME = TableName(Layer.RAW, "app_orders", "app")
DAY = dt.date(2026, 1, 1)
AT = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
DAYS = dt.timedelta(days=1)
NEXT_DAY = DAY + DAYS


@pytest.fixture
def catalog(settings: Settings) -> Catalog:
    return open_catalog(settings)


def opened(catalog: Catalog, settings: Settings, *, partitioned: bool = True) -> Changelog:
    return open_changelog(catalog, NAME, layout_of(settings).location(NAME), partitioned=partitioned)


def rows(*versions: tuple[str, str, dt.datetime], day: dt.date | None = DAY, **columns: pa.Array) -> pa.RecordBatch:
    """Rows of (_id, operation, time); each version's hash is its number."""
    keys, operations, times = zip(*versions, strict=True)
    return pa.RecordBatch.from_pydict(
        {
            "_id": pa.array(keys),
            "_fq_op": pa.array(operations),
            "_fq_window": pa.array([day] * len(keys), pa.date32()),
            "_fq_extracted_at": pa.array(times, pa.timestamp("us", tz="UTC")),
            "_fq_hash": pa.array([bytes([n]) * 16 for n in range(len(keys))], pa.binary(16)),
            **columns,
        }
    )


def list_of(values: list[Any]) -> pa.Array:
    """A column of lists as the decoder makes them."""
    inferred = pa.array(values)
    return inferred.cast(pa.list_(pa.field("element", inferred.type.value_type)))


def write(writing: Append, batch: pa.RecordBatch, day: dt.date | None = DAY) -> None:
    """Write a file of one batch, agreeing on its document columns first."""
    writing.evolve(pa.schema([column for column in batch.schema if is_document_column(column.name)]))
    writer = writing.writer(day)
    writer.write(batch)
    writing.add(writer.close())


def append(changelog: Changelog, batch: pa.RecordBatch, day: dt.date | None = DAY) -> int:
    with changelog.append() as writing:
        write(writing, batch, day)
        return writing.commit({"fq.run-id": "run-1"})


def landed(catalog: Catalog) -> set[str]:
    """The `_id`s of the table's rows."""
    return set(catalog.load_table(NAME.identifier).scan(selected_fields=("_id",)).to_arrow()["_id"].to_pylist())


def data_files(settings: Settings) -> set[Path]:
    return set(settings.warehouse.rglob("*.parquet"))


def files(settings: Settings) -> set[Path]:
    return {path for path in settings.warehouse.rglob("*") if path.is_file()}


def test_new_changelog_is_empty_partitioned_by_window_and_stands_in_the_folder_of_its_app(
    catalog: Catalog, settings: Settings
) -> None:
    changelog = opened(catalog, settings)

    assert changelog.snapshot_id is None
    assert landed(catalog) == set()
    assert document_schema(changelog.table) == pa.schema([])
    assert [field.name for field in changelog.table.spec().fields] == ["_fq_window"]
    assert changelog.table.metadata.format_version == 2
    assert changelog.table.location() == f"file://{settings.warehouse}/raw/app/orders"


def test_opening_an_existing_table_writes_nothing(catalog: Catalog, settings: Settings) -> None:
    opened(catalog, settings)
    before = files(settings)

    opened(catalog, settings)

    assert files(settings) == before


def test_rows_are_invisible_until_the_commit(catalog: Catalog, settings: Settings) -> None:
    changelog = opened(catalog, settings)
    with changelog.append() as writing:
        write(writing, rows(("a", "insert", AT)))
        assert landed(catalog) == set()
        snapshot = writing.commit({"fq.run-id": "run-1"})

    assert changelog.snapshot_id == snapshot
    assert opened(catalog, settings).snapshot_id == snapshot
    summary = opened(catalog, settings).table.current_snapshot().summary  # type: ignore[union-attr]
    assert summary is not None
    assert summary.additional_properties["fq.run-id"] == "run-1"


def test_columns_and_nested_fields_are_added_and_named(catalog: Catalog, settings: Settings) -> None:
    changelog = opened(catalog, settings)
    address = pa.array([{"city": "K"}])
    wider = pa.array([{"city": "K", "zip": "1"}])
    append(changelog, rows(("a", "insert", AT), address=address))

    with changelog.append() as writing:
        write(writing, rows(("b", "insert", AT), address=wider, lines=list_of([[{"n": 1}]])))
        write(writing, rows(("c", "insert", AT), address=address))
        assert writing.document_schema.names == ["address", "lines"]
        writing.commit({})

    assert writing.schema_changes == ["added address.zip: string", "added lines: list of struct"]
    found = {row["_id"]: row for row in changelog.table.scan().to_arrow().to_pylist()}
    assert found["a"]["address"] == {"city": "K", "zip": None}
    assert found["b"]["lines"] == [{"n": 1}]
    assert (found["c"]["address"], found["c"]["lines"]) == ({"city": "K", "zip": None}, None)


def test_first_columns_of_a_table_are_no_change(catalog: Catalog, settings: Settings) -> None:
    with opened(catalog, settings).append() as writing:
        write(writing, rows(("a", "insert", AT), n=pa.array([1])))

        assert writing.document_schema == pa.schema([("n", pa.int64())])
        assert writing.schema_changes == []


def test_threads_that_bring_columns_at_once_agree_on_them(catalog: Catalog, settings: Settings) -> None:
    with opened(catalog, settings).append() as writing, ThreadPoolExecutor(8) as pool:

        def bring(number: int) -> None:
            kind = pa.int64() if number % 2 else pa.string()
            agreed = writing.evolve(pa.schema([("shared", kind), (f"own{number}", pa.int64()), ("Shared", kind)]))
            shared = agreed.field("shared").type
            value = "1" if shared == pa.string() else 1
            columns = {"shared": pa.array([value], shared), f"own{number}": pa.array([number])}
            write(writing, rows((str(number), "insert", AT), **columns))

        list(pool.map(bring, range(16)))
        writing.commit({})

    names = sorted(document_schema(catalog.load_table(NAME.identifier)).names)
    assert names == sorted(["shared", *(f"own{number}" for number in range(16))])
    assert landed(catalog) == {str(number) for number in range(16)}


def test_column_of_documents_is_added_once(catalog: Catalog, settings: Settings) -> None:
    changelog = opened(catalog, settings)
    with changelog.append() as writing:
        writing.keep_documents()
        writing.keep_documents()
        write(writing, rows(("a", "insert", AT), _fq_document=pa.array([b"bson"])))
        writing.commit({})
    with changelog.append() as writing:
        writing.keep_documents()

    assert changelog.table.scan().to_arrow()["_fq_document"].to_pylist() == [b"bson"]
    assert document_schema(changelog.table) == pa.schema([])


@pytest.mark.parametrize("first", [True, False], ids=["first snapshot", "later snapshot"])
def test_second_of_two_appends_to_the_same_window_is_refused_and_leaves_no_file(
    catalog: Catalog, settings: Settings, *, first: bool
) -> None:
    if not first:
        append(opened(catalog, settings), rows(("zero", "insert", AT)))
    one, other = opened(catalog, settings), opened(open_catalog(settings), settings)

    append(one, rows(("a", "insert", AT)))
    committed = files(settings)

    with pytest.raises(ConcurrentCommitError):
        append(other, rows(("b", "insert", AT)))

    assert landed(catalog) - {"zero"} == {"a"}
    assert files(settings) == committed


@pytest.mark.parametrize("first", [True, False], ids=["first snapshots", "later snapshots"])
def test_appends_to_other_windows_are_committed_one_upon_the_other(
    catalog: Catalog, settings: Settings, *, first: bool
) -> None:
    if not first:
        append(opened(catalog, settings), rows(("zero", "insert", AT)))
    one, other = opened(catalog, settings), opened(open_catalog(settings), settings)
    for number, day in enumerate((NEXT_DAY, NEXT_DAY + DAYS)):
        append(one, rows((str(number), "insert", AT), day=day), day)

    snapshot = append(other, rows(("b", "insert", AT)))

    table = catalog.load_table(NAME.identifier)
    assert landed(catalog) - {"zero"} == {"0", "1", "b"}
    assert other.snapshot_id == table.current_snapshot().snapshot_id == snapshot  # type: ignore[union-attr]
    assert len(table.snapshots()) == (3 if first else 4)
    assert len(data_files(settings)) == len(list(table.scan().plan_files()))


def test_append_beside_a_commit_to_another_branch_is_committed(catalog: Catalog, settings: Settings) -> None:
    changelog = opened(catalog, settings)
    append(changelog, rows(("zero", "insert", AT)))
    table = catalog.load_table(NAME.identifier)
    with table.transaction() as change, change.update_snapshot(branch="trial").fast_append():
        pass

    append(changelog, rows(("b", "insert", AT)))

    assert landed(catalog) == {"zero", "b"}
    assert "trial" in catalog.load_table(NAME.identifier).refs()


@pytest.mark.parametrize("theirs", [True, False], ids=["their columns", "our columns"])
def test_append_beside_new_columns_is_refused(catalog: Catalog, settings: Settings, *, theirs: bool) -> None:
    append(opened(catalog, settings), rows(("zero", "insert", AT)))
    one, other = opened(catalog, settings), opened(open_catalog(settings), settings)
    new, none = {"n": pa.array([1])}, dict[str, pa.Array]()

    append(one, rows(("a", "insert", AT), day=NEXT_DAY, **(new if theirs else none)), NEXT_DAY)

    with pytest.raises(ConcurrentCommitError):
        append(other, rows(("b", "insert", AT), **(none if theirs else new)))
    assert landed(catalog) == {"zero", "a"}


def test_append_beside_a_deletion_is_refused(catalog: Catalog, settings: Settings) -> None:
    append(opened(catalog, settings), rows(("a", "insert", AT), day=NEXT_DAY), NEXT_DAY)
    changelog = opened(catalog, settings)
    catalog.load_table(NAME.identifier).delete("_id = 'a'")

    with pytest.raises(ConcurrentCommitError):
        append(changelog, rows(("b", "insert", AT)))


def test_append_to_a_collection_without_days_is_refused_beside_any_other(catalog: Catalog, settings: Settings) -> None:
    one, other = (opened(open_catalog(settings), settings, partitioned=False) for _ in range(2))
    append(one, rows(("a", "insert", AT), day=None), None)

    with pytest.raises(ConcurrentCommitError):
        append(other, rows(("b", "insert", AT), day=None), None)


def test_leaving_without_a_commit_deletes_the_files(catalog: Catalog, settings: Settings) -> None:
    with opened(catalog, settings).append() as writing:
        write(writing, rows(("a", "insert", AT)))
        assert len(data_files(settings)) == 1

    assert data_files(settings) == set()


def test_error_while_writing_deletes_the_files(catalog: Catalog, settings: Settings) -> None:
    writing = opened(catalog, settings).append()
    write(writing, rows(("a", "insert", AT)))
    assert len(data_files(settings)) == 1

    with pytest.raises(RuntimeError, match="midway"), writing:
        raise RuntimeError("midway")

    assert data_files(settings) == set()


def test_interrupt_right_after_the_commit_keeps_what_was_committed(catalog: Catalog, settings: Settings) -> None:
    writing = opened(catalog, settings).append()
    write(writing, rows(("a", "insert", AT)))
    writing.commit({})

    with pytest.raises(KeyboardInterrupt), writing:
        raise KeyboardInterrupt

    assert landed(catalog) == {"a"}


def test_interrupt_between_the_catalogs_commit_and_its_answer_keeps_the_files(
    settings: Settings, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    changelog = opened(catalog, settings)
    commit_table = catalog.commit_table

    def commit_and_be_interrupted(*arguments: Any) -> None:
        commit_table(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(catalog, "commit_table", commit_and_be_interrupted)
    with pytest.raises(KeyboardInterrupt):
        append(changelog, rows(("a", "insert", AT)))

    assert landed(open_catalog(settings)) == {"a"}


def test_interrupt_before_the_catalogs_commit_deletes_the_files(
    settings: Settings, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def be_interrupted(*arguments: Any) -> None:
        raise KeyboardInterrupt

    changelog = opened(catalog, settings)
    monkeypatch.setattr(catalog, "commit_table", be_interrupted)
    with pytest.raises(KeyboardInterrupt):
        append(changelog, rows(("a", "insert", AT)))

    assert data_files(settings) == set()


@pytest.mark.parametrize("partitioned", [True, False])
def test_table_partitioned_otherwise_than_declared_is_refused(
    catalog: Catalog, settings: Settings, *, partitioned: bool
) -> None:
    opened(catalog, settings, partitioned=not partitioned)

    with pytest.raises(FqError) as error:
        opened(catalog, settings, partitioned=partitioned)

    now, then = ("daily", "not partitioned") if partitioned else ("not partitioned", "daily")
    assert error.value.what == f"The collection is declared {now}, but its table is {then}"
    assert error.value.where == "iceberg.raw.app_orders"


def test_columns_are_added_while_other_threads_look_columns_up(catalog: Catalog, settings: Settings) -> None:
    changelog, done = opened(catalog, settings), threading.Event()

    def look_up() -> None:
        schema = changelog.table.schema()
        while not done.is_set():
            for index in ("_lazy_id_to_name", "_lazy_id_to_field", "_lazy_name_to_id_lower"):
                vars(schema).pop(index, None)  # as if nobody had looked yet
            schema.find_column_name(1)
            schema.find_field(1)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(1) as pool, changelog.append() as writing:
            looking = pool.submit(look_up)
            try:
                for number in range(10):
                    writing.evolve(pa.schema([(f"field_{number}", pa.int64())]))
            finally:
                done.set()
            looking.result()
    finally:
        sys.setswitchinterval(interval)

"""A changelog is appended to in one snapshot or not at all."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog, warehouse_uri
from fq_platform.lakehouse.changelog import Changelog, ConcurrentCommitError, open_changelog
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.settings import Settings

NAME = TableName(Layer.RAW, "app_orders", "app")
DAY = dt.date(2026, 1, 1)
AT = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def catalog(settings: Settings) -> Catalog:
    return open_catalog(settings)


def opened(catalog: Catalog, settings: Settings, *, partitioned: bool = True) -> Changelog:
    return open_changelog(catalog, NAME, warehouse_uri(settings), partitioned=partitioned)


def rows(*versions: tuple[str, str, dt.datetime], day: dt.date | None = DAY, **columns: pa.Array) -> pa.Table:
    """Rows of (_id, operation, time); each version's hash is its number."""
    keys, operations, times = zip(*versions, strict=True)
    table = pa.table(
        {
            "_id": pa.array(keys),
            "_fq_op": pa.array(operations),
            "_fq_window": pa.array([day] * len(keys), pa.date32()),
            "_fq_extracted_at": pa.array(times, pa.timestamp("us", tz="UTC")),
            "_fq_hash": pa.array([str(n) for n in range(len(keys))]),
        }
    )
    for name, column in columns.items():
        table = table.append_column(name, column)
    return table


def append(changelog: Changelog, table: pa.Table) -> int:
    with changelog.append() as writing:
        writing.write(table)
        return writing.commit({"fq.run-id": "run-1"})


def data_files(settings: Settings) -> set[Path]:
    return set(settings.warehouse.rglob("*.parquet"))


def files(settings: Settings) -> set[Path]:
    return {path for path in settings.warehouse.rglob("*") if path.is_file()}


def test_new_changelog_is_empty_partitioned_by_window_and_stands_in_the_folder_of_its_app(
    catalog: Catalog, settings: Settings
) -> None:
    changelog = opened(catalog, settings)

    assert changelog.snapshot_id is None
    assert changelog.live(DAY).hashes == {}
    assert changelog.live(DAY).latest is None
    assert changelog.document_schema == pa.schema([("_id", pa.string())])
    assert [field.name for field in changelog.table.spec().fields] == ["_fq_window"]
    assert changelog.table.metadata.format_version == 2
    assert changelog.table.location() == f"file://{settings.warehouse}/raw/app/orders"


def test_opening_an_existing_table_writes_nothing(catalog: Catalog, settings: Settings) -> None:
    opened(catalog, settings)
    before = files(settings)

    opened(catalog, settings)

    assert files(settings) == before


def test_live_state_is_the_newest_version_of_each_document_that_is_not_deleted(
    catalog: Catalog, settings: Settings
) -> None:
    changelog = opened(catalog, settings)
    append(
        changelog,
        rows(
            ("updated", "update", AT + SECOND),
            ("updated", "insert", AT),
            ("deleted", "insert", AT),
            ("deleted", "delete", AT + 2 * SECOND),
            ("back", "insert", AT + 2 * SECOND),
            ("back", "delete", AT + SECOND),
            ("back", "insert", AT),
        ),
    )
    append(changelog, rows(("elsewhere", "insert", AT + 9 * SECOND), day=dt.date(2026, 1, 2)))

    live = opened(catalog, settings).live(DAY)

    assert live.hashes == {"updated": "0", "back": "4"}
    assert live.latest == AT + 2 * SECOND


def test_live_state_of_a_collection_without_days_is_all_of_it(catalog: Catalog, settings: Settings) -> None:
    changelog = opened(catalog, settings, partitioned=False)
    append(changelog, rows(("a", "insert", AT), day=None))

    assert opened(catalog, settings, partitioned=False).live(None).hashes == {"a": "0"}


def test_rows_are_invisible_until_the_commit(catalog: Catalog, settings: Settings) -> None:
    changelog = opened(catalog, settings)
    with changelog.append() as writing:
        writing.write(rows(("a", "insert", AT)))
        assert opened(catalog, settings).live(DAY).hashes == {}
        snapshot = writing.commit({"fq.run-id": "run-1"})

    assert changelog.snapshot_id == snapshot
    assert opened(catalog, settings).snapshot_id == snapshot
    summary = opened(catalog, settings).table.current_snapshot().summary  # type: ignore[union-attr]
    assert summary is not None
    assert summary.additional_properties["fq.run-id"] == "run-1"


def test_columns_and_nested_fields_are_added_and_named(catalog: Catalog, settings: Settings) -> None:
    changelog = opened(catalog, settings)
    address = pa.array([{"city": "K"}])
    append(changelog, rows(("a", "insert", AT), address=address))

    with changelog.append() as writing:
        added = writing.write(
            rows(("b", "insert", AT), address=pa.array([{"city": "K", "zip": "1"}]), lines=pa.array([[{"n": 1}]]))
        )
        assert writing.write(rows(("c", "insert", AT), address=address)) == []
        assert writing.document_schema.names == ["_id", "address", "lines"]
        writing.commit({})

    assert sorted(added) == ["address.zip", "lines"]
    found = {row["_id"]: row for row in changelog.table.scan().to_arrow().to_pylist()}
    assert found["a"]["address"] == {"city": "K", "zip": None}
    assert found["b"]["lines"] == [{"n": 1}]
    assert (found["c"]["address"], found["c"]["lines"]) == ({"city": "K", "zip": None}, None)


@pytest.mark.parametrize("first", [True, False], ids=["first snapshot", "later snapshot"])
def test_second_of_two_appends_from_the_same_snapshot_is_refused_and_leaves_no_file(
    catalog: Catalog, settings: Settings, *, first: bool
) -> None:
    if not first:
        append(opened(catalog, settings), rows(("zero", "insert", AT)))
    one, other = opened(catalog, settings), opened(open_catalog(settings), settings)

    append(one, rows(("a", "insert", AT)))
    committed = files(settings)

    with pytest.raises(ConcurrentCommitError):
        append(other, rows(("b", "insert", AT)))

    assert set(opened(catalog, settings).live(DAY).hashes) - {"zero"} == {"a"}
    assert files(settings) == committed


def test_leaving_without_a_commit_deletes_the_files(catalog: Catalog, settings: Settings) -> None:
    with opened(catalog, settings).append() as writing:
        writing.write(rows(("a", "insert", AT)))
        assert len(data_files(settings)) == 1

    assert data_files(settings) == set()


def test_error_while_writing_deletes_the_files(catalog: Catalog, settings: Settings) -> None:
    writing = opened(catalog, settings).append()
    writing.write(rows(("a", "insert", AT)))
    assert len(data_files(settings)) == 1

    with pytest.raises(RuntimeError, match="midway"), writing:
        raise RuntimeError("midway")

    assert data_files(settings) == set()


def test_interrupt_right_after_the_commit_keeps_what_was_committed(catalog: Catalog, settings: Settings) -> None:
    writing = opened(catalog, settings).append()
    writing.write(rows(("a", "insert", AT)))
    writing.commit({})

    with pytest.raises(KeyboardInterrupt), writing:
        raise KeyboardInterrupt

    assert opened(catalog, settings).live(DAY).hashes == {"a": "0"}


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

    assert opened(open_catalog(settings), settings).live(DAY).hashes == {"a": "0"}


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

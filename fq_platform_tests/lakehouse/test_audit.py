"""Branches are published forward only, whoever publishes at the same time, and are found by their age."""

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException
from pyiceberg.expressions import EqualTo
from pyiceberg.table.snapshots import ancestors_of

from fq_platform.errors import FqError
from fq_platform.lakehouse.audit import audit_branches, branch_name, drop_branch, old_branches, publish
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.settings import Settings

TABLE = TableName(Layer.ANALYTICS, "sales")
SCHEMA = pa.schema([("day", pa.int64()), ("n", pa.int64())])
PUBLISHERS, PUBLICATIONS = 3, 4


def _overwrite(catalog: Catalog, branch: str, day: int, n: int) -> None:
    """Let one day hold one number, on a branch that begins at main."""
    table = catalog.load_table(TABLE.identifier)
    table.manage_snapshots().create_branch(table.history()[-1].snapshot_id, branch).commit()
    rows = pa.Table.from_pylist([{"day": day, "n": n}], schema=SCHEMA)
    catalog.load_table(TABLE.identifier).overwrite(rows, EqualTo("day", day), branch=branch)


def _published(catalog: Catalog) -> list[tuple[int, int]]:
    rows = catalog.load_table(TABLE.identifier).scan().to_arrow().to_pylist()
    return sorted((row["day"], row["n"]) for row in rows)


@pytest.fixture
def catalog(settings: Settings) -> Catalog:
    catalog = open_catalog(settings)
    table = catalog.create_table(TABLE.identifier, schema=SCHEMA)
    table.append(pa.Table.from_pylist([], schema=SCHEMA))
    return catalog


def test_a_branch_is_named_for_its_run_in_letters_that_sql_takes_without_quotes() -> None:
    assert branch_name("3f2a9c01-77aa-4b0e") == "audit_3f2a9c01"
    assert branch_name("my-run ü") == "audit_my_run__"


def test_rows_are_seen_once_published_and_the_branch_is_gone(catalog: Catalog) -> None:
    _overwrite(catalog, "audit_a", 1, 10)
    assert _published(catalog) == []
    assert publish(catalog, TABLE, "audit_a")
    _overwrite(catalog, "audit_b", 2, 20)
    assert _published(catalog) == [(1, 10)]
    assert publish(catalog, TABLE, "audit_b")

    assert _published(catalog) == [(1, 10), (2, 20)]
    table = catalog.load_table(TABLE.identifier)
    assert list(table.refs()) == ["main"]
    assert len(table.history()) == 3


def test_a_branch_that_lacks_what_others_published_is_refused_and_stays(catalog: Catalog) -> None:
    _overwrite(catalog, "audit_first", 1, 10)
    _overwrite(catalog, "audit_other", 2, 20)
    assert publish(catalog, TABLE, "audit_first")

    assert not publish(catalog, TABLE, "audit_other")
    assert _published(catalog) == [(1, 10)]
    assert [branch.name for branch in audit_branches(catalog.load_table(TABLE.identifier))] == ["audit_other"]


def test_a_branch_without_a_change_is_published_as_it_is(catalog: Catalog) -> None:
    _overwrite(catalog, "audit_a", 1, 10)
    publish(catalog, TABLE, "audit_a")
    table = catalog.load_table(TABLE.identifier)
    table.manage_snapshots().create_branch(table.history()[-1].snapshot_id, "audit_same").commit()

    assert publish(catalog, TABLE, "audit_same")
    assert list(catalog.load_table(TABLE.identifier).refs()) == ["main"]
    assert len(catalog.load_table(TABLE.identifier).history()) == 2


def test_a_branch_that_somebody_dropped_is_said_to_be_gone(catalog: Catalog) -> None:
    with pytest.raises(FqError, match="audit_x is gone"):
        publish(catalog, TABLE, "audit_x")


def test_an_answer_that_was_lost_after_the_commit_counts_as_published(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    _overwrite(catalog, "audit_a", 1, 10)
    commit_table = catalog.commit_table

    def lose_the_answer(*request: object) -> None:
        monkeypatch.undo()
        commit_table(*request)  # type: ignore[arg-type]
        raise CommitStateUnknownException("connection reset")

    monkeypatch.setattr(catalog, "commit_table", lose_the_answer)
    assert publish(catalog, TABLE, "audit_a")
    assert _published(catalog) == [(1, 10)]


def test_only_audit_branches_that_nobody_wrote_to_lately_are_old(catalog: Catalog) -> None:
    _overwrite(catalog, "audit_a", 1, 10)
    _overwrite(catalog, "kept_by_hand", 2, 20)
    table = catalog.load_table(TABLE.identifier)
    (branch,) = audit_branches(table)

    assert old_branches(table, branch.written_at) == []
    assert old_branches(table, branch.written_at + dt.timedelta(milliseconds=1)) == [branch]
    assert drop_branch(catalog, TABLE, branch.name)
    assert not drop_branch(catalog, TABLE, branch.name)
    assert not drop_branch(catalog, TableName(Layer.ANALYTICS, "unknown"), "audit_a")
    assert set(catalog.load_table(TABLE.identifier).refs()) == {"main", "kept_by_hand"}


def _publish_often(home: Path, day: int) -> None:
    """Publish several numbers for one day, each on top of what others have published."""
    catalog, branch = open_catalog(Settings(home=home)), f"audit_{day}"
    for n in range(PUBLICATIONS):
        published = False
        while not published:
            drop_branch(catalog, TABLE, branch)
            # PyIceberg says either when another branch was written to meanwhile.
            with suppress(CommitFailedException, ValueError):
                _overwrite(catalog, branch, day, n)
                time.sleep(0.1)  # an audit, during which others publish
                published = publish(catalog, TABLE, branch)


@pytest.mark.services
def test_runs_that_publish_at_the_same_time_lose_nothing(catalog: Catalog, settings: Settings) -> None:
    with ThreadPoolExecutor(PUBLISHERS) as workers:
        list(workers.map(lambda day: _publish_often(settings.home, day), range(PUBLISHERS)))

    assert _published(catalog) == [(day, PUBLICATIONS - 1) for day in range(PUBLISHERS)]
    table = catalog.load_table(TABLE.identifier)
    assert list(table.refs()) == ["main"]
    steps = [entry.snapshot_id for entry in table.history()]
    assert len(steps) == 1 + PUBLISHERS * PUBLICATIONS
    lineage = {snapshot.snapshot_id for snapshot in ancestors_of(table.current_snapshot(), table.metadata)}
    assert lineage.issuperset(steps), "each step of main contains the one before"

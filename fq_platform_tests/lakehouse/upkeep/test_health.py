"""What a table's metadata tell of its health, and what upkeep would keep of it."""

import datetime as dt
from typing import Never

import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.lakehouse.upkeep import figures, policy
from fq_platform.lakehouse.upkeep.audits import last_touched
from fq_platform.lakehouse.upkeep.compaction import compact
from fq_platform.lakehouse.upkeep.expiry import expire
from fq_platform.lakehouse.upkeep.health import examine
from fq_platform.lakehouse.upkeep.orphans import orphan_removal
from fq_platform.lakehouse.upkeep.policy import POLICIES, Policy, policy_of
from fq_platform.lakehouse.upkeep.tables import Lake
from fq_platform.settings import Settings
from fq_platform_tests.lakehouse.upkeep.worn import append, do, make_table

NAME = TableName(Layer.ANALYTICS, "worn")
A_DAY = dt.timedelta(days=1)


@pytest.fixture
def catalog(settings: Settings) -> Catalog:
    return open_catalog(settings)


@pytest.fixture
def table(catalog: Catalog, settings: Settings) -> Table:
    return make_table(catalog, NAME, layout_of(settings))


def _no_session() -> Never:
    raise AssertionError("there is something to do")


def later(days: float) -> dt.datetime:
    return dt.datetime.now(dt.UTC) + days * A_DAY


def committed_at(table: Table, number: int) -> dt.datetime:
    """When the snapshot of this number was committed, the oldest being 0."""
    return dt.datetime.fromtimestamp(table.snapshots()[number].timestamp_ms / 1000, dt.UTC)


def complaints(table: Table, now: dt.datetime | None = None) -> list[tuple[str, str]]:
    return [(complaint.what, complaint.remedy) for complaint in examine(table, NAME, now).complaints]


def test_tables_that_are_new_or_have_a_few_files_a_day_are_healthy(table: Table) -> None:
    assert complaints(table) == []

    append(table, days=60, times=2)

    found = examine(table, NAME)
    assert found.complaints == []
    assert (found.figures["files"], found.figures["small_files"], found.figures["snapshots"]) == (120, 0, 2)


def test_small_files_count_where_a_partition_has_enough_of_them_or_they_fill_a_file(table: Table) -> None:
    append(table, days=2, times=4)
    assert figures.small_files(table) == figures.SmallFiles()

    append(table, days=1, times=1)
    size = figures.total(table, "files-size") // 9
    found = figures.small_files(table)
    assert (found.files, found.partitions) == (5, 1)
    assert found.bytes == pytest.approx(5 * size, rel=0.1)

    with table.transaction() as change:
        change.set_properties({"write.target-file-size-bytes": str(size * 3)})
    assert (figures.small_files(table).files, figures.small_files(table).partitions) == (9, 2)


def test_many_small_files_are_a_complaint_that_names_the_remedy(table: Table) -> None:
    append(table, days=20, times=5)

    ((what, remedy),) = complaints(table)

    assert what.startswith("100 small files in 20 partitions, ")
    assert remedy == "compaction"


def test_snapshots_beyond_the_threshold_are_a_complaint_only_if_some_may_go(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "WARN_SNAPSHOTS", 12)
    append(table, days=1, times=12)

    assert complaints(table) == []
    ((what, remedy),) = complaints(table, later(15))
    assert what.startswith("12 snapshots, ")
    assert "of which 2 may go" in what
    assert remedy == "snapshot_expiry"


def test_manifests_are_a_complaint_if_fewer_would_do(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "WARN_MANIFESTS", 20)
    append(table, days=1, times=20)

    assert ("20 manifests would do as 1", "manifests") in complaints(table)


def test_branches_that_were_left_behind_are_a_complaint_after_a_week(table: Table) -> None:
    append(table, days=1, times=1)
    for branch in ("audit_1", "fq_work_1", "kept"):
        table.manage_snapshots().create_branch(table.snapshots()[0].snapshot_id, branch).commit()
        append(table, days=1, times=1, branch=branch)

    assert complaints(table, later(6.9)) == []
    assert complaints(table, later(7.1)) == [
        ("not published for 7 days or more: audit_1, fq_work_1", "snapshot_expiry")
    ]


def test_branch_that_was_only_made_yet_is_as_young_as_it_can_be(table: Table) -> None:
    append(table, days=1, times=1)
    table.manage_snapshots().create_branch(table.snapshots()[0].snapshot_id, "audit_1").commit()

    # Made of a snapshot a month old: nobody knows when.
    assert last_touched(table, later(30))["audit_1"] > later(29)

    append(table, days=1, times=2)
    assert last_touched(table, later(30))["audit_1"] == committed_at(table, 1)


def test_table_that_is_being_audited_is_not_compacted(catalog: Catalog, settings: Settings, table: Table) -> None:
    append(table, days=1, times=5)
    table.manage_snapshots().create_branch(table.snapshots()[0].snapshot_id, "audit_1").commit()
    append(table, days=1, times=1, branch="audit_1")

    done = do(Lake(catalog, layout_of(settings), _no_session), compact, NAME)
    assert done.note == "left alone: audit_1 is about to be published"
    with pytest.raises(FqError, match="there is something to do"):
        do(Lake(catalog, layout_of(settings), _no_session, later(0.1)), compact, NAME)


def test_table_whose_files_others_may_name_loses_none(catalog: Catalog, settings: Settings, table: Table) -> None:
    append(table, days=1, times=12)
    with table.transaction() as change:
        change.set_properties({"gc.enabled": "false"})
    lake = Lake(catalog, layout_of(settings), _no_session, later(15))

    for operation in (expire, orphan_removal()):
        assert do(lake, operation, NAME).note == "left alone: its gc.enabled is false"


def test_snapshots_expire_by_age(table: Table) -> None:
    append(table, days=1, times=4)
    kept = Policy(10 * A_DAY, fewest=1)

    assert figures.expirable(table, kept, later(9)) == 0
    assert figures.expirable(table, kept, later(11)) == 3
    assert figures.expirable(table, Policy(10 * A_DAY, fewest=3), later(11)) == 1


def test_of_too_many_snapshots_the_oldest_expire_before_their_time_but_none_of_the_last_day(table: Table) -> None:
    append(table, days=1, times=6)
    kept = Policy(10 * A_DAY, fewest=1, most=4)

    assert figures.expirable(table, kept, later(0.9)) == 0
    assert figures.expirable(table, kept, later(1.1)) == 2
    assert figures.expires_before(table, kept, later(1.1)) > committed_at(table, 1)
    assert figures.expires_before(table, kept, later(1.1)) <= committed_at(table, 2)


def test_table_properties_of_iceberg_override_the_layers_policy() -> None:
    own = {"history.expire.max-snapshot-age-ms": "3600000", "history.expire.min-snapshots-to-keep": "3"}

    assert policy_of(Layer.RAW, {}, "t") == POLICIES[Layer.RAW]
    assert policy_of(Layer.RAW, own, "t") == Policy(dt.timedelta(hours=1), fewest=3)
    with pytest.raises(FqError, match=r"history\.expire\.min-snapshots-to-keep is 'many'.*iceberg\.raw\.x"):
        policy_of(Layer.RAW, {"history.expire.min-snapshots-to-keep": "many"}, "iceberg.raw.x")


def test_raw_keeps_snapshots_longest() -> None:
    assert max(POLICIES.values(), key=lambda kept: (kept.age, kept.fewest)) == POLICIES[Layer.RAW]
    assert set(POLICIES) == set(Layer)

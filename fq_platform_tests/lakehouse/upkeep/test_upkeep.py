"""Upkeep of real tables: what it gains, and what it must never lose."""

import datetime as dt
import os
import threading
import time
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.lakehouse.upkeep.compaction import compact
from fq_platform.lakehouse.upkeep.expiry import expire
from fq_platform.lakehouse.upkeep.manifests import rewrite_manifests
from fq_platform.lakehouse.upkeep.orphans import orphan_removal
from fq_platform.lakehouse.upkeep.tables import Lake
from fq_platform.settings import Settings
from fq_platform_tests.lakehouse.upkeep.conftest import LakeAt
from fq_platform_tests.lakehouse.upkeep.worn import START, append, do, make_table, numbers

pytestmark = pytest.mark.services
NAME = TableName(Layer.ANALYTICS, "worn")


def make(lake: Lake, name: TableName = NAME) -> Table:
    return make_table(lake.catalog, name, lake.layout)


def files(settings: Settings, pattern: str = "*.parquet") -> set[Path]:
    return set(settings.warehouse.rglob(pattern))


def test_small_files_become_one_a_partition_and_the_replaced_ones_go_with_their_snapshots(
    lake_at: LakeAt, settings: Settings
) -> None:
    table = make(lake_at())
    append(table, days=3, times=6)
    append(table, days=1, times=1)
    before = numbers(table)

    done = do(lake_at(), compact, NAME)

    assert (done.figures["files_before"], done.figures["files_after"], done.figures["files_merged"]) == (19, 3, 19)
    assert done.figures["bytes_after"] < done.figures["bytes_before"]
    assert numbers(table) == before
    assert do(lake_at(), compact, NAME).figures["files_merged"] == 0
    assert len(files(settings)) == 22

    with table.transaction() as change:
        change.set_properties({"history.expire.min-snapshots-to-keep": "1"})
    expired = do(lake_at(days=15), expire, NAME).figures

    # The newest write of content and the compaction on top of it stay.
    assert (expired["snapshots_before"], expired["snapshots_after"]) == (8, 2)
    assert numbers(table) == before
    append(table, days=1, times=1)
    assert do(lake_at(days=15), expire, NAME).figures["data_files_deleted"] == 19
    assert len(files(settings)) == 4
    assert numbers(table) == sorted([*before, 0])


def test_branches_and_tags_keep_what_they_need_and_old_audits_go(lake_at: LakeAt) -> None:
    table = make(lake_at())
    append(table, days=2, times=1)
    tagged = table.snapshots()[0].snapshot_id
    table.manage_snapshots().create_tag(tagged, "end_of_year").commit()
    append(table, days=2, times=1)
    for branch in ("audit_1", "fq_work_1", "trial"):
        table.manage_snapshots().create_branch(table.snapshots()[1].snapshot_id, branch).commit()
        append(table, days=1, times=5, branch=branch)
    with table.transaction() as transaction:
        transaction.delete("true")
    append(table, days=1, times=6)
    with table.transaction() as change:
        change.set_properties({"history.expire.min-snapshots-to-keep": "1"})

    done = do(lake_at(days=15), expire, NAME).figures

    assert done["branches_dropped"] == 2
    assert set(table.refresh().refs()) == {"main", "end_of_year", "trial"}
    assert numbers(table) == [0, 1, 2, 3, 4, 5]
    assert table.scan(snapshot_id=tagged).to_arrow()["n"].to_pylist() == [0, 0]
    assert sorted(table.scan().use_ref("trial").to_arrow()["n"].to_pylist()) == [0, 0, 0, 0, 0, 1, 2, 3, 4]
    assert done["snapshots_after"] == 3


def test_expiry_of_a_raw_table_deletes_no_data_file(lake_at: LakeAt, settings: Settings) -> None:
    name = TableName(Layer.RAW, "app_worn", "app")
    table = make(lake_at(), name)
    with table.transaction() as change:
        change.set_properties({"history.expire.min-snapshots-to-keep": "2"})
    append(table, days=2, times=6)
    before, landed = numbers(table), files(settings)

    done = do(lake_at(days=91), expire, name).figures

    assert (done["snapshots_before"], done["snapshots_after"], done["data_files_deleted"]) == (6, 2, 0)
    assert done["metadata_files_deleted"] >= 4
    assert files(settings) == landed
    assert numbers(table) == before


def test_rows_that_were_removed_from_a_raw_table_are_not_lost_for_good(lake_at: LakeAt, settings: Settings) -> None:
    name = TableName(Layer.RAW, "app_worn", "app")
    table = make(lake_at(), name)
    with table.transaction() as change:
        change.set_properties({"history.expire.min-snapshots-to-keep": "1"})
    append(table, days=2, times=1)
    good = table.snapshots()[0].snapshot_id
    table.delete("day = '2026-01-01'")
    append(table, days=1, times=2)
    landed = files(settings)

    with pytest.raises(FqError, match=r"Rows were removed .* by snapshot \d+.*iceberg\.raw\.app_worn") as refused:
        do(lake_at(days=91), expire, name)

    assert "Roll the table back" in refused.value.fix
    assert files(settings) == landed
    table.refresh().manage_snapshots().set_current_snapshot(snapshot_id=good).commit()
    assert do(lake_at(days=91), expire, name).figures["snapshots_after"] == 1
    assert numbers(table) == [0, 0]


def test_orphans_are_removed_when_they_are_old_and_never_a_neighbours_files(
    lake_at: LakeAt, settings: Settings
) -> None:
    lake = lake_at()
    neighbour = TableName(Layer.ANALYTICS, "worn_more")
    tables = [make(lake), make(lake, neighbour)]
    for table in tables:
        append(table, days=2, times=2)
    known = files(settings, "*.*")
    data = settings.warehouse / "analytics" / "worn" / "data" / "day=2026-01-01"
    old, young = data / "old.parquet", data / "young.parquet"
    of_the_neighbour = settings.warehouse / "analytics" / "worn_more" / "old.parquet"
    for file in (old, young, of_the_neighbour):
        file.write_text("begun, never finished")
    eight_days_ago = time.time() - 8 * 86_400
    for file in (old, of_the_neighbour, *known):
        os.utime(file, (eight_days_ago, eight_days_ago))

    assert do(lake, orphan_removal(dry_run=True), NAME).figures == {"orphans": 1, "removed": 0}
    assert old.exists()
    assert do(lake, orphan_removal(), NAME).figures == {"orphans": 1, "removed": 1}

    assert not old.exists()
    assert young.exists()
    assert of_the_neighbour.exists()
    assert known <= files(settings, "*.*")
    assert [numbers(table) for table in tables] == [[0, 0, 1, 1]] * 2


def test_folder_that_holds_another_table_is_not_searched_for_orphans(lake_at: LakeAt, settings: Settings) -> None:
    lake = lake_at()
    table = make(lake)
    append(table, days=1, times=1)
    within = lake.catalog.create_table(
        ("analytics", "within"), table.schema(), location=f"{table.location()}/data/within"
    )

    with pytest.raises(FqError, match=r"also holds analytics\.within"):
        do(lake, orphan_removal(), NAME)

    assert within.metadata_location.startswith(table.location())


def test_manifests_are_rewritten_where_it_pays_and_commits_clean_up_after_themselves(
    lake_at: LakeAt, settings: Settings
) -> None:
    table = make(lake_at())
    append(table, days=1, times=19)
    assert do(lake_at(), rewrite_manifests, NAME).figures["manifests_after"] == 19

    append(table, days=1, times=1)
    done = do(lake_at(), rewrite_manifests, NAME).figures

    assert (done["manifests_before"], done["manifests_after"]) == (20, 1)
    assert done["bytes_after"] < done["bytes_before"]
    assert len(numbers(table)) == 20
    with table.transaction() as change:
        change.set_properties({"write.metadata.previous-versions-max": "3"})
    append(table, days=1, times=6)
    # Those of the time before that property was set wait for the removal of orphans.
    assert len(files(settings, "*.metadata.json")) < 25


def test_rows_deleted_by_mark_are_written_out(lake_at: LakeAt) -> None:
    lake = lake_at()
    table = make(lake)
    append(table, days=1, times=3)
    lake.session().sql(f"DELETE FROM {NAME.qualified} WHERE n = 5")
    lake.session().sql(
        f"ALTER TABLE {NAME.qualified} SET TBLPROPERTIES ('write.delete.mode'='merge-on-read', "
        "'write.merge.mode'='merge-on-read')"
    )
    lake.session().sql(f"INSERT INTO {NAME.qualified} SELECT /*+ COALESCE(1) */ DATE '2026-01-02', id FROM range(100)")
    lake.session().sql(f"DELETE FROM {NAME.qualified} WHERE n >= 40")
    assert table.refresh().inspect.delete_files().num_rows > 0

    do(lake, compact, NAME)

    assert table.refresh().inspect.delete_files().num_rows == 0
    assert numbers(table) == sorted([0, 1, 2, *range(40)])


def test_sorted_tables_stay_sorted(lake_at: LakeAt) -> None:
    lake = lake_at()
    table = make(lake)
    lake.session().sql(f"ALTER TABLE {NAME.qualified} WRITE ORDERED BY n DESC")
    append(table.refresh(), days=1, times=6)

    do(lake, compact, NAME)

    assert table.refresh().scan().to_arrow()["n"].to_pylist() == [5, 4, 3, 2, 1, 0]


class Rival(threading.Thread):
    """Replaces a day of the table each time that a compaction has written its first file, but not committed yet."""

    def __init__(self, lake: Lake, settings: Settings, days: list[int]) -> None:
        super().__init__()
        self.table = lake.catalog.load_table(NAME.identifier)
        self.settings = settings
        self.days = days
        self.own = files(settings)
        self.ended = threading.Event()
        self.committed: list[int] = []

    def run(self) -> None:
        for day in self.days:
            while not files(self.settings) - self.own:
                if self.ended.wait(0.002):
                    return
            date = START + dt.timedelta(days=day)
            self.table.refresh().overwrite(pa.table({"day": [date], "n": [1000 + day]}), f"day = '{date}'")
            self.committed.append(day)
            # The compaction cleans up when it gives way.
            mine = {Path(file.file_path.removeprefix("file://")) for file in _added_files(self.table)}
            self.own |= mine
            while files(self.settings) - self.own and not self.ended.wait(0.002):
                pass


def _added_files(table: Table) -> list[DataFile]:
    return [task.file for task in table.refresh().scan(row_filter="n >= 1000").plan_files()]


DAYS = 60
"""So many that the rival commits while the compaction still writes."""


@pytest.mark.parametrize(("strikes", "gives_up"), [(1, False), (3, True)])
def test_compaction_gives_way_to_a_writer(lake_at: LakeAt, settings: Settings, strikes: int, gives_up: bool) -> None:
    lake = lake_at()
    table = make(lake)
    append(table, days=DAYS, times=5)
    rival = Rival(lake, settings, list(range(strikes)))

    rival.start()
    done = do(lake, compact, NAME)
    rival.ended.set()
    rival.join()

    assert rival.committed == list(range(strikes))
    assert numbers(table) == sorted([*range(5)] * (DAYS - strikes) + [1000 + day for day in range(strikes)])
    if gives_up:
        assert done.note == "left alone: others wrote to it all the time"
        assert done.figures["files_merged"] == 0
        assert files(settings) == rival.own
    else:
        assert done.figures["files_merged"] == (DAYS - 1) * 5

"""Upkeep on every catalog over S3; the other tests are about a folder."""

import datetime as dt

import pytest

from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.lakehouse.upkeep.compaction import compact
from fq_platform.lakehouse.upkeep.expiry import expire
from fq_platform.lakehouse.upkeep.health import examine
from fq_platform.lakehouse.upkeep.orphans import orphan_removal
from fq_platform.lakehouse.upkeep.tables import Lake
from fq_platform_tests.fixtures.catalogs import BACKENDS, LakeBackends
from fq_platform_tests.lakehouse.upkeep.worn import append, do, make_table, numbers

NAME = TableName(Layer.SHARED, "worn")


@pytest.mark.services
@pytest.mark.parametrize("backend", [backend for backend in BACKENDS if backend.endswith("s3")])
def test_tables_in_s3_are_looked_after_whatever_the_catalog(
    spark: object, lake_backends: LakeBackends, backend: str
) -> None:
    from fq_platform.resources.spark import start_session

    settings = lake_backends(backend)
    now = Lake(open_catalog(settings), layout_of(settings), lambda: start_session(settings))
    next_month = Lake(now.catalog, now.layout, now.session, dt.datetime.now(dt.UTC) + dt.timedelta(days=31))
    table = make_table(now.catalog, NAME, now.layout)
    with table.transaction() as change:
        change.set_properties({"history.expire.min-snapshots-to-keep": "1"})
    append(table, days=1, times=5)

    assert do(now, compact, NAME).figures["files_after"] == 1
    assert numbers(table) == [0, 1, 2, 3, 4]

    append(table, days=1, times=1)
    expired = do(next_month, expire, NAME).figures
    assert (expired["snapshots_after"], expired["data_files_deleted"]) == (1, 5)
    young = f"{table.location()}/data/begun.parquet"
    with table.io.new_output(young).create() as file:
        file.write(b"not finished yet")
    # Files cannot be made older than they are everywhere: what is old goes in `test_upkeep.py`.
    assert do(now, orphan_removal(), NAME).figures["removed"] == 0

    assert table.io.new_input(young).exists()
    assert numbers(table) == [0, 0, 1, 2, 3, 4]
    assert examine(table.refresh(), NAME).complaints == []

"""Upkeep as Dagster runs it: over all tables, with what was gained, one failing table at a time."""

import sys
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from pyiceberg.table import Table

from fq_platform.assets.maintenance import build_maintenance_assets
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.resources.spark import SparkResource
from fq_platform.settings import Settings
from fq_platform_tests.lakehouse.upkeep.worn import append, make_table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def make(settings: Settings, layer: Layer, name: str, *, times: int) -> Table:
    table = make_table(open_catalog(settings), TableName(layer, name), layout_of(settings))
    append(table, days=2, times=times)
    return table


def run(settings: Settings, name: str, *, fails: bool = False, **config: Any) -> dg.ExecuteInProcessResult:
    result = dg.materialize(
        build_maintenance_assets(),
        selection=f'key:"maintenance/{name}"',
        run_config={"ops": {f"maintenance__{name}": {"config": config}}},
        resources={"spark": SparkResource(home=str(settings.home))},
        raise_on_error=not fails,
    )
    assert result.success is not fails
    return result


def gained(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (made,) = result.get_asset_materialization_events()
    return {name: value.value for name, value in made.materialization.metadata.items()}


def by_table(metadata: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {record.data["table"]: record.data for record in metadata["by_table"].records}


@pytest.mark.services
def test_every_table_is_compacted_and_says_what_it_gained(settings: Settings, spark: "SparkSession") -> None:
    make(settings, Layer.CURATED, "app_small", times=5)
    make(settings, Layer.ANALYTICS, "small", times=6)
    make(settings, Layer.RAW, "app_tidy", times=1)

    found = gained(run(settings, "compaction"))

    assert (found["tables"], found["files_before"], found["files_after"], found["files_merged"]) == (3, 24, 6, 22)
    lines = by_table(found)
    assert list(lines) == ["raw.app_tidy", "curated.app_small", "analytics.small"]
    assert lines["analytics.small"].items() >= {"files_before": 12, "files_after": 2, "note": ""}.items()
    assert lines["analytics.small"]["seconds"] > 0


@pytest.mark.parametrize("name", ["compaction", "manifests", "snapshot_expiry"])
def test_lake_that_needs_no_upkeep_starts_no_spark(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    make(settings, Layer.ANALYTICS, "tidy", times=1)
    monkeypatch.setitem(sys.modules, "pyspark", None)

    assert gained(run(settings, name))["tables"] == 1


def test_table_that_fails_is_named_and_the_others_are_looked_after(settings: Settings) -> None:
    tables = [make(settings, Layer.ANALYTICS, name, times=1) for name in ("bad", "good")]
    for table in tables:
        table.manage_snapshots().create_branch(table.snapshots()[0].snapshot_id, "audit_1").commit()
    with tables[0].transaction() as change:
        change.set_properties({"history.expire.min-snapshots-to-keep": "many"})

    result = run(settings, "snapshot_expiry", fails=True)

    (failure,) = result.get_step_failure_events()
    shown = failure.step_failure_data.user_failure_data
    assert shown is not None
    assert str(shown.description).startswith("1 of 2 tables could not be looked after:\n")
    assert "(iceberg.analytics.bad)" in str(shown.description)
    lines = by_table({name: value.value for name, value in shown.metadata.items()})
    assert lines["analytics.bad"]["note"].startswith("failed: The table property")
    assert lines["analytics.good"].items() >= {"snapshots_before": 1, "note": ""}.items()


def test_only_tables_that_are_named_are_looked_after(settings: Settings) -> None:
    for layer in (Layer.RAW, Layer.SHARED):
        make(settings, layer, "app_one", times=1)

    assert list(by_table(gained(run(settings, "compaction", tables=["raw/app_one"])))) == ["raw.app_one"]
    assert gained(run(settings, "compaction", tables=["shared/app_one"]))["tables"] == 1
    (failure,) = run(settings, "compaction", fails=True, tables=["raw.gone"]).get_step_failure_events()
    shown = failure.step_failure_data.user_failure_data
    assert shown is not None
    assert "There is no table raw.gone" in str(shown.description)


def test_young_files_are_no_orphans_whatever_is_asked(settings: Settings) -> None:
    (failure,) = run(settings, "orphan_removal", fails=True, older_than_days=2).get_step_failure_events()

    shown = failure.step_failure_data.user_failure_data
    assert shown is not None
    assert "younger than 3 days" in str(shown.description)

"""The check `table_health` as Dagster runs it."""

import sys

import dagster as dg
import pytest

from fq_platform.checks.table_health import health_checks
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.resources.spark import SparkResource
from fq_platform.settings import Settings
from fq_platform_tests.lakehouse.upkeep.worn import append, make_table

KEY = dg.AssetKey(["curated", "app_worn"])


def evaluate(settings: Settings, *, fails: bool = False) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        health_checks([KEY], "app"),
        selection=dg.AssetSelection.checks(dg.AssetCheckKey(KEY, "table_health")),
        resources={"spark": SparkResource(home=str(settings.home))},
        raise_on_error=not fails,
    )


def test_small_files_warn_and_say_what_to_materialise(settings: Settings) -> None:
    table = make_table(open_catalog(settings), TableName(Layer.CURATED, "app_worn", "app"), layout_of(settings))
    append(table, days=20, times=4)

    (healthy,) = evaluate(settings).get_asset_check_evaluations()
    append(table, days=20, times=1)
    (warned,) = evaluate(settings).get_asset_check_evaluations()

    assert (healthy.passed, healthy.description) == (True, None)
    assert (warned.passed, warned.severity, warned.blocking) == (False, dg.AssetCheckSeverity.WARN, False)
    assert str(warned.description).startswith("100 small files in 20 partitions")
    assert str(warned.description).endswith("Materialise maintenance/compaction.")
    assert warned.metadata["small_files"].value == 100


def test_table_that_does_not_exist_yet_is_named_with_its_remedy(settings: Settings) -> None:
    (failure,) = evaluate(settings, fails=True).get_step_failure_events()

    shown = failure.step_failure_data.user_failure_data
    assert shown is not None
    assert "Materialise curated/app_worn first" in str(shown.description)


def test_only_metadata_are_read_without_spark(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    table = make_table(open_catalog(settings), TableName(Layer.CURATED, "app_worn", "app"), layout_of(settings))
    append(table, days=20, times=5)
    for file in settings.warehouse.rglob("*.parquet"):
        file.unlink()
    monkeypatch.setitem(sys.modules, "pyspark", None)

    (warned,) = evaluate(settings).get_asset_check_evaluations()

    assert not warned.passed

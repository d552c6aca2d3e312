"""Tests of forgetting old runs, on an instance on disk."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from fq_platform.assets.maintenance import build_maintenance_assets
from fq_platform.automation.run_history import Forgotten, forget_runs
from fq_platform.resources.spark import SparkResource

SOON = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
"""A moment that makes every run so far old."""
DATED = dg.DailyPartitionsDefinition("2026-01-01")


@dg.asset(partitions_def=DATED, backfill_policy=dg.BackfillPolicy.single_run())
def orders(context: dg.AssetExecutionContext) -> None: ...


@dg.asset
def customers() -> None: ...


@dg.asset
def broken() -> None:
    raise dg.Failure("An audit failed")


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        yield opened


def make(instance: dg.DagsterInstance, asset: dg.AssetsDefinition, first: str = "", last: str = "") -> str:
    """Materialise it, for a day or from a first to a last one; the run's id."""
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last} if last else {}
    job = dg.Definitions(assets=[asset], executor=dg.in_process_executor).resolve_implicit_global_asset_job_def()
    day = first if first and not last else None
    return job.execute_in_process(instance=instance, partition_key=day, tags=tags, raise_on_error=False).run_id


def test_runs_go_whose_partitions_others_have_made_since(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    replaced = make(instance, orders, "2026-01-01")
    failed = make(instance, broken)
    both_days = make(instance, orders, "2026-01-01", "2026-01-02")
    again = make(instance, orders, "2026-01-02")  # the second day of the run before; its first day is still from it
    files = {run: tmp_path / "history" / "runs" / f"{run}.db" for run in (replaced, failed, both_days, again)}
    assert all(file.exists() for file in files.values())

    assert forget_runs(instance, SOON) == Forgotten(removed=2, kept=2)

    assert {run.run_id for run in instance.get_runs()} == {both_days, again}
    assert {run for run, file in files.items() if file.exists()} == {both_days, again}
    assert instance.get_materialized_partitions(orders.key) == {"2026-01-01", "2026-01-02"}


def test_the_last_run_of_a_table_without_partitions_stays(instance: dg.DagsterInstance) -> None:
    make(instance, customers)
    last = make(instance, customers)

    assert forget_runs(instance, SOON) == Forgotten(removed=1, kept=1)

    assert [run.run_id for run in instance.get_runs()] == [last]
    event = instance.get_latest_materialization_event(customers.key)
    assert event is not None
    assert event.run_id == last


def test_neither_young_runs_nor_those_under_way_go(instance: dg.DagsterInstance) -> None:
    for _ in range(2):
        make(instance, customers)
    waiting = instance.create_run_for_job(
        dg.Definitions(assets=[customers]).resolve_implicit_global_asset_job_def(), status=dg.DagsterRunStatus.STARTED
    )

    assert forget_runs(instance, dt.datetime.now(dt.UTC) - dt.timedelta(days=90)) == Forgotten(removed=0, kept=0)
    forget_runs(instance, SOON)

    assert instance.get_run_by_id(waiting.run_id) is not None


def test_console_logs_of_old_runs_go_even_where_the_run_stays(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    run = make(instance, customers)
    logs = tmp_path / "storage" / run / "compute_logs"
    assert list(logs.iterdir())

    forget_runs(instance, SOON)

    assert not logs.exists()
    assert instance.get_run_by_id(run) is not None


def test_a_second_look_removes_nothing_more(instance: dg.DagsterInstance) -> None:
    make(instance, orders, "2026-01-01", "2026-01-03")
    make(instance, orders, "2026-01-03")
    first = forget_runs(instance, SOON)

    assert first == forget_runs(instance, SOON) == Forgotten(removed=0, kept=2)


def test_the_weekly_upkeep_says_what_went(instance: dg.DagsterInstance) -> None:
    make(instance, customers)

    result = dg.materialize(
        build_maintenance_assets(),
        selection='key:"maintenance/run_history"',
        resources={"spark": SparkResource()},
        instance=instance,
    )

    (made,) = result.get_asset_materialization_events()
    assert {name: value.value for name, value in made.materialization.metadata.items()} == {
        "runs_removed": 0,
        "runs_kept": 0,
    }

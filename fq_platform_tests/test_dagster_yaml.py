"""Tests of the two configurations of Dagster's instance: a laptop's, and a shared installation's on PostgreSQL."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster._core.instance.config import PoolGranularity

from fq_platform.settings import project_root
from fq_platform_tests.fixtures.catalog_servers import PASSWORD, Postgres

LAPTOP = project_root() / "dagster.yaml"
SHARED = project_root() / "docker" / "dagster.yaml"


def values(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def opened(file: Path, folder: Path) -> dg.DagsterInstance:
    (folder / "dagster.yaml").write_bytes(file.read_bytes())
    return dg.DagsterInstance.from_config(str(folder))


def test_both_say_the_same_but_for_storage_and_the_number_of_runs() -> None:
    laptop, shared = values(LAPTOP), values(SHARED)

    assert set(shared) - set(laptop) == {"storage"}
    del shared["storage"]
    for each in (laptop, shared):
        del each["concurrency"]["runs"]
    assert shared == laptop


@pytest.mark.parametrize("file", [LAPTOP, SHARED], ids=["laptop", "shared"])
def test_backfills_never_take_all_places(file: Path) -> None:
    runs = values(file)["concurrency"]["runs"]

    (backfills,) = [limit for limit in runs["tag_concurrency_limits"] if limit["key"] == "dagster/backfill"]
    assert 0 < backfills["limit"] < runs["max_concurrent_runs"]


def test_a_laptops_instance_limits_monitors_and_takes_up_what_was_killed(tmp_path: Path) -> None:
    with opened(LAPTOP, tmp_path) as instance:
        pools = instance.get_concurrency_config().pool_config
        assert (pools.pool_granularity, pools.default_pool_limit) == (PoolGranularity.RUN, 1)
        assert (instance.run_monitoring_enabled, instance.run_monitoring_max_runtime_seconds) == (True, 86_400)
        assert (instance.run_retries_enabled, instance.run_retries_max_retries) == (True, 1)
        assert instance.run_retries_retry_on_asset_or_op_failure is False
        assert {"MONITORING", "EVENT_LOG_CONSUMER", "BACKFILL"} <= set(instance.get_required_daemon_types())


@pytest.mark.services
def test_a_shared_instance_keeps_runs_and_events_in_postgresql(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres.create("dagster")
    for name, value in {
        "HOST": "127.0.0.1",
        "PORT": str(postgres.port),
        "DB": "dagster",
        "USER": "fq",
        "PASSWORD": PASSWORD,
    }.items():
        monkeypatch.setenv(f"DAGSTER_POSTGRES_{name}", value)

    @dg.asset
    def orders() -> None: ...

    with opened(SHARED, tmp_path) as instance:
        run_id = dg.materialize([orders], instance=instance).run_id
        instance.event_log_storage.set_concurrency_slots("mongodb", 2)

    with opened(SHARED, tmp_path) as again:
        assert again.get_run_by_id(run_id).status is dg.DagsterRunStatus.SUCCESS
        assert {pool.name: pool.limit for pool in again.event_log_storage.get_pool_limits()} == {"mongodb": 2}
        (event,) = again.fetch_materializations(dg.AssetKey("orders"), limit=5).records
        assert event.run_id == run_id
    assert not list(tmp_path.glob("**/*.db"))

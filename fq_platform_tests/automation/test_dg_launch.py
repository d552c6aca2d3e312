"""Ranges of days from the command line, as docs/operations.md tells it: `dg launch` over a real source."""

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from pymongo.database import Database

from fq_platform.automation.partitions import RANGE_END, RANGE_START
from fq_platform.settings import project_root

pytestmark = pytest.mark.services

ORDERS = 'key:"raw/shop_orders"'


class Shop:
    """An installation over a database with one order a day, from 1 to 10 March 2026."""

    def __init__(self, home: Path, database: Database[dict[str, Any]], uri: str) -> None:
        self.home = home / "fq"
        self.dagster_home = home / "dagster"
        self.dagster_home.mkdir()
        (self.dagster_home / "dagster.yaml").write_bytes((project_root() / "dagster.yaml").read_bytes())
        database["orders"].insert_many(
            {"_id": day, "order_date": dt.datetime(2026, 3, day, 12, tzinfo=dt.UTC)} for day in range(1, 11)
        )
        sources = home / "sources.yaml"
        sources.write_text(
            f"app: shop\ndatabase: {database.name}\nstart_date: 2026-03-01\ntime_zone: UTC\n"
            "collections:\n  orders:\n    partition_by: order_date\n"
        )
        self.environment = os.environ | {
            "FQ_HOME": str(self.home),
            "FQ_SOURCES": str(sources),
            "FQ_IFCO_SOURCE": "none",
            "MONGO_URI": uri,
            "DAGSTER_HOME": str(self.dagster_home),
        }

    def dg(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run `dg launch` in the checkout."""
        command = [str(Path(sys.executable).with_name("dg")), "launch", *arguments]
        return subprocess.run(
            command,
            cwd=project_root(),
            env=self.environment | settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@pytest.fixture
def shop(tmp_path: Path, mongo_database: Database[dict[str, Any]], mongo_uri: str) -> Shop:
    return Shop(tmp_path, mongo_database, mongo_uri)


def test_a_range_of_days_is_one_run_on_the_command_line(shop: Shop) -> None:
    done = shop.dg("--assets", ORDERS, "--partition-range", "2026-03-02...2026-03-09", FQ_BACKFILL_PARTITIONS="0")

    assert done.returncode == 0, done.stderr
    assert "8 inserted, 0 updated, 0 deleted, 0 unchanged, 0 rescued values" in done.stderr
    with dg.DagsterInstance.from_config(str(shop.dagster_home)) as instance:
        (run,) = instance.get_runs()
        assert run.status is dg.DagsterRunStatus.SUCCESS
        assert (run.tags[RANGE_START], run.tags[RANGE_END]) == ("2026-03-02", "2026-03-09")
        assert len(instance.get_materialized_partitions(dg.AssetKey(["raw", "shop_orders"]))) == 8

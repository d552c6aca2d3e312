import datetime as dt
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from fq_platform.settings import Settings
from fq_platform_tests.extraction.landing import Landing, noon
from fq_platform_tests.fixtures.spark_cluster import SparkCluster

pytestmark = pytest.mark.services

DAYS = 24
FIRST = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=DAYS)
DOCUMENTS = 2_400
PATIENCE_SECONDS = 300


def test_a_sync_survives_a_worker_that_is_killed_midway(
    spark_cluster: SparkCluster, mongo_database: Database[dict[str, Any]], mongo_uri: str, settings: Settings
) -> None:
    orders = mongo_database["orders"]
    orders.create_index("at")
    orders.insert_many([_order(number) for number in range(DOCUMENTS)])
    landing = Landing(mongo_database, settings)
    environment = os.environ | _fq(settings, mongo_database.name, mongo_uri) | spark_cluster.environment(**READERS)
    environment["FQ_SPARK_PARTITIONER"] = "paginate-into-partitions"
    sync = subprocess.Popen(_command("sync", "--engine", "spark"), env=environment, stdout=subprocess.PIPE, text=True)
    try:
        written = _wait_for_files(landing, sync)
        # Both have read documents and hold what was shuffled; either's loss means reading again.
        spark_cluster.kill(0)
        answer, _ = sync.communicate(timeout=PATIENCE_SECONDS)
    finally:
        sync.kill()
    assert sync.returncode == 0
    assert json.loads(answer)[0]["inserted"] == DOCUMENTS
    assert written < len(landing.table("orders").inspect.files()) == DAYS
    assert landing.snapshots("orders") == 1
    verified = subprocess.run(_command("verify"), env=environment, stdout=subprocess.PIPE, text=True, check=False)
    assert (verified.returncode, json.loads(verified.stdout)[0]["documents"]) == (0, DOCUMENTS)


READERS = {"spark_mongodb_read_partitioner_options_max_number_of_partitions": "4"}


def _order(number: int) -> dict[str, Any]:
    return {
        "_id": number,
        "at": noon(FIRST + dt.timedelta(days=number % DAYS)),
        "lines": [{"n": number, "text": "x" * 99}],
    }


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from fq_platform.cli import main; main()", *arguments, "orders", "--format", "json"]


def _fq(settings: Settings, database: str, uri: str) -> dict[str, str]:
    settings.home.mkdir(parents=True)
    sources = settings.home / "sources.yaml"
    sources.write_text(
        f"app: app\ndatabase: {database}\nstart_date: {FIRST}\ncollections:\n  orders: {{partition_by: at}}\n",
        encoding="utf-8",
    )
    return {"FQ_HOME": str(settings.home), "FQ_SOURCES": str(sources), "MONGO_URI": uri, "FQ_IFCO_SOURCE": "none"}


def _wait_for_files(landing: Landing, sync: subprocess.Popen[str]) -> int:
    """Wait until executors have begun to write; how many files there are then."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        assert sync.poll() is None
        files: set[Path] = landing.data_files()
        if files:
            return len(files)
        time.sleep(0.02)
    raise AssertionError("no executor wrote anything")

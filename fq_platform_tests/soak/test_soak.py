"""The platform left alone for some days in which everything happens that can happen to its source.

In a process of its own: it has a clock, a JVM and settings of its own. `make soak` does the same for 60 days.
"""

import json
import subprocess
import sys
from typing import Any

import pytest

from fq_platform_tests.soak.story import SHORT_DAYS

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("soak")
    command = [sys.executable, "-W", "ignore", "-m", "fq_platform_tests.soak", "--days", str(SHORT_DAYS)]
    command += ["--folder", str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (folder / "report.json").exists(), f"{ended.stdout}{(folder / 'log').read_text()[-4000:]}"
    return json.loads((folder / "report.json").read_text())


@pytest.mark.timeout(1800)
def test_at_the_end_the_lake_holds_what_the_source_holds(report: dict[str, Any]) -> None:
    assert report["source_differences"] == []
    assert report["table_differences"] == []


@pytest.mark.timeout(1800)
def test_each_changed_partition_was_requested_once(report: dict[str, Any]) -> None:
    assert report["raw_partitions_touched"] > 20
    assert report["missing_requests"] == []
    assert report["superfluous_requests"] == []
    assert report["repeated_requests"] == []


@pytest.mark.timeout(1800)
def test_each_alert_that_should_have_come_came_once(report: dict[str, Any]) -> None:
    assert report["wrong_alerts"] == []

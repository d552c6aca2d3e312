"""Processes append to and merge into one table at once: every acknowledged commit is there exactly once."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import layout_of
from fq_platform.settings import PACKAGE, Settings
from fq_platform_tests.lakehouse.writing.stress_worker import TABLE

pytestmark = [pytest.mark.services, pytest.mark.exhaustive]

Writers = Sequence[tuple[str, int]]
"""Kind of each process (`stress_worker.KINDS`), and how often it commits."""
Acknowledged = Mapping[str, Sequence[tuple[str, int]]]
"""What each process was acknowledged: what it did, and the number of it."""

TWO_HUNDRED: Writers = [("appends", 26), ("merges", 12), *[("pyiceberg", 27)] * 6]
FEWER: Writers = [("merges", 6), ("pyiceberg", 12), ("pyiceberg", 12)]
SPARK_ONLY: Writers = [("both", 25)] * 8
"""With `FQ_STRESS=spark`: takes minutes and 6 GB."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("catalog", "writers"), [("sqlite", TWO_HUNDRED), ("postgres", FEWER)])
def test_every_acknowledged_commit_is_present_once(
    catalog: str, writers: Writers, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if os.environ.get("FQ_STRESS") == "spark":
        writers = SPARK_ONLY
    settings = Settings(home=tmp_path / "fq")
    environment = {"FQ_HOME": str(settings.home)}
    if catalog == "postgres":
        environment |= {
            "FQ_PROFILE": "sql",
            "FQ_CATALOG_URI": request.getfixturevalue("postgres_uri"),
            "FQ_WAREHOUSE": f"file://{settings.warehouse}",
        }
        settings = Settings(
            home=settings.home,
            profile="sql",
            catalog_uri=environment["FQ_CATALOG_URI"],
            warehouse_override=environment["FQ_WAREHOUSE"],
        )
    settings.warehouse.mkdir(parents=True, exist_ok=True)
    identifier = layout_of(settings).place(TABLE).identifier
    opened = open_catalog(settings)
    opened.create_table(identifier, pa.schema([("id", pa.string()), ("n", pa.int64())]))
    try:
        acknowledged, seconds = run(writers, environment)
        table = opened.load_table(identifier)
        found = Counter(row["id"] for row in table.scan().to_arrow().to_pylist())
        counts = {row["id"]: row["n"] for row in table.scan().to_arrow().to_pylist() if row["id"].endswith("-count")}
    finally:
        opened.drop_table(identifier)
    wanted = expected(acknowledged)
    sys.stdout.write(
        f"{catalog}: {sum(commits for _, commits in writers)} commits, "
        f"{sum(len(lines) for lines in acknowledged.values())} acknowledged, {(wanted - found).total()} lost, "
        f"{(found - wanted).total()} too many, {seconds:.0f} s, {len(table.snapshots())} snapshots\n"
    )
    assert [len(lines) for lines in acknowledged.values()] == [commits for _, commits in writers]
    assert found == wanted
    assert counts == {f"{name}-count": last for name, last in last_merges(acknowledged).items()}
    assert set(table.metadata.refs) == {"main"}


def run(writers: Writers, environment: dict[str, str]) -> tuple[Acknowledged, float]:
    """Let all processes write at once; what each was acknowledged, and how long it took (seconds)."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "fq_platform_tests.lakehouse.writing.stress_worker", kind, f"w{at}", str(commits)],
            cwd=PACKAGE.parent,
            env=os.environ | environment | {"FQ_SPARK_MASTER": "local[1]", "FQ_SPARK_DRIVER_MEMORY": "512m"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(Path(environment["FQ_HOME"]) / f"w{at}.log").open("w"),
            text=True,
        )
        for at, (kind, commits) in enumerate(writers)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        started = time.monotonic()
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        acknowledged = {}
        for at, process in enumerate(processes):
            told, _ = process.communicate(timeout=800)
            assert process.returncode == 0, (Path(environment["FQ_HOME"]) / f"w{at}.log").read_text()[-4000:]
            lines = [line.split() for line in told.splitlines()]
            acknowledged[f"w{at}"] = [(what, int(number)) for what, number in lines]
        return acknowledged, time.monotonic() - started
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()


def expected(acknowledged: Acknowledged) -> Counter[str]:
    """Every row that was added and not taken away again by a later merge, once; and each merging writer's count."""
    rows: Counter[str] = Counter(f"{name}-count" for name in last_merges(acknowledged))
    for name, lines in acknowledged.items():
        gone = {number - 4 for what, number in lines if what == "merged"}
        rows.update(f"{name}-{number}" for number in {number for _, number in lines} - gone)
    return rows


def last_merges(acknowledged: Acknowledged) -> dict[str, int]:
    """The number of each writer's last merge, of those that merged."""
    merges = {name: [number for what, number in lines if what == "merged"] for name, lines in acknowledged.items()}
    return {name: max(numbers) for name, numbers in merges.items() if numbers}

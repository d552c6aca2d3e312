"""Eight processes append to and merge into one table: every acknowledged commit is there exactly once."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import layout_of
from fq_platform.settings import PACKAGE, Settings
from fq_platform_tests.lakehouse.writing.stress_worker import TABLE

pytestmark = [pytest.mark.services, pytest.mark.exhaustive]

SPARK_WRITERS, SPARK_COMMITS = 2, 20
PYICEBERG_WRITERS, PYICEBERG_COMMITS = 6, 27
"""202 commits in all. `FQ_STRESS=spark` makes all eight processes Spark's, which takes minutes and 6 GB."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize("catalog", ["sqlite", "postgres"])
def test_every_acknowledged_commit_is_present_once(
    catalog: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
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
        acknowledged = run_writers(environment)
        found = opened.load_table(identifier).scan().to_arrow().to_pylist()
    finally:
        opened.drop_table(identifier)
    assert sum(len(lines) for lines in acknowledged.values()) == sum(commits for _, _, commits in writers())
    assert Counter(row["id"] for row in found) == expected(acknowledged)
    counted = {row["id"]: row["n"] for row in found if row["id"].endswith("-count")}
    assert counted == {
        f"{name}-count": max(number for what, number in lines if what == "merged")
        for name, lines in acknowledged.items()
        if name.startswith("spark")
    }


def writers() -> list[tuple[str, str, int]]:
    """Kind, name and number of commits of each process."""
    if os.environ.get("FQ_STRESS") == "spark":
        return [("spark", f"spark{number}", 25) for number in range(8)]
    return [("spark", f"spark{number}", SPARK_COMMITS) for number in range(SPARK_WRITERS)] + [
        ("pyiceberg", f"python{number}", PYICEBERG_COMMITS) for number in range(PYICEBERG_WRITERS)
    ]


def run_writers(environment: dict[str, str]) -> dict[str, list[tuple[str, int]]]:
    """Let all processes write at once; what each was acknowledged, by its name."""
    processes = {
        name: subprocess.Popen(
            [sys.executable, "-m", "fq_platform_tests.lakehouse.writing.stress_worker", kind, name, str(commits)],
            cwd=PACKAGE.parent,
            env=os.environ | environment | {"FQ_SPARK_MASTER": "local[1]", "FQ_SPARK_DRIVER_MEMORY": "512m"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for kind, name, commits in writers()
    }
    acknowledged = {}
    try:
        for name, process in processes.items():
            out, err = process.communicate(timeout=800)
            assert process.returncode == 0, f"{name}: {err[-4000:]}"
            lines = [line.split() for line in out.splitlines()]
            acknowledged[name] = [(what, int(number)) for what, number in lines]
    finally:
        for process in processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()
    return acknowledged


def expected(acknowledged: dict[str, list[tuple[str, int]]]) -> Counter[str]:
    """Every row that was added and not taken away again by a later merge, once; and each writer's count."""
    rows: Counter[str] = Counter()
    for name, lines in acknowledged.items():
        numbers = {number for _, number in lines}
        gone = {number - 4 for what, number in lines if what == "merged"}
        rows.update(f"{name}-{number}" for number in numbers - gone)
        if any(what == "merged" for what, _ in lines):
            rows[f"{name}-count"] += 1
    return rows

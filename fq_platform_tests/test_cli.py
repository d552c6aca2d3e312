"""The command `fq` as a process: output, exit codes, and errors that help."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from fq_platform import cli
from fq_platform.settings import Settings, get_settings

ORDERS = "raw.ecommerce_db_orders"


def fq(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `fq` with a home of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FQ_")}
    return subprocess.run(
        [Path(sys.executable).with_name("fq"), *arguments],
        env=environment | {"FQ_HOME": str(home)} | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def runner(lake_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    """Runs `fq` in this process, on the shared lakehouse."""
    monkeypatch.setenv("FQ_HOME", str(lake_settings.home))
    get_settings.cache_clear()
    yield CliRunner()
    get_settings.cache_clear()


@pytest.mark.services
def test_query_prints_the_answer(lake_settings: Settings) -> None:
    done = fq(lake_settings.home, "query", f"SELECT _id, total FROM {ORDERS} ORDER BY _id", "--format", "csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "_id,total\no1,19.990000000000\no2,19.990000000000\n"


@pytest.mark.services
def test_wrong_table_ends_with_a_remedy_and_exit_code_1(lake_settings: Settings) -> None:
    done = fq(lake_settings.home, "query", "SELECT * FROM raw.ecommerce_db_order")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "There is no table raw.ecommerce_db_order\nWhat to do: Near to it: raw.ecommerce_db_orders"
    )
    assert "Traceback" not in done.stderr


def test_settings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    done = fq(tmp_path, "tables", FQ_PROFILE="moon")
    assert done.returncode == 1
    assert "FQ_PROFILE='moon'" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_loads_nothing_heavy() -> None:
    heavy = ("dagster", "pyspark", "duckdb", "pyarrow", "pyiceberg", "pymongo", "numpy", "pydantic")
    code = f"import sys, fq_platform.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.services
def test_reader_that_goes_away_ends_the_query_quietly(lake_settings: Settings) -> None:
    command = f"{Path(sys.executable).with_name('fq')} query 'SELECT * FROM range(10_000_000)' --format csv | head -n 2"
    done = subprocess.run(
        command,
        shell=True,
        env=os.environ | {"FQ_HOME": str(lake_settings.home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("range\n0\n", "")


@pytest.mark.services
def test_interrupted_query_ends_with_130_and_no_traceback(lake_settings: Settings) -> None:
    endless = "SELECT count(*) FROM range(10_000_000) a, range(10_000_000) b WHERE (a.range * b.range) % 7 = 1"
    with subprocess.Popen(
        [Path(sys.executable).with_name("fq"), "query", endless],
        env=os.environ | {"FQ_HOME": str(lake_settings.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait_until_busy(process.pid)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, output) == (130, "")
    assert errors.startswith("Interrupted;")
    assert "Traceback" not in errors


def wait_until_busy(pid: int) -> None:
    """Wait until a process has computed for longer than starting up can take; on one core no other thread shows it."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if psutil.Process(pid).cpu_times().user > 5:
            return
        time.sleep(0.05)
    raise AssertionError("the query never began")


def test_version_is_the_packages(runner: CliRunner) -> None:
    result = runner.invoke(cli.app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, "fq 0.1.0\n")


def test_unknown_command_and_option_end_with_2(runner: CliRunner) -> None:
    assert runner.invoke(cli.app, ["fly"]).exit_code == 2
    assert runner.invoke(cli.app, ["query", "SELECT 1", "--engine", "abacus"]).exit_code == 2


def test_tables_lists_rows_and_snapshots(runner: CliRunner) -> None:
    result = runner.invoke(cli.app, ["tables", "--format", "json"])
    orders, facts = json.loads(result.stdout)
    assert (orders["table"], orders["rows"], orders["snapshots"]) == (ORDERS, 2, 1)
    assert facts == {
        "table": "analytics.fct_orders", "rows": 0, "snapshots": 0, "snapshot_id": None, "committed_at": None
    }  # fmt: skip


def test_snapshot_of_the_list_can_be_queried(runner: CliRunner) -> None:
    snapshot = json.loads(runner.invoke(cli.app, ["tables", "--format", "json"]).stdout)[0]["snapshot_id"]
    arguments = ["query", f"SELECT count(*) AS n FROM {ORDERS}", "--as-of", str(snapshot), "--format", "json"]
    assert json.loads(runner.invoke(cli.app, arguments).stdout) == [{"n": 2}]


def test_output_file_gets_the_format_of_its_name(runner: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "orders.parquet"
    result = runner.invoke(cli.app, ["query", f"SELECT * FROM {ORDERS}", "--output", str(file)])
    assert (result.exit_code, result.stdout) == (0, "")
    assert pq.read_table(file).num_rows == 2


def test_output_file_keeps_its_old_content_if_the_query_fails(runner: CliRunner, tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"
    file.write_text("old")
    failing = "SELECT CAST(if(i = 900_000, 'x', '1') AS INT) FROM range(1_000_000) t(i)"
    result = runner.invoke(cli.app, ["query", failing, "--output", str(file)])
    assert result.exit_code == 1
    assert [path.name for path in tmp_path.glob("*numbers*")] == ["numbers.csv"]
    assert file.read_text() == "old"


def test_output_in_a_folder_that_is_missing_is_refused_with_a_remedy(runner: CliRunner, tmp_path: Path) -> None:
    result = runner.invoke(cli.app, ["query", "SELECT 1", "--output", str(tmp_path / "missing" / "x.csv")])
    assert result.exit_code == 1
    assert "The output cannot be written: No such file or directory" in result.stderr


def test_unexpected_error_leaves_its_traceback_in_a_file(
    runner: CliRunner, lake_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr("fq_platform.query.inventory.list_tables", broken)
    result = runner.invoke(cli.app, ["tables"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Unexpected error: ZeroDivisionError: a defect\n")
    assert "Traceback" not in result.stderr
    [log] = (lake_settings.home / "logs").glob("error-*.log")
    assert str(log) in result.stderr
    assert "in broken" in log.read_text()
    monkeypatch.setenv("FQ_DEBUG", "1")
    assert "in broken" in runner.invoke(cli.app, ["tables"]).stderr


def test_a_script_on_standard_input_is_answered_until_it_fails(runner: CliRunner) -> None:
    script = "SELECT 1 AS n;\n\\d\nSELECT nothing;\nSELECT 2 AS n;\n"
    done = runner.invoke(cli.app, ["query", "--format", "csv"], input=script)
    assert done.exit_code == 1
    assert done.stdout.startswith("n\n1\n")
    assert ORDERS in done.stdout
    assert done.stdout.count("n\n") == 1
    assert "nothing" in done.stderr


def test_limits_of_one_query_stand_before_those_of_the_settings(runner: CliRunner) -> None:
    result = runner.invoke(cli.app, ["query", "SELECT * FROM range(5)", "--rows", "2", "--format", "csv"])
    assert (result.exit_code, result.stdout) == (0, "range\n0\n1\n")
    assert "There are more rows" in result.stderr

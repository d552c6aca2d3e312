"""`fq dev` as a process: the whole stack comes up, and goes without leaving anything behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

FQ = str(Path(sys.executable).with_name("fq"))
HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def environment(home: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("FQ_", "MONGO_"))}
    return inherited | {"FQ_HOME": str(home), "FQ_DEMO_ORDERS": "100", "FQ_IFCO_SOURCE": "none"}


def started_by(home: Path) -> list[psutil.Process]:
    """All processes that live and were given this home."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("FQ_HOME") == str(home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def started_with(home: Path, argument: str) -> list[psutil.Process]:
    """Those with such an argument; some end meanwhile, as the launcher of Spark's server does."""
    found = []
    for process in started_by(home):
        with suppress(psutil.Error):
            if argument in process.cmdline():
                found.append(process)
    return found


@contextmanager
def fq_dev(home: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """`fq dev` as a shell script starts it in the background: with Ctrl-C ignored."""
    with subprocess.Popen(
        [FQ, "dev", "--port", str(port), "--dashboard-port", str(free_port())],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=60)


def wait_until_it_says(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if words in line:
            return
    raise AssertionError(f"never said {words!r}: {''.join(said)}")


def ask(port: int, question: str) -> Any:
    request = urllib.request.Request(
        f"http://{HOST}:{port}/graphql",
        json.dumps({"query": question}).encode(),
        {"Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return json.load(answer)["data"]


def healthy_daemons(port: int) -> set[str]:
    statuses = ask(port, "{instance {daemonHealth {allDaemonStatuses {daemonType healthy}}}}")
    return {
        status["daemonType"]
        for status in statuses["instance"]["daemonHealth"]["allDaemonStatuses"]
        if status["healthy"]
    }


@pytest.mark.services
def test_stack_comes_up_and_goes_without_a_trace(tmp_path: Path) -> None:
    home, port = tmp_path / "fq", free_port()
    with fq_dev(home, port) as process:
        wait_until_it_says(process, f"http://{HOST}:{port}")

        keys = {tuple(node["assetKey"]["path"]) for node in ask(port, "{assetNodes {assetKey {path}}}")["assetNodes"]}
        assert {("raw", "ecommerce_db_orders"), ("analytics", "sales_summary")} <= keys
        deadline = time.monotonic() + 90
        while not {"SCHEDULER", "SENSOR", "QUEUED_RUN_COORDINATOR"} <= healthy_daemons(port):
            assert time.monotonic() < deadline, "the daemon never became healthy"
            time.sleep(1)
        assert (home / "dagster" / "dagster.yaml").is_file()
        assert started_with(home, "streamlit")
        assert (home / "mongo" / "endpoint.json").is_file()
        logs = [log.name for log in (home / "logs").iterdir()]

        second = subprocess.run(
            [FQ, "dev", "--port", str(free_port())], env=environment(home), capture_output=True, text=True, check=False
        )
        assert second.returncode == 1
        assert second.stderr.startswith("`fq dev` runs already")

        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=60)
        assert time.monotonic() - begin < 30
    assert "spark-connect.log" in logs
    assert (process.returncode, errors) == (0, "")
    assert "Stopped" in output
    assert started_by(home) == []
    assert not (home / "mongo" / "endpoint.json").exists()


@pytest.mark.services
def test_child_that_dies_is_named_and_the_rest_is_stopped(tmp_path: Path) -> None:
    home, port = tmp_path / "fq", free_port()
    with fq_dev(home, port) as process:
        wait_until_it_says(process, f"http://{HOST}:{port}")
        [daemon] = started_with(home, "dagster._daemon")
        daemon.kill()
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.startswith("The Dagster daemon ended by itself with exit code -9; the rest was stopped")
    assert str(home / "logs" / "dagster-daemon.log") in errors
    assert "Traceback" not in errors
    assert started_by(home) == []


@pytest.mark.services
def test_taken_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [FQ, "dev", "--port", str(port)],
            env=environment(tmp_path / "fq"),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"Port {port} cannot be used for the Dagster UI: Address already in use")
    assert "--port" in done.stderr
    assert not (tmp_path / "fq").exists()


@pytest.mark.services
@pytest.mark.parametrize("command", ["dev", "demo"])
def test_malformed_sources_file_is_refused_before_anything_starts(tmp_path: Path, command: str) -> None:
    sources = tmp_path / "sources.yaml"
    sources.write_text(
        "app: shop\ndatabase: shop\nstart_date: 2026-01-01\ncollections:\n  orders: {partition_bi: at}\n"
    )
    done = subprocess.run(
        [FQ, command],
        env=environment(tmp_path / "fq") | {"FQ_SOURCES": str(sources)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "partition_bi" in done.stderr
    assert f"{sources}:5" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "fq").exists()

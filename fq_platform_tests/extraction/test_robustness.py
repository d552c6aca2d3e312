"""What is interrupted, raced or starved of disk lands nothing half, and the next run completes."""

import json
import multiprocessing
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from fq_platform.demo.embedded_mongo import EmbeddedMongo
from fq_platform.demo.endpoint import Endpoint
from fq_platform.errors import FqError
from fq_platform.extraction.reading import ReadOptions
from fq_platform.lakehouse import parquet
from fq_platform.resources.mongo import MongoResource
from fq_platform.settings import Settings
from fq_platform_tests.extraction.landing import DAY1, DAY2, DAY3, Landing, noon
from fq_platform_tests.extraction.worker import main

pytestmark = pytest.mark.services
SECONDS = 60


def worker(task: str, uri: str, landing: Landing, *prefix: str, **options: Any) -> subprocess.Popen[str]:
    module = "fq_platform_tests.extraction.worker"
    arguments = [sys.executable, "-m", module, task, uri, landing.database.name, str(landing.settings.home)]
    return subprocess.Popen(
        [*prefix, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def await_data_file(landing: Landing) -> None:
    deadline = time.monotonic() + SECONDS
    while not landing.settings.warehouse.is_dir() or not landing.data_files():
        assert time.monotonic() < deadline, "no data file was written"
        time.sleep(0.005)


def test_processes_that_sync_the_same_and_neighbouring_days_at_once_duplicate_nothing(
    landing: Landing, mongo_uri: str
) -> None:
    days = (DAY1, DAY2, DAY3)
    landing.database.orders.insert_many([{"_id": f"{n:03}", "at": noon(days[n % 3]), "n": n} for n in range(60)])
    workers = [worker("race", mongo_uri, landing) for _ in range(2)]
    for process in workers:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", process.communicate()[1]
    for process in workers:
        process.stdin.write("go\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]

    neighbours = [threading.Thread(target=landing.by_day, args=(day,)) for day in days]
    for thread in neighbours:
        thread.start()
    for thread in neighbours:
        thread.join()
    errors = [process.communicate(timeout=SECONDS)[1] for process in workers]

    assert [process.returncode for process in workers] == [0, 0], errors
    assert sorted(row["n"] for row in landing.rows("orders")) == list(range(60))
    assert {row["_fq_op"] for row in landing.rows("orders")} == {"insert"}
    assert landing.data_files() == {
        Path(task.file.file_path.removeprefix("file://")) for task in landing.table("orders").scan().plan_files()
    }
    assert not landing.by_day(DAY1, DAY3).changed


def test_interrupt_halfway_lands_nothing_and_the_next_run_lands_all(landing: Landing, mongo_uri: str) -> None:
    landing.database.things.insert_many([{"_id": n} for n in range(400)])
    process = worker("slowly", mongo_uri, landing)
    await_data_file(landing)

    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=SECONDS)

    assert "KeyboardInterrupt" in error
    assert process.returncode != 0
    assert landing.snapshots("things") == 0
    assert landing.data_files() == set()
    assert landing.whole().inserted == 400
    assert len(landing.live("things")) == 400


def test_killed_process_lands_nothing_and_the_next_run_lands_all(landing: Landing, mongo_uri: str) -> None:
    landing.database.things.insert_many([{"_id": n} for n in range(400)])
    process = worker("slowly", mongo_uri, landing)
    await_data_file(landing)

    process.kill()
    process.communicate(timeout=SECONDS)

    assert landing.rows("things") == []
    assert landing.whole().inserted == 400
    assert not landing.whole().changed


def test_processes_killed_at_random_moments_lose_and_duplicate_nothing(landing: Landing, mongo_uri: str) -> None:
    things = landing.database.things
    things.insert_many([{"_id": f"k{n:04}", "n": 0, "text": "x" * 100} for n in range(600)])
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["fq_platform_tests.extraction.worker"])
    arguments = ("in_ranges", mongo_uri, landing.database.name, str(landing.settings.home))
    dice = random.Random(4)
    killed, longest = 0, 2.0

    for attempt in range(12):
        process = context.Process(target=main, args=arguments)
        begun = time.monotonic()
        process.start()
        process.join(dice.uniform(0, longest) if attempt else SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
            killed += 1
        else:
            assert process.exitcode == 0
            longest = time.monotonic() - begun
        if landing.table_exists("things"):
            inserted = [row["_id"] for row in landing.rows("things") if row["_fq_op"] == "insert"]
            assert len(inserted) == len(set(inserted))
        things.update_many({"_id": {"$regex": f"{attempt % 10}$"}}, {"$inc": {"n": 1}})
        things.delete_one({"_id": f"k{attempt * 50:04}"})
        things.insert_one({"_id": f"new{attempt}", "n": 0})

    assert killed >= 3
    landing.whole(range_documents=100)
    live = {key: row["n"] for (_, key), row in landing.live("things").items()}
    assert live == {document["_id"]: document["n"] for document in things.find()}
    history: dict[str, list[tuple[str, bytes | None]]] = {}
    for row in landing.rows("things"):
        history.setdefault(row["_id"], []).append((row["_fq_op"], row["_fq_hash"]))
    for versions in history.values():
        assert [operation for operation, _ in versions].count("insert") == 1
        assert all(before != after for before, after in pairwise(content for _, content in versions))
    assert not landing.whole().changed


def test_mongodb_that_dies_while_it_is_read_commits_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "ROW_GROUP_BYTES", 1)
    monkeypatch.setattr("fq_platform.extraction.sync.ReadOptions", partial(ReadOptions, attempts=2, pause_seconds=0.1))
    settings = Settings(home=tmp_path / "fq")
    with EmbeddedMongo(settings) as server, MongoResource(uri=server.uri).database("shop") as database:
        database.things.insert_many([{"_id": n, "text": "x" * 1000} for n in range(400)])
        landing = Landing(database, settings)
        failures: list[FqError] = []
        landing.whole("things", batch_bytes=10_000_000)
        database.things.update_many({}, {"$set": {"text": "changed"}})
        before = landing.files()

        thread = threading.Thread(target=sync_expecting_an_error, args=(server.uri, settings, failures))
        thread.start()
        while landing.data_files() <= before:
            time.sleep(0.005)
        endpoint = Endpoint.read(settings)
        assert endpoint is not None
        os.kill(endpoint.pid, signal.SIGKILL)
        thread.join(SECONDS)

        assert [error.what for error in failures] == ["MongoDB cannot be reached"]
        assert f"127.0.0.1:{endpoint.port}" in failures[0].where
        assert landing.files() == before
        assert landing.snapshots("things") == 1
    with EmbeddedMongo(settings) as server, MongoResource(uri=server.uri).database("shop") as database:
        landing = Landing(database, settings)
        database.things.update_many({}, {"$set": {"text": "changed"}})  # the killed server may have forgotten it
        assert landing.whole("things").updated == 400
        assert {row["text"] for row in landing.live("things").values()} == {"changed"}


def sync_expecting_an_error(uri: str, settings: Settings, failures: list[FqError]) -> None:
    try:
        with MongoResource(uri=uri).database("shop") as database:
            Landing(database, settings).whole("things", batch_bytes=1)
    except FqError as error:
        failures.append(error)


def test_full_disk_is_named_leaves_nothing_half_and_the_next_run_lands_all(
    landing: Landing, mongo_uri: str, tmp_path: Path
) -> None:
    landing.database.small.insert_one({"_id": 1})
    landing.database.things.insert_many([{"_id": n, "noise": secrets.token_hex(2000)} for n in range(500)])
    disk = tmp_path / "disk"
    disk.mkdir()
    landing.settings = Settings(home=disk / "fq")
    mount = small_disk(disk)
    process = worker("on_full_disk" if mount else "on_limited_file_size", mongo_uri, landing, *mount)

    output, error = process.communicate(timeout=2 * SECONDS)

    assert process.returncode == 0, error
    full, after = map(json.loads, output.splitlines())
    assert full["error"].startswith(
        "The disk is full; nothing of this write is visible (iceberg.raw.app_things). Free "
    )
    assert (full["left"], full["small"]) == (0, 1)
    assert after == {"landed": 500}


def small_disk(folder: Path) -> list[str]:
    """A command that runs another one with a file system of 4 MiB at a folder; empty where that is not allowed."""
    mount = f'mount -t tmpfs -o size=4m tmpfs {folder} && exec "$0" "$@"'
    unshare = shutil.which("unshare")
    for options in (["--mount"], ["--user", "--map-root-user", "--mount"]) if unshare else ():
        prefix = [str(unshare), *options, "sh", "-c", mount]
        if subprocess.run([*prefix, "true"], capture_output=True).returncode == 0:
            return prefix
    return []

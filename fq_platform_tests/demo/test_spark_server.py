"""Whether `fq dev` lets runs compute on one Spark Connect server; the server itself: `resources/test_connect.py`."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from fq_platform.compute_settings import Compute
from fq_platform.demo.connect import spark_server
from fq_platform.resources.connect_server import memory_for_runs
from fq_platform.settings import Settings
from fq_platform.sources import Sources


def told(settings: Settings, sources: Sources, *, wanted: bool = True) -> str:
    """What is printed where no server is started."""
    said = io.StringIO()
    with spark_server(settings, sources, Console(file=said, width=1000), wanted=wanted) as server:
        assert server is None
    return said.getvalue()


def sources(**options: Any) -> Sources:
    return Sources.model_validate(
        {"app": "shop", "database": "shop", "start_date": "2026-01-01", "collections": {"orders": options, "items": {}}}
    )


def test_without_the_client_each_run_starts_its_own_spark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fq_platform.resources.connect.missing_client", lambda: ["grpc"])

    said = told(Settings(home=tmp_path), sources())

    assert said.startswith("Spark: each run starts its own, since the client of Spark Connect is not installed")
    assert "pip install 'fq-platform[connect]'" in said


def test_collections_that_spark_extracts_are_not_sent_to_a_server_that_cannot(tmp_path: Path) -> None:
    said = told(Settings(home=tmp_path), sources(partition_by="order_date", engine="spark"))

    assert said == "Spark: each run starts its own, since a server cannot extract with `engine: spark` (orders)\n"


def test_runs_that_compute_elsewhere_get_no_server_here(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, compute=Compute.PROCESS)

    assert (
        told(settings, sources())
        == "Spark: each run starts its own, since FQ_COMPUTE=process says where they compute\n"
    )


def test_no_server_is_started_for_who_wants_none_or_has_one(tmp_path: Path) -> None:
    remote = Settings.model_validate({"home": tmp_path, "spark_remote": "sc://spark.example:443/;token=s3cret"})

    assert told(Settings(home=tmp_path), sources(), wanted=False) == ""
    assert told(remote, sources()) == "Spark: the server of SPARK_REMOTE, sc://spark.example:443\n"


@pytest.mark.parametrize(("one", "both"), [("1g", "2g"), ("768m", "1536m"), ("1024", "2048"), ("plenty", "plenty")])
def test_two_runs_at_a_time_have_the_memory_that_two_of_their_own_had(one: str, both: str) -> None:
    assert memory_for_runs(one) == both

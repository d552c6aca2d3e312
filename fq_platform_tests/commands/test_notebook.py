"""`fq notebook` starts where it can work, says what to do where it cannot, and loses nothing that a user wrote."""

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fq_platform import cli
from fq_platform.commands.notebook import laid_out
from fq_platform.settings import Settings, get_settings


def write(file: Path, *sources: str, outputs: tuple[str, ...] = ()) -> Path:
    cells = [{"cell_type": "code", "source": [source], "outputs": list(outputs)} for source in sources]
    file.write_text(json.dumps({"cells": cells}))
    return file


@pytest.fixture
def tour(tmp_path: Path) -> Path:
    return write(tmp_path / "tour.ipynb", "1 + 1")


@pytest.fixture
def copy(tmp_path: Path, tour: Path) -> Path:
    return laid_out(tour, tmp_path / "home" / "tour.ipynb")


def test_tour_is_copied_and_the_copy_may_keep_results(tour: Path, copy: Path) -> None:
    assert copy.read_bytes() == tour.read_bytes()

    write(copy, "1 + 1", outputs=("2",))
    laid_out(tour, copy)

    assert json.loads(copy.read_text())["cells"][0]["outputs"] == ["2"]
    assert [file.name for file in copy.parent.iterdir()] == ["tour.ipynb"]


def test_copy_that_was_changed_is_kept_beside_the_tour(tour: Path, copy: Path) -> None:
    for mine in ("1 + 2", "1 + 3"):
        write(copy, mine)
        laid_out(tour, copy)

    assert copy.read_bytes() == tour.read_bytes()
    kept = [json.loads((copy.parent / f"my-tour-{number}.ipynb").read_text()) for number in (1, 2)]
    assert [notebook["cells"][0]["source"] for notebook in kept] == [["1 + 2"], ["1 + 3"]]


def test_copy_that_is_no_notebook_any_more_is_kept_too(tour: Path, copy: Path) -> None:
    copy.write_text("half a not")
    laid_out(tour, copy)

    assert copy.with_name("my-tour-1.ipynb").read_text() == "half a not"


def test_empty_lakehouse_is_told_with_what_fills_it(environment: pytest.MonkeyPatch) -> None:
    done = CliRunner().invoke(cli.app, ["notebook"])

    assert done.exit_code == 1
    assert "There are no tables to look at yet" in done.output
    assert "make demo" in done.output


def test_port_that_is_taken_is_told_with_another(environment: pytest.MonkeyPatch, lake_settings: Settings) -> None:
    environment.setenv("FQ_HOME", str(lake_settings.home))
    get_settings.cache_clear()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = CliRunner().invoke(cli.app, ["notebook", "--port", str(port)])

    assert done.exit_code == 1
    assert f"Port {port} is taken" in done.output
    assert f"make notebook ARGS='--port {port + 1}'" in done.output

"""One `fq dev` for all end-to-end tests, and a browser's page on its UI for each."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fq_platform_tests.e2e.dagster_api import Dagster
from fq_platform_tests.e2e.stack import Stack
from fq_platform_tests.e2e.ui import Ui

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """`fq dev` on a fresh FQ_HOME with a small business, its UI answering, its sensor off."""
    home = tmp_path_factory.mktemp("e2e") / "fq"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = Stack(home, port, FQ_DEMO_ORDERS="300", FQ_DEMO_DAYS="30")
    try:
        running.await_url()
        Dagster(running.url).quiet_sensor()
        yield running
    finally:
        running.kill()


@pytest.fixture
def dagster(stack: Stack) -> Dagster:
    return Dagster(stack.url)


@pytest.fixture
def ui(stack: Stack, page: "Page", tmp_path: Path) -> Iterator[Ui]:
    """The UI in a browser; afterwards nothing may have gone wrong in it, nor have left this machine."""
    shown = Ui(page, stack.url, tmp_path)
    yield shown
    assert shown.hosts - {None} == {"127.0.0.1"}
    assert shown.errors == []

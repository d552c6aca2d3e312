"""Pages of the dashboard as Streamlit runs them, over a lakehouse of choice, without a server."""

from collections.abc import Callable, Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from fq_platform.dashboard.pages import Page
from fq_platform.settings import Settings, get_settings

SECONDS = 120

Look = Callable[[Page], AppTest]


@pytest.fixture
def over(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Settings], None]]:
    """Lets the dashboard show a lakehouse, by its settings; nothing is kept from another one."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.delenv("FQ_UI_URL", raising=False)

    def use(settings: Settings) -> None:
        monkeypatch.setenv("FQ_HOME", str(settings.home))
        forget()

    yield use
    monkeypatch.undo()
    forget()


def forget() -> None:
    for kept in (st.cache_data, st.cache_resource):
        kept.clear()
    get_settings.cache_clear()


@pytest.fixture
def look(over: Callable[[Settings], None], analytics_lake: Settings) -> Look:
    """Opens a page over the lakehouse that all tests share."""
    over(analytics_lake)
    return open_page


def open_page(page: Page) -> AppTest:
    """A page as it is at first."""
    module, view = page.view.split(".")
    script = f"from fq_platform.dashboard.views import {module}\n{module}.{view}()\n"
    return AppTest.from_string(script, default_timeout=SECONDS).run()


def said(app: AppTest) -> list[str]:
    """What a page says in boxes: information, errors, success."""
    assert not app.exception
    return [box.value for boxes in (app.info, app.error, app.warning, app.success) for box in boxes]

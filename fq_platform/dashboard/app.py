"""The script that Streamlit runs for each look at the dashboard: the navigation, the page chosen, how fresh it is.

Belongs here: putting these together. Does not: which pages there are (`pages.py`), or starting the server
(`server.py`).
"""

import importlib
from collections.abc import Callable
from pathlib import Path

import streamlit as st

from fq_platform.dashboard import banner
from fq_platform.dashboard.page import told
from fq_platform.dashboard.pages import SECTIONS, Page


def view(page: Page) -> Callable[[], None]:
    """The function that shows a page."""
    module, name = page.view.split(".")
    function: Callable[[], None] = getattr(importlib.import_module(f"fq_platform.dashboard.views.{module}"), name)
    return function


# An icon of our own: without it the browser would fetch that of the page chosen from the internet.
st.set_page_config(page_title="FQ Platform", page_icon=str(Path(__file__).with_name("favicon.svg")), layout="wide")
entries = {
    st.Page(view(page), title=page.title, url_path=page.path, icon=f":material/{page.icon}:"): page
    for pages in SECTIONS.values()
    for page in pages
}
chosen = st.navigation(
    {title: [entry for entry, page in entries.items() if page in pages] for title, pages in SECTIONS.items()}
)
# The banner stands first, but is made last: figures need not wait for Dagster.
above = st.container()
chosen.run()
with above, told():
    banner.show(entries[chosen].tables)

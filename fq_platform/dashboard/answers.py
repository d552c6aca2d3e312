"""Answers that are kept as long as the tables they come from have not changed.

Belongs here: Streamlit's cache. Does not: how an answer is had (`reading.py`).
"""

import pyarrow as pa
import streamlit as st

from fq_platform.dashboard.questions.question import Question
from fq_platform.dashboard.reading import Lake, Versions
from fq_platform.settings import get_settings

KEPT = 500
"""How many answers are kept; the one that was not asked for longest goes first."""


def ask(question: Question) -> pa.Table:
    """The answer to a question, from the current snapshots of its tables.

    Raises:
        NotThereError: A table of it is not there yet.
        FqError: It cannot be answered.
    """
    return _answer(question.sql, lake().versions(question.tables))


@st.cache_resource
def lake() -> Lake:
    """The lakehouse of the settings; one for all who look at the dashboard."""
    return Lake(get_settings())


# New data has new snapshot ids, so it is seen at once; what has not changed is not asked for again. An Arrow table
# cannot be altered, so all may be given the same one.
@st.cache_resource(max_entries=KEPT, show_spinner="Asking the tables …")
def _answer(sql: str, versions: Versions) -> pa.Table:
    return lake().ask(Question(sql, tuple(table for table, _ in versions)))

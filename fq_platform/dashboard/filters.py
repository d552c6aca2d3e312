"""The choices above an answer: period, company, owner, crate type, currency.

Belongs here: the widgets and what they offer. Does not: what a choice becomes in SQL (`questions/`).
"""

import datetime as dt

import streamlit as st

from fq_platform.dashboard.answers import ask
from fq_platform.dashboard.questions.question import Period, days, distinct


def choices(label: str, column: str, table: str) -> list[str]:
    """Any of the values of a column; none chosen means all."""
    offered = ask(distinct(column, table)).column("value").to_pylist()
    return st.multiselect(label, offered, placeholder="All", key=f"{label} of {table}")


def one(label: str, column: str, table: str, preferred: str) -> str | None:
    """One of the values of a column, where several cannot be mixed; None if there is none."""
    offered = ask(distinct(column, table)).column("value").to_pylist()
    first = offered.index(preferred) if preferred in offered else 0
    return st.selectbox(label, offered, index=first, key=f"{label} of {table}") if offered else None


def period(column: str, table: str) -> Period | None:
    """The days from one to another; None where the table has no days."""
    [limits] = ask(days(column, table)).to_pylist()
    first, last = limits["first"], limits["last"]
    if first is None:
        return None
    chosen = st.date_input(
        "Period", (first, last), min_value=first, max_value=last, format="YYYY-MM-DD", key=f"period of {table}"
    )
    # While only the first day has been clicked, the period goes on to the last there is.
    dates = [day for day in (chosen if isinstance(chosen, tuple) else (chosen,)) if isinstance(day, dt.date)]
    return (dates[0], dates[-1] if len(dates) > 1 else last) if dates else None

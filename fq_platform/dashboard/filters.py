"""The choices above an answer: period, day, company, owner, crate type, currency.

Belongs here: the widgets and what they offer. Does not: what a choice becomes in SQL (`questions/`).
"""

import datetime as dt
from typing import Any

import streamlit as st

from fq_platform.dashboard.answers import ask
from fq_platform.dashboard.questions.question import Period, days, distinct
from fq_platform.dashboard.reading import NoRowsError

DATES = "YYYY-MM-DD"
PREFERRED_CURRENCY = "EUR"


def choices(label: str, column: str, table: str) -> list[str]:
    """Any of the values of a column; none chosen means all."""
    return st.multiselect(label, _offered(column, table), placeholder="All", key=f"{label} of {table}")


def currency(table: str) -> str:
    """One of a table's currencies: amounts in several never add up.

    Raises:
        NoRowsError: The table has none.
    """
    offered = _offered("currency", table)
    if not offered:
        raise NoRowsError(table)
    first = offered.index(PREFERRED_CURRENCY) if PREFERRED_CURRENCY in offered else 0
    return st.selectbox("Currency", offered, index=first, key=f"currency of {table}")


def period(column: str, table: str) -> Period:
    """The days from one to another, at first all that there are.

    Raises:
        NoRowsError: The table has no days.
    """
    first, last = _limits(column, table)
    chosen = st.date_input(
        "Period", (first, last), min_value=first, max_value=last, format=DATES, key=f"period of {table}"
    )
    return _complete(chosen, first, last)


def day(label: str, column: str, table: str) -> dt.date:
    """One day, at first the last there is.

    Raises:
        NoRowsError: The table has no days.
    """
    first, last = _limits(column, table)
    chosen = st.date_input(label, last, min_value=first, max_value=last, format=DATES, key=f"{label} of {table}")
    return chosen if isinstance(chosen, dt.date) else last


def last_day(column: str, table: str) -> dt.date:
    """The last day of a table.

    Raises:
        NoRowsError: The table has no days.
    """
    return _limits(column, table)[1]


def _offered(column: str, table: str) -> list[str]:
    offered: list[str] = ask(distinct(column, table)).column("value").to_pylist()
    return offered


def _limits(column: str, table: str) -> Period:
    [limits] = ask(days(column, table)).to_pylist()
    if limits["first"] is None:
        raise NoRowsError(table)
    return limits["first"], limits["last"]


def _complete(chosen: Any, first: dt.date, last: dt.date) -> Period:
    """A period of what has been clicked so far: without a last day it goes on to the last there is."""
    match chosen:
        case (begin, end):
            return begin, end
        case (begin,):
            return begin, last
        case _:
            return first, last

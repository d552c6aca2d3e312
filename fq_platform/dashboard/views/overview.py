"""The first page: key figures, each from the table that answers for it.

Belongs here: which figures there are and how they are labelled. Does not: their SQL (`questions/overview.py`).
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from fq_platform.dashboard import charts, filters
from fq_platform.dashboard.answers import ask
from fq_platform.dashboard.formats import NOTHING, amount, day, number
from fq_platform.dashboard.page import heading, told
from fq_platform.dashboard.questions import accounting, ifco
from fq_platform.dashboard.questions import overview as questions
from fq_platform.dashboard.questions.question import Question
from fq_platform.dashboard.reading import NoRowsError, NotThereError

Row = dict[str, Any]


def overview() -> None:
    """Key figures of both businesses."""
    heading("Overview", "The key figures. Each page on the left tells what one of them is made of.")
    st.subheader("Crates and commissions")
    with told():
        _crates()
    st.subheader("Accounting")
    with told():
        _accounting()


def _crates() -> None:
    with st.container(horizontal=True):
        _figure("Orders", questions.orders, "orders", _span)
        _figure("Companies", questions.orders, "companies", lambda row: "however they are spelled")
        _figure("Invoiced, net (EUR)", questions.invoiced, "net", lambda row: f"on {number(row['invoices'])} invoices")
        _figure(
            "Commissions (EUR)",
            questions.commissions,
            "commission",
            lambda row: f"to {number(row['owners'])} sales owners",
        )
    rows = ask(ifco.crate_orders_by_month(None, []))
    if rows.num_rows:
        st.altair_chart(charts.monthly_crates(rows, "Orders by month and crate type"), width="stretch")


def _accounting() -> None:
    currency = filters.currency(accounting.BY_DAY)

    def owed() -> Question:
        return questions.owed(filters.last_day("as_of_date", accounting.AGEING), currency)

    with st.container(horizontal=True):
        _figure(f"Revenue ({currency})", lambda: questions.revenue(currency), "revenue", _span)
        _figure(f"VAT ({currency})", lambda: questions.vat(currency), "vat", lambda row: "invoiced")
        _figure(f"Receivables ({currency})", owed, "owed", lambda row: f"{amount(row['overdue'])} of it overdue")
        _figure(
            "Unmatched payments",
            questions.unmatched,
            "payments",
            lambda row: f"of {number(row['of_all'])} payments",
        )
        _figure(
            "Differences",
            questions.reconciled,
            "differing",
            lambda row: f"in {number(row['comparisons'])} comparisons",
        )
    rows = ask(accounting.revenue_by_day(None, currency))
    if rows.num_rows:
        titles = {"revenue_amount": f"Revenue ({currency})", "order_count": "Orders"}
        chart = charts.daily_bars(rows, "order_date", "revenue_amount", "Revenue by day", titles)
        st.altair_chart(chart, width="stretch")


def _figure(label: str, question: Callable[[], Question], column: str, about: Callable[[Row], str]) -> None:
    """One figure, and a few words on it; where its table is not there yet, the others stand all the same."""
    try:
        [row] = ask(question()).to_pylist()
        value, words = amount(row[column]), about(row)
    except NotThereError:
        value, words = NOTHING, "table not there yet"
    except NoRowsError:
        value, words = NOTHING, "no rows yet"
    st.metric(label, value, words, delta_color="off", delta_arrow="off", border=True, width="content")


def _span(row: Row) -> str:
    return f"{day(row['first'])} to {day(row['last'])}" if row["first"] else "No rows yet"

"""The first page: key figures, each from the table that answers for it.

Belongs here: which figures there are and how they are labelled. Does not: their SQL (`questions/overview.py`).
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from fq_platform.dashboard import charts, filters, formats
from fq_platform.dashboard.answers import ask
from fq_platform.dashboard.page import heading, told
from fq_platform.dashboard.questions import accounting, ifco
from fq_platform.dashboard.questions import overview as questions
from fq_platform.dashboard.questions.question import Question
from fq_platform.dashboard.reading import NoRowsError, NotThereError


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
    first, second, third, fourth = st.columns(4)
    with first:
        _figure("Orders", questions.orders, lambda row: formats.number(row["orders"]), _span)
    with second:
        _figure("Companies", questions.orders, lambda row: formats.number(row["companies"]))
    with third:
        _figure("Invoiced, net", questions.invoiced, lambda row: formats.money(row["net"]), _invoices)
    with fourth:
        _figure("Commissions", questions.commissions, lambda row: formats.money(row["commission"]), _owners)
    rows = ask(ifco.crate_orders_by_month(None, []))
    if rows.num_rows:
        st.altair_chart(charts.monthly_crates(rows, "Orders by month and crate type"), width="stretch")


def _accounting() -> None:
    currency = filters.currency(accounting.BY_DAY)
    first, second, third, fourth, fifth = st.columns(5)
    with first:
        _figure(
            "Revenue", lambda: questions.revenue(currency), lambda row: formats.money(row["revenue"], currency), _span
        )
    with second:
        _figure("VAT invoiced", lambda: questions.vat(currency), lambda row: formats.money(row["vat"], currency))
    with third:
        _figure(
            "Receivables",
            lambda: questions.owed(filters.last_day("as_of_date", accounting.AGEING), currency),
            lambda row: formats.money(row["owed"], currency),
            lambda row: f"{formats.money(row['overdue'], currency)} of it overdue",
        )
    with fourth:
        _figure("Payments without invoice", questions.unmatched, lambda row: formats.number(row["payments"]), _of_all)
    with fifth:
        _figure("Differences", questions.reconciled, lambda row: formats.number(row["differing"]), _comparisons)
    rows = ask(accounting.revenue_by_day(None, currency))
    if rows.num_rows:
        titles = {"revenue_amount": f"Revenue ({currency})", "order_count": "Orders"}
        chart = charts.daily_bars(rows, "order_date", "revenue_amount", "Revenue by day", titles)
        st.altair_chart(chart, width="stretch")


def _figure(
    label: str,
    question: Callable[[], Question],
    value: Callable[[dict[str, Any]], str],
    about: Callable[[dict[str, Any]], str] = lambda row: "",
) -> None:
    """One figure; one whose table is not there yet leaves the others alone."""
    try:
        [row] = ask(question()).to_pylist()
    except (NotThereError, NoRowsError) as early:
        st.metric(label, formats.NOTHING, border=True)
        st.caption(early.what)
        return
    st.metric(label, value(row), border=True)
    st.caption(about(row))


def _span(row: dict[str, Any]) -> str:
    return f"{formats.day(row['first'])} to {formats.day(row['last'])}" if row["first"] else "No rows yet"


def _invoices(row: dict[str, Any]) -> str:
    return f"on {formats.number(row['invoices'])} invoices"


def _owners(row: dict[str, Any]) -> str:
    return f"to {formats.number(row['owners'])} sales owners"


def _of_all(row: dict[str, Any]) -> str:
    return f"of {formats.number(row['of_all'])} payments settle none"


def _comparisons(row: dict[str, Any]) -> str:
    return f"in {formats.number(row['comparisons'])} comparisons of raw, curated and marts"

"""The key figures of the overview.

Belongs here: one question a figure, or a few that come from the same table. Does not: how they are shown.
"""

import datetime as dt

from fq_platform.contracts.marts import OTHER_CURRENCY, VOID_INVOICE_PAID, WITHOUT_INVOICE
from fq_platform.dashboard.questions import accounting, ifco
from fq_platform.dashboard.questions.question import Question, among, literal, select


def orders() -> Question:
    """How many orders of how many companies, and the days they span."""
    return select(
        "count(*) AS orders, count(DISTINCT company_key) AS companies, min(order_date) AS first, "
        "max(order_date) AS last",
        ifco.ORDERS,
    )


def invoiced() -> Question:
    """The net invoiced value in euros: rounded once, after it has been added up."""
    return select("round(sum(net_value), 2) AS net, count(*) AS invoices", ifco.INVOICES)


def commissions() -> Question:
    """All commissions in euros, and how many owners get one."""
    return select("sum(commission) AS commission, count(*) AS owners", ifco.COMMISSIONS)


def revenue(currency: str) -> Question:
    """Revenue in a currency, and the days it spans."""
    return select(
        "sum(revenue_amount) AS revenue, min(order_date) AS first, max(order_date) AS last",
        accounting.BY_DAY,
        f"currency = {literal(currency)}",
    )


def vat(currency: str) -> Question:
    """VAT invoiced in a currency."""
    return select("sum(vat_amount) AS vat", accounting.VAT, f"currency = {literal(currency)}")


def owed(day: dt.date, currency: str) -> Question:
    """What is owed in a currency at the end of a day, and how much of it is overdue."""
    return select(
        "coalesce(sum(open_amount), 0) AS owed, coalesce(sum(overdue_amount), 0) AS overdue",
        accounting.AGEING,
        f"currency = {literal(currency)}",
        f"as_of_date = {literal(day)}",
    )


def unmatched() -> Question:
    """The payments that settle no invoice."""
    settles_none = among("match_status", (WITHOUT_INVOICE, VOID_INVOICE_PAID, OTHER_CURRENCY))
    return select(
        f"count(*) FILTER ({settles_none}) AS payments, count(*) FILTER (payment_id IS NOT NULL) AS of_all",
        accounting.MATCHING,
    )


def reconciled() -> Question:
    """How many comparisons there are, and how many of them do not agree."""
    return select(
        "count(*) AS comparisons, count(*) FILTER (difference_amount <> 0 OR difference_count <> 0) AS differing",
        accounting.RECONCILIATION,
    )

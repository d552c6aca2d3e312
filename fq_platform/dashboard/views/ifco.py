"""The pages on crates, contacts and commissions.

Belongs here: filters, question, chart and table of each page. Does not: their SQL (`questions/ifco.py`).
"""

import streamlit as st

from fq_platform.dashboard import charts, filters
from fq_platform.dashboard.answers import ask
from fq_platform.dashboard.page import answer, heading, told
from fq_platform.dashboard.questions import ifco


def crate_distribution() -> None:
    """Orders per company and crate type."""
    heading("Crate distribution", "How many orders each company placed of each type of crate.")
    with told():
        left, right = st.columns(2)
        with left:
            companies = filters.choices("Company", "company_name", ifco.DISTRIBUTION)
        with right:
            crates = filters.choices("Crate type", "crate_type", ifco.DISTRIBUTION)
        rows = ask(ifco.crate_distribution(companies, crates))
        answer(
            rows,
            "crate_distribution",
            {
                "company_name": "Company",
                "company_id": "Company id",
                "crate_type": "Crate type",
                "order_count": "Orders",
            },
            charts.stacked_bars(rows, "Orders by company and crate type"),
        )


def contacts() -> None:
    """Contact and address of each order."""
    heading("Contacts and addresses", "Whom to ask about an order, and where they are.")
    with told():
        left, middle, right = st.columns(3)
        with left:
            period = filters.period("order_date", ifco.ORDERS)
        with middle:
            companies = filters.choices("Company", "company_name", ifco.ORDERS)
        with right:
            owners = filters.choices("Sales owner", "sales_owner", ifco.OWNERS)
        answer(
            ask(ifco.contacts(period, companies, owners)),
            "order_contacts",
            {
                "order_date": "Order date",
                "order_id": "Order",
                "company_name": "Company",
                "contact_full_name": "Contact",
                "contact_address": "Address",
            },
            note="John Doe stands for a contact without a name, Unknown for no city, UNK00 for no postal code.",
        )


def commissions() -> None:
    """What each sales owner is due."""
    heading(
        "Commissions",
        "6 % of the net invoiced value for the first owner of an order, 2.5 % for the second, 0.95 % for the third.",
    )
    with told():
        owners = filters.choices("Sales owner", "sales_owner", ifco.COMMISSIONS)
        rows = ask(ifco.commissions(owners))
        chart = charts.ranked_bars(
            rows,
            label="sales_owner",
            value="commission",
            title="Commission by sales owner",
            axes=("Commission (EUR)", "Sales owner"),
            texts={"sales_owner": "Sales owner", "commission": "Commission (EUR)"},
        )
        answer(
            rows,
            "commissions",
            {"rank": "Rank", "sales_owner": "Sales owner", "commission": "Commission (EUR)"},
            chart,
        )


def company_owners() -> None:
    """The sales owners of each company."""
    heading("Sales owners of companies", "Who has sold to a company; spellings of one company count as one.")
    with told():
        left, right = st.columns(2)
        with left:
            companies = filters.choices("Company", "company_name", ifco.COMPANY_OWNERS)
        with right:
            owners = filters.choices("Sales owner", "sales_owner", ifco.OWNERS)
        answer(
            ask(ifco.company_owners(companies, owners)),
            "company_sales_owners",
            {"company_name": "Company", "company_id": "Company id", "list_salesowners": "Sales owners"},
        )


def crate_orders() -> None:
    """Crate orders over time."""
    heading("Crate orders over time", "Orders per month and type of crate; plastic is the one in red.")
    with told():
        left, right = st.columns(2)
        with left:
            period = filters.period("month", ifco.BY_MONTH)
        with right:
            crates = filters.choices("Crate type", "crate_type", ifco.BY_MONTH)
        rows = ask(ifco.crate_orders_by_month(period, crates))
        answer(
            rows,
            "crate_orders_by_month",
            {"month": "Month", "crate_type": "Crate type", "order_count": "Orders", "share": "Share of the month"},
            charts.monthly_crates(rows, "Orders by month and crate type"),
        )


def training() -> None:
    """Who needs training on plastic crates."""
    heading("Training on plastic crates", "Who sold the fewest plastic crates in the last twelve months comes first.")
    with told():
        owners = filters.choices("Sales owner", "sales_owner", ifco.TRAINING)
        rows = ask(ifco.training(owners))
        chart = charts.ranked_bars(
            rows,
            label="sales_owner",
            value="plastic_orders",
            title="Orders of plastic crates in twelve months, by sales owner",
            axes=("Orders of plastic crates", "Sales owner"),
            texts={
                "sales_owner": "Sales owner",
                "plastic_orders": "Plastic",
                "orders": "All orders",
                "plastic_share": "Share",
            },
        )
        titles = {
            "rank": "Rank",
            "sales_owner": "Sales owner",
            "plastic_orders": "Plastic orders",
            "orders": "All orders",
            "plastic_share": "Share of plastic",
            "as_of_date": "As of",
        }
        answer(rows, "training", titles, chart)


def top_owners() -> None:
    """The monthly top five."""
    heading("Monthly top five", "Who sold most plastic crates in the three months that end with each month.")
    with told():
        left, right = st.columns(2)
        with left:
            period = filters.period("month", ifco.TOP_OWNERS)
        with right:
            owners = filters.choices("Sales owner", "sales_owner", ifco.TOP_OWNERS)
        rows = ask(ifco.top_owners(period, owners))
        answer(
            rows,
            "top_owners_by_month",
            {"month": "Month", "rank": "Rank", "sales_owner": "Sales owner", "plastic_orders": "Plastic orders"},
            charts.ranks(rows, "Rank by month"),
        )

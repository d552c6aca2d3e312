"""What the pages on crates, contacts and commissions ask.

Belongs here: their SQL. Does not: the analyses themselves, which are tables (`contracts/`).
"""

from collections.abc import Sequence

from fq_platform.dashboard.questions.question import (
    Period,
    Question,
    among,
    contains,
    literal,
    of_months,
    select,
    within,
)

ORDERS = "analytics.fct_ifco_orders"
INVOICES = "analytics.fct_ifco_invoices"
DISTRIBUTION = "analytics.ifco_crate_distribution"
CONTACTS = "analytics.ifco_order_contacts"
ADDRESSES = "analytics.ifco_order_addresses"
COMMISSIONS = "analytics.ifco_commissions"
COMPANY_OWNERS = "analytics.ifco_company_salesowners"
BY_MONTH = "analytics.ifco_crate_orders_by_month"
TRAINING = "analytics.ifco_owner_training"
TOP_OWNERS = "analytics.ifco_top_owners_by_month"
OWNERS = "shared.dim_sales_owner"


def crate_distribution(companies: Sequence[str], crates: Sequence[str]) -> Question:
    """Orders per company and crate type: the company with the most orders first."""
    chosen = select(
        "*, sum(order_count) OVER (PARTITION BY company_id) AS orders_of_company",
        DISTRIBUTION,
        among("company_name", companies),
        among("crate_type", crates),
    )
    return select(
        "company_name, company_id, crate_type, order_count",
        f"({chosen.sql}) AS chosen",  # Spark does not order by what it has to look at other rows for
        order="orders_of_company DESC, company_name, company_id, crate_type",
    )


def contacts(period: Period | None, companies: Sequence[str], owners: Sequence[str]) -> Question:
    """Contact and address of each order, the latest order first."""
    return select(
        "order_date, order_id, company_name, contact.contact_full_name, address.contact_address",
        f"{ORDERS} AS placed JOIN {CONTACTS} AS contact USING (order_id) JOIN {ADDRESSES} AS address USING (order_id)",
        within("order_date", period),
        among("company_name", companies),
        contains("salesowners", owners),
        order="order_date DESC, order_id",
    )


def commissions(owners: Sequence[str]) -> Question:
    """What each owner is due, the highest first."""
    return select("rank, sales_owner, commission", COMMISSIONS, among("sales_owner", owners), order="rank, sales_owner")


def company_owners(companies: Sequence[str], owners: Sequence[str]) -> Question:
    """The owners of each company."""
    # The list is text, "A, B": between commas a name stands for itself and not for a part of another.
    named = [f"contains(', ' || list_salesowners || ', ', {literal(f', {owner}, ')})" for owner in owners]
    return select(
        "company_id, company_name, list_salesowners",
        COMPANY_OWNERS,
        among("company_name", companies),
        f"({' OR '.join(named)})" if named else "",
        order="company_name, company_id",
    )


def crate_orders_by_month(period: Period | None, crates: Sequence[str]) -> Question:
    """Orders per month and crate type, and their share of the month."""
    return select(
        "month, crate_type, order_count, share",
        BY_MONTH,
        of_months("month", period),
        among("crate_type", crates),
        order="month, crate_type",
    )


def training(owners: Sequence[str]) -> Question:
    """Who sold the fewest plastic crates of late, the one most in need of training first."""
    return select(
        "rank, sales_owner, plastic_orders, orders, plastic_share, as_of_date",
        TRAINING,
        among("sales_owner", owners),
        order="rank, sales_owner",
    )


def top_owners(period: Period | None, owners: Sequence[str]) -> Question:
    """The five best of each month, over the three months that end with it."""
    return select(
        "month, rank, sales_owner, plastic_orders",
        TOP_OWNERS,
        of_months("month", period),
        among("sales_owner", owners),
        order="month DESC, rank",
    )

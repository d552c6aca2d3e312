"""The pages there are, in the order of the navigation, and the tables that each reads.

Belongs here: the list. Does not: what is on a page (`views/`), which it names by text: Dagster's lineage is made of
this list, and without Streamlit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fq_platform.dashboard.questions import accounting, ifco


@dataclass(frozen=True)
class Page:
    """One page.

    Args:
        title: Its name in the navigation.
        view: The function that shows it, such as `ifco.commissions` in `views/`.
        icon: The name of a Material symbol.
        tables: Every table that it reads.
    """

    title: str
    view: str
    icon: str
    tables: tuple[str, ...]

    @property
    def path(self) -> str:
        """Its place below the dashboard's address."""
        return self.view.split(".")[1].replace("_", "-")


SECTIONS: Mapping[str, tuple[Page, ...]] = {
    "": (
        Page(
            "Overview",
            "overview.overview",
            "home",
            (
                ifco.ORDERS,
                ifco.INVOICES,
                ifco.COMMISSIONS,
                ifco.BY_MONTH,
                accounting.BY_DAY,
                accounting.VAT,
                accounting.AGEING,
                accounting.MATCHING,
                accounting.RECONCILIATION,
            ),
        ),
    ),
    "Crates and commissions": (
        Page("Crate distribution", "ifco.crate_distribution", "stacked_bar_chart", (ifco.DISTRIBUTION,)),
        Page(
            "Contacts and addresses",
            "ifco.contacts",
            "contacts",
            (ifco.ORDERS, ifco.CONTACTS, ifco.ADDRESSES, ifco.OWNERS),
        ),
        Page("Commissions", "ifco.commissions", "payments", (ifco.COMMISSIONS,)),
        Page("Sales owners of companies", "ifco.company_owners", "diversity_3", (ifco.COMPANY_OWNERS, ifco.OWNERS)),
        Page("Crate orders over time", "ifco.crate_orders", "calendar_month", (ifco.BY_MONTH,)),
        Page("Training on plastic crates", "ifco.training", "school", (ifco.TRAINING,)),
        Page("Monthly top five", "ifco.top_owners", "trophy", (ifco.TOP_OWNERS,)),
    ),
    "Accounting": (
        Page(
            "Receivables ageing",
            "accounting.ageing",
            "hourglass_bottom",
            (accounting.AGEING, accounting.CUSTOMERS),
        ),
        Page(
            "Revenue",
            "accounting.revenue",
            "trending_up",
            (accounting.BY_DAY, accounting.BY_CUSTOMER, accounting.BY_CATEGORY),
        ),
        Page("VAT report", "accounting.vat", "receipt_long", (accounting.VAT,)),
        Page("Payment matching", "accounting.matching", "rule", (accounting.MATCHING, accounting.CUSTOMERS)),
        Page("Reconciliation", "accounting.reconciliation", "balance", (accounting.RECONCILIATION,)),
    ),
}
"""Heading in the navigation to the pages below it."""

PAGES = tuple(page for pages in SECTIONS.values() for page in pages)
TABLES = tuple(sorted({table for page in PAGES for table in page.tables}))
"""Every table that the dashboard reads."""

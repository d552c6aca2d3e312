"""The business rules of the IFCO application. All warn: its files are taken as they are, and people told what is odd.

Belongs here: declaring them. Does not: the rules themselves (`ifco_violations.py`).
"""

import dagster as dg

from fq_platform.checks import ifco_violations as violations
from fq_platform.checks.business_rules import Rule, recovery_check, rule_check
from fq_platform.contracts.ifco.curated import APP

_WARN = dg.AssetCheckSeverity.WARN

RULES = (
    Rule(
        "order_ids_are_distinct",
        "ifco_orders_silver",
        "Every order_id stands once in the source: of several rows only the first is counted.",
        violations.repeated_order_ids,
        severity=_WARN,
    ),
    Rule(
        "orders_have_a_contact",
        "ifco_orders_silver",
        "Every order has a contact.",
        violations.orders_without_contact,
        severity=_WARN,
    ),
    Rule(
        "contacts_are_readable",
        "ifco_orders_silver",
        "Every contact that an order has can be read as a whole.",
        violations.contacts_not_read,
        severity=_WARN,
    ),
    Rule(
        "orders_are_invoiced_once",
        "fct_ifco_invoices",
        "No order is invoiced more than once: all its invoices count for revenue and commissions.",
        violations.orders_invoiced_again,
        severity=_WARN,
    ),
    Rule(
        "invoices_are_for_the_company_that_ordered",
        "fct_ifco_invoices",
        "Every invoice is for the company of its order.",
        violations.invoices_for_others,
        others=("fct_ifco_orders",),
        severity=_WARN,
    ),
    Rule(
        "every_order_is_valid",
        "orders_vw",
        "Every order has a day, a company, a known crate type and a sales owner: others are not in this table.",
        violations.orders_left_out,
        others=("fct_ifco_orders",),
        severity=_WARN,
    ),
)

CLEANED = {"ifco_orders_silver": "orders", "ifco_invoices_silver": "invoices"}
"""Tables that values are cleaned for, and the collections they read."""


def ifco_checks() -> list[dg.AssetChecksDefinition]:
    """The checks of the application's business rules.

    Returns:
        One definition per check. That an invoice has an order is promised by its contract.
    """
    recovered = [recovery_check(name, collection, APP) for name, collection in CLEANED.items()]
    return [*(rule_check(stated, APP) for stated in RULES), *recovered]

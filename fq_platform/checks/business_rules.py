"""The audits and asset checks of the business: totals add up, overpayments are reported, values were recovered.

Belongs here: declaring them. Does not: the rules themselves (`violations.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.checks import violations
from fq_platform.checks.audits import Audit, rule
from fq_platform.checks.evaluation import Result, evaluate_violations
from fq_platform.checks.reporting import asset_key, check_result, contract_table, read_table
from fq_platform.contracts import CONTRACTS
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.resources.failures import shown_to_users
from fq_platform.resources.spark import SparkResource

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Rule:
    """One business rule.

    Args:
        name: The check's name.
        table: The contract's name of the table it stands beside.
        description: What holds, in one sentence.
        broken_by: Gives the rows that break it, from the table and then from those in `others`.
        others: The contracts' names of the other tables it looks into.
        blocking: Whether the table is published only if the rule holds: bad totals must not reach anybody. Such a rule
            looks into no other table.
        severity: How bad it is if the rule, which does not block, is broken.
    """

    name: str
    table: str
    description: str
    broken_by: "Callable[..., DataFrame]"
    others: tuple[str, ...] = ()
    blocking: bool = False
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR


RULES = (
    Rule(
        "order_total_is_sum_of_lines",
        "orders_silver",
        "The order's total is the sum of its lines, to the cent.",
        violations.orders_that_do_not_add_up,
        blocking=True,
    ),
    Rule(
        "invoice_totals_add_up",
        "invoices_silver",
        "Gross is net + VAT in total and in every line, and totals are the sums of the lines, to the cent.",
        violations.invoices_that_do_not_add_up,
        blocking=True,
    ),
    Rule(
        "overpayments_are_reported",
        "accounts_receivable",
        "What was paid beyond the invoices is credit on the latest day, customer by customer, to the cent.",
        violations.unreported_overpayments,
        others=("invoices_silver", "payments_silver"),
    ),
    Rule(
        "sales_add_up_to_orders",
        "sales_summary",
        "Quantities and amounts of a day and currency are those of its order lines, to the cent.",
        violations.sales_that_do_not_add_up,
        others=("fct_orders",),
    ),
    Rule(
        "raw_is_curated_is_mart",
        "reconciliation",
        "Raw, curated and mart hold the same documents of a day and the same money, to the cent.",
        violations.unreconciled,
        blocking=True,
    ),
    Rule(
        "payments_add_up_to_matching",
        "payment_matching",
        "Every payment and every invoice is matched or listed as unmatched, once, to the cent.",
        violations.payments_that_do_not_add_up,
        others=("invoices_silver", "payments_silver"),
    ),
)

CLEANED_COLLECTIONS = {
    "orders_silver": "orders",
    "customers_silver": "customers",
    "invoices_silver": "invoices",
    "payments_silver": "payments",
    "dim_products": "products",
}
"""Tables that recover rescued values, and the collections they read."""


def business_checks(app: str) -> list[dg.AssetChecksDefinition]:
    """The checks of every business rule.

    Args:
        app: The application of the sources file.

    Returns:
        One definition per check that is no audit.
    """
    recovered = [recovery_check(name, collection, app) for name, collection in CLEANED_COLLECTIONS.items()]
    return [*(rule_check(stated, app) for stated in RULES if not stated.blocking), *recovered]


def business_audits(table: str) -> list[Audit]:
    """The rules that must hold before anybody sees what a run wrote to a table.

    Args:
        table: The contract's name of the table.

    Returns:
        One audit per rule.
    """
    return [
        rule(stated.name, stated.description, stated.broken_by)
        for stated in RULES
        if stated.table == table and stated.blocking
    ]


def rule_check(stated: Rule, app: str) -> dg.AssetChecksDefinition:
    """The check of a rule that does not block.

    Args:
        stated: The rule.
        app: The application of the sources file.
    """
    tables = {name: contract_table(name, app) for name in (stated.table, *stated.others)}

    def evaluate(rows: "Mapping[str, DataFrame]") -> Result:
        return evaluate_violations(rows[stated.table], stated.broken_by(*(rows[name] for name in tables)))

    return _check(stated.name, stated.description, tables, stated.severity, evaluate)


def recovery_check(name: str, collection: str, app: str) -> dg.AssetChecksDefinition:
    """The check of a curated table that warns of values which could not be kept as they are.

    Args:
        name: The contract's name of the table.
        collection: The collection that it is made of.
        app: The application whose raw table that is.
    """
    tables = {name: contract_table(name, app), "raw": TableName(Layer.RAW, f"{app}_{collection}", app)}
    (key,) = CONTRACTS[name].primary_key

    def evaluate(rows: "Mapping[str, DataFrame]") -> Result:
        figures = {"rescued_values_in_raw": violations.rescued_values(rows["raw"])}
        return evaluate_violations(rows[name], violations.documents_with_data_issues(rows[name], key), figures)

    description = "Every source value was kept as it is, or recovered from the values rescued in raw."
    return _check("values_recovered", description, tables, dg.AssetCheckSeverity.WARN, evaluate)


def _check(
    name: str,
    description: str,
    tables: Mapping[str, TableName],
    severity: dg.AssetCheckSeverity,
    evaluate: "Callable[[Mapping[str, DataFrame]], Result]",
) -> dg.AssetChecksDefinition:
    """A check beside the first of the tables, given the rows of all of them."""
    first, *others = (asset_key(table) for table in tables.values())
    spec = dg.AssetCheckSpec(name, asset=first, description=description, additional_deps=others)

    @dg.multi_asset_check(name=f"{first.path[-1]}_{name}", specs=[spec], description=description)
    def check(spark: SparkResource) -> dg.AssetCheckResult:
        with shown_to_users(next(iter(tables.values())).qualified):
            rows = {name: read_table(spark.spark_session, table) for name, table in tables.items()}
            return check_result(spec, evaluate(rows), severity)

    return check

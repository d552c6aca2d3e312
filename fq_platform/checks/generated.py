"""The audits and asset checks that follow from the contracts: keys, nulls, accepted values, references.

Belongs here: declaring them. Does not: evaluating them (`evaluation.py`), business rules, publishing what passed
(`assets/audited.py`).
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.checks import evaluation
from fq_platform.checks.audits import Audit, never_null, on_one_day, sound_rows, unique_key
from fq_platform.checks.reporting import asset_key, check_result, contract_table, read_table
from fq_platform.contracts import Contract, Reference
from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import Layer
from fq_platform.resources.failures import shown_to_users
from fq_platform.resources.spark import SparkResource

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

BLOCKING_LAYERS = (Layer.CURATED, Layer.SHARED)
"""Where a row without a key, or with a null that must not be, would mislead everything downstream."""


def contract_checks(contracts: Iterable[Contract], app: str) -> list[dg.AssetChecksDefinition]:
    """The checks of some contracts.

    Args:
        contracts: The contracts.
        app: The application of the sources file.

    Returns:
        One definition per table that has checks besides its audits; they run together in one step.
    """
    declared = [(contract, _specs(contract, app)) for contract in contracts]
    return [_checks_of(contract, app, specs) for contract, specs in declared if specs]


def contract_audits(contract: Contract) -> list[Audit]:
    """What must hold of a table's rows before anybody sees them.

    Args:
        contract: The table.

    Returns:
        Its key and its nulls in the layers on which others build; elsewhere nothing, but that each document is on one
        day where a table has several rows a document, whose day can change.
    """
    if contract.layer in BLOCKING_LAYERS:
        return [sound_rows(contract.primary_key, contract.not_null)]
    document = contract.primary_key[0]
    has_parts = len(contract.primary_key) > 1 and contract.partition_column not in (None, *contract.primary_key)
    return [on_one_day(document)] if has_parts else []


def _checks_of(contract: Contract, app: str, specs: list[dg.AssetCheckSpec]) -> dg.AssetChecksDefinition:
    table = contract_table(contract.name, app)
    references = {evaluation.reference_rule(reference): reference for reference in contract.references}
    specs_by_rule = {spec.name: spec for spec in specs}

    @dg.multi_asset_check(
        name=f"{table.name}_contract",
        specs=specs,
        can_subset=True,
        description=f"The promises of {table.qualified}: keys, nulls, accepted values, references.",
    )
    def evaluate(context: dg.AssetCheckExecutionContext, spark: SparkResource) -> Iterator[dg.AssetCheckResult]:
        selected = {key.name for key in context.selected_asset_check_keys}
        with shown_to_users(table.qualified):
            rows = read_table(spark.spark_session, table)
            targets: dict[Reference, DataFrame] = {}
            for rule in selected & references.keys():
                target = contract_table(references[rule].table, app)
                try:
                    targets[references[rule]] = read_table(spark.spark_session, target)
                except FqError as error:
                    yield _not_followed(specs_by_rule[rule], error)
            for rule, result in evaluation.evaluate_contract(contract, rows, targets, selected).items():
                severity = dg.AssetCheckSeverity.WARN if rule in references else dg.AssetCheckSeverity.ERROR
                yield check_result(specs_by_rule[rule], result, severity)

    return evaluate


def _specs(contract: Contract, app: str) -> list[dg.AssetCheckSpec]:
    """The checks of a table that are not among its audits."""
    asset = asset_key(contract.table(app))
    specs: list[dg.AssetCheckSpec] = []
    if contract.layer not in BLOCKING_LAYERS:
        never = dict.fromkeys((*contract.primary_key, *contract.not_null))
        rules = {**unique_key(*contract.primary_key).rules, **never_null(*never).rules}
        specs = [dg.AssetCheckSpec(rule, asset=asset, description=holds) for rule, holds in rules.items()]
    if contract.accepted:
        allowed = "; ".join(f"{column}: {', '.join(values)}" for column, values in contract.accepted.items())
        specs.append(dg.AssetCheckSpec(evaluation.ACCEPTED_VALUES, asset=asset, description=f"Accepted: {allowed}."))
    specs.extend(
        dg.AssetCheckSpec(
            evaluation.reference_rule(reference),
            asset=asset,
            description=f"Every {reference.column} is in {reference.table}.{reference.key}.",
            # In a run that makes both tables, the one referred to is made before it is looked into.
            additional_deps=[asset_key(contract_table(reference.table, app))],
        )
        for reference in contract.references
    )
    return specs


def _not_followed(spec: dg.AssetCheckSpec, error: FqError) -> dg.AssetCheckResult:
    """A reference that cannot be followed yet fails its own check only, not those of the table's other promises."""
    return dg.AssetCheckResult(
        asset_key=spec.asset_key,
        check_name=spec.name,
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        description=str(error),
    )

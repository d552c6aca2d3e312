"""The asset checks that follow from the contracts: keys, nulls, accepted values, references.

Belongs here: declaring them to Dagster. Does not: evaluating them (`evaluation.py`), business rules.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg

from fq_platform.checks import evaluation
from fq_platform.checks.reporting import asset_key, check_result, contract_table, read_table
from fq_platform.contracts import CONTRACTS, Contract, Reference
from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import Layer
from fq_platform.resources.failures import shown_to_users
from fq_platform.resources.spark import SparkResource

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

BLOCKING_LAYERS = (Layer.CURATED, Layer.SHARED)
"""Where a row without a key, or with a null that must not be, would mislead everything downstream."""


def contract_checks(app: str) -> list[dg.AssetChecksDefinition]:
    """The checks of every contract.

    Args:
        app: The application of the sources file.

    Returns:
        One definition per table, whose checks run together in one step.
    """
    return [_checks_of(contract, app) for contract in CONTRACTS.values()]


def _checks_of(contract: Contract, app: str) -> dg.AssetChecksDefinition:
    table = contract_table(contract.name, app)
    references = {evaluation.reference_rule(reference): reference for reference in contract.references}

    specs_by_rule = {spec.name: spec for spec in _specs(contract, app, references)}

    @dg.multi_asset_check(
        name=f"{table.name}_contract",
        specs=list(specs_by_rule.values()),
        can_subset=True,
        description=f"The promises of {table.qualified}: keys, nulls, accepted values, references.",
    )
    def evaluate(context: dg.AssetCheckExecutionContext, spark: SparkResource) -> Iterator[dg.AssetCheckResult]:
        selected = {key.name for key in context.selected_asset_check_keys}
        with shown_to_users():
            rows = read_table(spark.spark_session, table)
            targets: dict[Reference, DataFrame] = {}
            for rule in selected & references.keys():
                target = contract_table(references[rule].table, app)
                try:
                    targets[references[rule]] = read_table(spark.spark_session, target)
                except FqError as error:
                    yield _not_followed(specs_by_rule[rule], error)
            for rule, result in evaluation.evaluate_contract(contract, rows, targets).items():
                if rule in selected:
                    severity = dg.AssetCheckSeverity.WARN if rule in references else dg.AssetCheckSeverity.ERROR
                    yield check_result(specs_by_rule[rule], result, severity)

    return evaluate


def _specs(contract: Contract, app: str, references: dict[str, Reference]) -> list[dg.AssetCheckSpec]:
    asset = asset_key(contract.table(app))
    blocking = contract.layer in BLOCKING_LAYERS
    never_null = dict.fromkeys((*contract.primary_key, *contract.not_null))
    specs = [
        dg.AssetCheckSpec(
            evaluation.PRIMARY_KEY,
            asset=asset,
            description=f"({', '.join(contract.primary_key)}) is unique.",
            blocking=blocking,
        ),
        dg.AssetCheckSpec(
            evaluation.NOT_NULL,
            asset=asset,
            description=f"Never null: {', '.join(never_null)}.",
            blocking=blocking,
        ),
    ]
    if contract.accepted:
        allowed = "; ".join(f"{column}: {', '.join(values)}" for column, values in contract.accepted.items())
        specs.append(dg.AssetCheckSpec(evaluation.ACCEPTED_VALUES, asset=asset, description=f"Accepted: {allowed}."))
    specs.extend(
        dg.AssetCheckSpec(
            rule,
            asset=asset,
            description=f"Every {reference.column} is in {reference.table}.{reference.key}.",
            # In a run that makes both tables, the one referred to is made before it is looked into.
            additional_deps=[asset_key(contract_table(reference.table, app))],
        )
        for rule, reference in references.items()
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

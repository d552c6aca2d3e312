"""Assets whose rows are published only if they pass: written to a branch, audited there, then `main` is moved.

Belongs here: the step that Dagster runs. Does not: rules (`checks/audits.py`), branches as such (`lakehouse/audit.py`).
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import dagster as dg

from fq_platform.assets.audit_failure import audit_failure, of_rejected_rows
from fq_platform.assets.further_days import tell_further_partitions
from fq_platform.assets.making import Making
from fq_platform.assets.publishing import Outcome, audit_main, first_made, write_audit_publish
from fq_platform.automation import backfills
from fq_platform.automation.pools import table_pool
from fq_platform.checks.audits import Audit
from fq_platform.checks.evaluation import Result
from fq_platform.checks.reporting import check_result
from fq_platform.pipes.handing_over import dependencies, handing_over, is_made_elsewhere
from fq_platform.resources.failures import shown_to_users

IO_MANAGER = "io_manager"
"""The resource that stores assets, unless the asset's `AssetSpec.with_io_manager_key` names another."""


def audited_asset(
    spec: dg.AssetSpec,
    *,
    audits: Sequence[Audit],
    ins: Mapping[str, dg.AssetIn] | None = None,
    asks_dagster: bool = False,
    backfill_policy: dg.BackfillPolicy | None = None,
    retry_policy: dg.RetryPolicy | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Declare an asset whose rows readers see only if they keep all rules; each rule is a blocking asset check.

    The function returns rows, a frame of any kind, as that of `dg.asset` does. If a rule is broken the step fails:
    readers keep what they had, nothing downstream runs, and the rejected rows stay on a branch that the failure names.
    The checks alone can be run too: they then look at the table as it is published.

    Example:
        @audit("Sales are never negative.")
        def sales_are_not_negative(rows: DataFrame) -> DataFrame:
            return rows.where("net_sales_amount < 0")

        @audited_asset(
            dg.AssetSpec(["analytics", "top_customers"], group_name="analytics", kinds={"spark", "iceberg"}),
            ins={"orders": dg.AssetIn(["analytics", "fct_orders"])},
            audits=[unique_key("customer_id"), never_null("customer_id"), sales_are_not_negative],
        )
        def top_customers(orders: DataFrame) -> DataFrame:
            return orders.groupBy("customer_id").agg(F.sum("net_sales_amount").alias("net_sales_amount"))

    Args:
        spec: What there is to say about the asset: key, description, metadata, partitions.
        audits: What has to hold before the rows are published. Without any, they are published as they are.
        ins: Where the function's parameters come from.
        asks_dagster: Whether the function looks into Dagster's instance, so that it runs where that is: not in a job on
            another Spark (`FQ_COMPUTE`), which is otherwise handed the whole step.
        backfill_policy: As for `dg.asset`; else, for an asset with partitions, that of all tables: runs of many.
        retry_policy: As for `dg.asset`; an audit that fails is not tried again.

    Returns:
        A decorator for the function. It may take `context` first, and resources.
    """
    if spec.partitions_def and backfill_policy is None:
        backfill_policy = backfills.backfill_policy()
    checks = _check_specs(spec.key, audits)
    storage = str(spec.metadata.get("dagster/io_manager_key", IO_MANAGER))
    # An out, not a spec: that would not let inputs have metadata, by which they ask for a snapshot or a branch.
    out = dg.AssetOut.from_spec(
        spec.replace_attributes(deps=None), dagster_type=dg.Nothing, is_required=False, io_manager_key=storage
    )

    elsewhere = is_made_elsewhere() and not asks_dagster

    def decorate(make_rows: Callable[..., Any]) -> dg.AssetsDefinition:
        step = handing_over(spec.key) if elsewhere else _step(spec.key, audits, checks, storage, make_rows)
        return dg.multi_asset(
            name=spec.key.to_python_identifier(),
            outs={"result": out},
            check_specs=list(checks.values()),
            ins=None if elsewhere else ins,
            deps=[*spec.deps, *(dependencies(ins) if elsewhere else ())],
            partitions_def=spec.partitions_def,
            can_subset=True,  # so that the checks can be run alone
            backfill_policy=backfill_policy,
            retry_policy=retry_policy,
            pool=table_pool(spec.key),
            required_resource_keys={storage},
        )(step)

    return decorate


def _check_specs(asset: dg.AssetKey, audits: Sequence[Audit]) -> dict[str, dg.AssetCheckSpec]:
    stated = [rule for audit in audits for rule in audit.rules.items()]
    specs = {name: dg.AssetCheckSpec(name, asset=asset, description=holds, blocking=True) for name, holds in stated}
    if len(specs) < len(stated):
        raise dg.DagsterInvalidDefinitionError(
            f"Two audits of {asset.to_user_string()} have rules of the same name; give one of them another `name`"
        )
    return specs


def _step(
    key: dg.AssetKey,
    audits: Sequence[Audit],
    checks: Mapping[str, dg.AssetCheckSpec],
    storage: str,
    make_rows: Callable[..., Any],
) -> Callable[..., Iterator[Any]]:
    """What Dagster runs in place of the function: takes the same parameters, and the context before them."""
    signature = inspect.signature(make_rows)
    parameters = list(signature.parameters.values())
    takes_context = bool(parameters) and parameters[0].name == "context"

    def results(context: dg.AssetExecutionContext, found: Mapping[str, Result]) -> list[dg.AssetCheckResult]:
        selected = {check.name for check in context.selected_asset_check_keys}
        return [
            check_result(checks[name], result, dg.AssetCheckSeverity.ERROR)
            for name, result in found.items()
            if name in selected
        ]

    def step(context: dg.AssetExecutionContext, **given: Any) -> Iterator[Any]:
        io_manager = getattr(context.resources, storage)
        if not context.selected_asset_keys:
            with shown_to_users(io_manager.table(key).qualified):
                found = audit_main(io_manager, key, audits)
            yield from results(context, found)
            return
        making = Making(context, io_manager, make_rows, takes_context, given)
        made = first_made(making)
        with shown_to_users(io_manager.table(key).qualified):
            outcome = write_audit_publish(making, made, audits)
        if not outcome.passed:
            yield from map(partial(of_rejected_rows, key), results(context, outcome.found))
            raise audit_failure(outcome, {name: check.description or "" for name, check in checks.items()})
        yield dg.MaterializeResult(
            key, metadata=_tell(context, key, outcome), check_results=results(context, outcome.found)
        )

    own = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=dg.AssetExecutionContext)
    taken = [own, *(parameters[1:] if takes_context else parameters)]
    step.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined] # what Dagster looks at
    step.__annotations__ = {name: hint for name, hint in make_rows.__annotations__.items() if name != "return"} | {
        "context": dg.AssetExecutionContext
    }
    step.__doc__, step.__module__ = make_rows.__doc__, make_rows.__module__
    return step


def _tell(context: dg.AssetExecutionContext, key: dg.AssetKey, outcome: Outcome) -> dict[str, Any]:
    """Say of each partition what it holds; returns what is true of the run as a whole."""
    asked = context.partition_keys if outcome.partitions else ()
    further = [name for name in outcome.partitions if name not in asked]
    rows = {name: {"dagster/partition_row_count": count} for name, count in outcome.stored.rows_by_partition.items()}
    metadata: dict[str, Any] = {name: value for name, value in outcome.stored.metadata.items() if name != "branch"}
    if further:
        metadata["also_made"] = ", ".join(further)
        tell_further_partitions(context, key, {name: metadata | rows.get(name, {}) for name in further})
    for name in rows.keys() - set(further):
        context.add_asset_metadata(rows[name], asset_key=key, partition_key=name)
    return metadata

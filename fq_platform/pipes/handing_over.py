"""The step of an asset whose table is made elsewhere: hands it over, and tells Dagster what came of it.

Belongs here: the step, thin. Does not: launching (`clients.py`), or what the job does (`job.py`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg

from fq_platform.assets.audit_failure import of_rejected_rows
from fq_platform.assets.collisions import partitions_made_upstream
from fq_platform.assets.further_days import tell_further_partitions
from fq_platform.compute_settings import Compute
from fq_platform.errors import FqError
from fq_platform.pipes.clients import launch
from fq_platform.pipes.order import order_of
from fq_platform.pipes.report import Report, read_report
from fq_platform.resources.failures import shown_to_users
from fq_platform.settings import get_settings


def is_made_elsewhere() -> bool:
    """Whether tables are made by another Spark than that of the run's process."""
    return get_settings().compute is not Compute.LOCAL


def dependencies(ins: Mapping[str, dg.AssetIn] | None) -> list[dg.AssetDep]:
    """What an asset depends on if nothing is loaded for it here."""
    return [
        dg.AssetDep(given.key, partition_mapping=given.partition_mapping)
        for given in (ins or {}).values()
        if given.key is not None
    ]


def handing_over(key: dg.AssetKey) -> Callable[..., Iterator[Any]]:
    """What Dagster runs in place of the asset's function.

    Args:
        key: The asset.
    """

    def step(context: dg.AssetExecutionContext) -> Iterator[Any]:
        settings = get_settings()
        with shown_to_users(), _failures(settings.compute):
            further = partitions_made_upstream(context) if context.assets_def.partitions_def else set()
            done = launch(context, settings, order_of(context, key, settings, further))
            report = read_report(done.get_custom_messages())
            if report is None:
                raise FqError(
                    "The job ended, but told nothing of what it made",
                    where=f"FQ_COMPUTE={settings.compute.value}",
                    fix="Look at its log; its role has to be allowed to write to dagster-pipes/ in the bucket",
                )
        yield from _told(context, key, report)

    step.__annotations__ = {"context": dg.AssetExecutionContext}
    return step


def _told(context: dg.AssetExecutionContext, key: dg.AssetKey, report: Report) -> Iterator[Any]:
    selected = {check.name for check in context.selected_asset_check_keys}
    results = [
        dg.AssetCheckResult(
            passed=check.passed,
            asset_key=key,
            check_name=check.check_name,
            metadata=check.metadata,
            severity=check.severity,
            description=check.description,
        )
        for check in report.checks
        if check.check_name in selected
    ]
    if report.failure is not None:
        yield from (of_rejected_rows(key, result) for result in results)
        raise dg.Failure(report.failure, dict(report.failure_metadata), allow_retries=False)
    if not context.selected_asset_keys:
        yield from results
        return
    yield dg.MaterializeResult(key, metadata=_metadata(context, key, report.materializations), check_results=results)


def _metadata(
    context: dg.AssetExecutionContext, key: dg.AssetKey, made: Sequence[dg.AssetMaterialization]
) -> dict[str, Any]:
    """Say of each partition what it holds; returns what is true of the run as a whole."""
    asked = set(context.partition_keys) if context.assets_def.partitions_def else set()
    own = [event for event in made if event.partition is None or event.partition in asked]
    further = {event.partition: event.metadata for event in made if event.partition not in (None, *asked)}
    tell_further_partitions(context, key, {str(partition): metadata for partition, metadata in further.items()})
    common = {
        name: value
        for name, value in own[0].metadata.items()
        if all(event.metadata.get(name) == value for event in own)
    }
    for event in own:
        apart = {name: value for name, value in event.metadata.items() if name not in common}
        if apart and event.partition:
            context.add_asset_metadata(apart, asset_key=key, partition_key=event.partition)
    return common


@contextmanager
def _failures(compute: Compute) -> Iterator[None]:
    """Say what is wrong with a job that was not launched, or failed without a word of ours."""
    from botocore.exceptions import BotoCoreError, ClientError
    from dagster._core.errors import DagsterPipesExecutionError  # not public, but what its client raises

    where = f"FQ_COMPUTE={compute.value}"
    try:
        yield
    except FqError:
        raise
    except ClientError as error:
        raise FqError(
            f"AWS refused to run the job: {error.response['Error'].get('Message', error)}",
            where=f"{where}, {error.operation_name}",
            fix="Correct the id, or allow the role of this process that call; docs/aws-spark.md lists both",
            transient=error.response["Error"].get("Code") in ("ThrottlingException", "TooManyRequestsException"),
        ) from None
    except BotoCoreError as error:
        raise FqError(
            f"AWS cannot be asked to run the job: {error}", where=where, fix="Check AWS_REGION and keys"
        ) from None
    except (RuntimeError, DagsterPipesExecutionError) as error:
        raise FqError(
            f"The job failed: {error}", where=where, fix="Look at its log, and at the events of this run"
        ) from error

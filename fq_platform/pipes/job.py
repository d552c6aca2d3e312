"""What a remote Spark runs: makes one table as Dagster would here, and reports to the run that handed it over.

`python -m fq_platform.pipes.job --asset curated/ecommerce_db_orders_silver --partition 2026-03-01`, or this file given
to `spark-submit`. Belongs here: the entry. Does not: how the table is made (`assets/`), launching (`clients.py`).
"""

import os
import sys
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dagster_pipes import (
    PipesCliArgsParamsLoader,
    PipesDefaultContextLoader,
    PipesDefaultMessageWriter,
    PipesEnvVarParamsLoader,
    PipesParamsLoader,
    PipesS3ContextLoader,
    PipesS3MessageWriter,
    open_dagster_pipes,
)

from fq_platform.errors import FqError
from fq_platform.pipes.order import Order, adopt, read_order

if TYPE_CHECKING:
    from fq_platform.pipes.report import Report

_STARTED_BY_SPARK = ("PYSPARK_GATEWAY_PORT", "DATABRICKS_RUNTIME_VERSION")
"""Variables of a Python that a JVM with Spark has started, or that Databricks has."""


def main(arguments: Sequence[str]) -> int:
    """Carry out the order of a command line.

    Args:
        arguments: Without the program's name.

    Returns:
        The exit code: 0 if the table was made, or if the run that handed it over was told why not.
    """
    loader: PipesParamsLoader = PipesCliArgsParamsLoader()
    if not loader.is_dagster_pipes_process():
        loader = PipesEnvVarParamsLoader()
    if not loader.is_dagster_pipes_process():
        return _started_by_hand(read_order(arguments, {}))
    with open_dagster_pipes(params_loader=loader, **_channels(loader.load_context_params())) as pipes:
        order = read_order(arguments, pipes.extras)
        adopt(order)
        report = carry_out(order, pipes.run_id, pipes.code_version_by_asset_key.get(order.asset))
        report.tell(pipes)
    return 0


def carry_out(order: Order, run_id: str, code_version: str | None = None) -> "Report":
    """Make a table in a run of Dagster's in this process, which no instance knows of.

    Args:
        order: What to make; its settings are adopted.
        run_id: The id of the run, which snapshots and branches are named by.
        code_version: Of the asset where the run was handed over; None for any.

    Returns:
        What came of it; what is wrong with the order is told in it, too.
    """
    from fq_platform.pipes.report import Report, report_of

    try:
        _adopt_running_spark()
        from fq_platform.definitions import defs

        return report_of(_run(defs, order, run_id, code_version))
    except FqError as error:
        return Report(failure=str(error))


def _run(defs: Any, order: Order, run_id: str, code_version: str | None) -> Any:
    import dagster as dg

    key = dg.AssetKey.from_user_string(order.asset)
    if key not in defs.resolve_all_asset_keys():
        raise FqError(f"There is no asset {order.asset}", where="the job's definitions", fix=_SAME_PACKAGE)
    asset = defs.resolve_assets_def(key)
    here = asset.specs_by_key[key].code_version
    if code_version is not None and code_version != here:
        raise FqError(
            f"The job has another version of the code of {order.asset}: {here}, not {code_version}",
            where="the job's Python environment",
            fix=_SAME_PACKAGE,
        )
    job = defs.resolve_implicit_global_asset_job_def().get_subset(
        asset_selection=set() if order.only_checks else {key}, asset_check_selection=set(asset.check_keys)
    )
    one = order.first if order.first == order.last else ""
    return job.execute_in_process(run_id=run_id, partition_key=one or None, tags=order.run_tags, raise_on_error=False)


def _adopt_running_spark() -> None:
    """Take the session of the Spark that started this process; what it was told of nothing, the platform needs.

    The platform's own session is then one more in the same JVM.
    """
    if not any(name in os.environ for name in _STARTED_BY_SPARK):
        return
    from pyspark.sql import SparkSession

    from fq_platform.resources.spark import spark_conf
    from fq_platform.settings import get_settings

    builder = SparkSession.builder.appName("fq-platform")
    elsewhere = get_settings().model_copy(update={"spark_master": "yarn"})
    for name, value in spark_conf(elsewhere).items():
        if name.startswith("spark.sql.") or name == "spark.redaction.regex":
            builder = builder.config(name, value)
    builder.getOrCreate()


def _channels(params: Mapping[str, Any]) -> dict[str, Any]:
    """Where the context is read and messages are written: in S3 if the parameters name a bucket, else in files."""
    if "bucket" not in params:
        return {"context_loader": PipesDefaultContextLoader(), "message_writer": PipesDefaultMessageWriter()}
    import boto3

    client = boto3.client("s3")
    return {"context_loader": PipesS3ContextLoader(client), "message_writer": PipesS3MessageWriter(client)}


def _started_by_hand(order: Order) -> int:
    adopt(order)
    report = carry_out(order, str(uuid.uuid4()))
    for made in report.materializations:
        rows = made.metadata.get("rows")
        print(f"{order.asset} {made.partition or ''}: made{f', {rows.value} rows' if rows else ''}")  # noqa: T201 - a command's output
    for check in report.checks:
        print(f"{order.asset} {check.check_name}: {'passed' if check.passed else 'FAILED'}")  # noqa: T201 - as above
    if report.failure:
        print(report.failure, file=sys.stderr)  # noqa: T201 - as above
    return 1 if report.failure else 0


_SAME_PACKAGE = "Pack the job's environment anew from the checkout that Dagster runs; docs/aws-spark.md says how"

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

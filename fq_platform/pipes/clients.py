"""Launching a job where `FQ_COMPUTE` says, by the Pipes client of that place.

Belongs here: each place's request. Does not: what the job is to do (`order.py`), or what becomes of its report
(`handing_over.py`).
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import dagster as dg

from fq_platform.compute_settings import Compute
from fq_platform.errors import FqError
from fq_platform.lakehouse.s3_access import aws_session
from fq_platform.pipes.order import MODULE, Order
from fq_platform.resources.jars import jars_of
from fq_platform.settings import Settings

if TYPE_CHECKING:
    from dagster_aws.pipes import PipesS3ContextInjector, PipesS3MessageReader

PREFIX = "dagster-pipes/"
"""The folder of the bucket `S3_BUCKET` through which runs and jobs talk."""

_PYTHON = "./environment/bin/python"
"""The interpreter of the packed environment, where YARN and EMR Serverless unpack it."""


def launch(context: dg.AssetExecutionContext, settings: Settings, order: Order) -> dg.PipesClientCompletedInvocation:
    """Run a job and wait for it.

    Args:
        context: Of the step of the run that hands over.
        settings: Where.
        order: What.

    Returns:
        What it told.

    Raises:
        FqError: A setting that the place needs is missing, or its library.
        Exception: The place's own, if the job could not be launched or failed.
    """
    if missing := settings.missing_for_compute():
        raise FqError(
            f"FQ_COMPUTE={settings.compute.value} needs {', '.join(missing)}",
            where="environment or .env",
            fix="Set what is named; docs/aws-spark.md says to what",
        )
    match settings.compute:
        case Compute.EMR:
            return _emr(context, settings, order)
        case Compute.EMR_SERVERLESS:
            return _emr_serverless(context, settings, order)
        case Compute.GLUE:
            return _glue(context, settings, order)
        case Compute.DATABRICKS:
            return _databricks(context, settings, order)
        case _:
            return _process(context, settings, order)


def _process(context: dg.AssetExecutionContext, settings: Settings, order: Order) -> dg.PipesClientCompletedInvocation:
    here = {"FQ_HOME": str(settings.home), "FQ_SOURCES": str(settings.sources_file)}
    client = dg.PipesSubprocessClient(env=here)
    return client.run(context=context, command=[sys.executable, "-m", MODULE, *order.arguments], extras=order.extras)


def _emr(context: dg.AssetExecutionContext, settings: Settings, order: Order) -> dg.PipesClientCompletedInvocation:
    from fq_platform.pipes.emr_steps import EmrStepClient

    injector, reader = _through_s3(settings)
    client = EmrStepClient(aws_session(settings).client("emr"), str(settings.emr_cluster_id), injector, reader)
    command = ["spark-submit", "--deploy-mode", "cluster", *_submit_options(settings, "spark.yarn.appMasterEnv")]
    script = f"{settings.job_folder}/job.py"
    return client.run(
        context=context, name=order.asset, command=[*command, script, *order.arguments], extras=order.extras
    )


def _emr_serverless(
    context: dg.AssetExecutionContext, settings: Settings, order: Order
) -> dg.PipesClientCompletedInvocation:
    from dagster_aws.pipes import PipesEMRServerlessClient

    injector, reader = _through_s3(settings)
    client = PipesEMRServerlessClient(
        aws_session(settings).client("emr-serverless"), context_injector=injector, message_reader=reader
    )
    submit = {
        "entryPoint": f"{settings.job_folder}/job.py",
        "entryPointArguments": order.arguments,
        "sparkSubmitParameters": " ".join(_submit_options(settings, "spark.emr-serverless.driverEnv")),
    }
    request: Any = {
        "applicationId": settings.emr_serverless_application_id,
        "executionRoleArn": settings.emr_serverless_role,
        "name": order.asset,
        "jobDriver": {"sparkSubmit": submit},
    }
    return client.run(context=context, start_job_run_params=request, extras=order.extras)


def _glue(context: dg.AssetExecutionContext, settings: Settings, order: Order) -> dg.PipesClientCompletedInvocation:
    from dagster_aws.pipes import PipesGlueClient

    injector, reader = _through_s3(settings)
    client = PipesGlueClient(
        injector, reader, aws_session(settings).client("glue", endpoint_url=settings.glue_endpoint)
    )
    request: Any = {"JobName": settings.glue_job, "Arguments": dict(_named(order.arguments))}
    return client.run(context=context, start_job_run_params=request, extras=order.extras)


def _databricks(
    context: dg.AssetExecutionContext, settings: Settings, order: Order
) -> dg.PipesClientCompletedInvocation:
    """Not tested: no workspace is at hand, and its library is no part of the locked ones."""
    try:
        dagster_databricks = importlib.import_module("dagster_databricks")
        sdk = importlib.import_module("databricks.sdk")
        jobs = importlib.import_module("databricks.sdk.service.jobs")
    except ImportError:
        raise FqError(
            "FQ_COMPUTE=databricks needs the library dagster-databricks",
            where="the Python environment of the run",
            fix="pip install 'dagster-databricks' of the series of the installed dagster",
        ) from None
    injector, reader = _through_s3(settings)
    client = dagster_databricks.PipesDatabricksClient(
        sdk.WorkspaceClient(), context_injector=injector, message_reader=reader
    )
    task = jobs.SubmitTask(
        task_key="make",
        existing_cluster_id=settings.databricks_cluster_id,
        spark_python_task=jobs.SparkPythonTask(f"{settings.job_folder}/job.py", parameters=order.arguments),
    )
    done: dg.PipesClientCompletedInvocation = client.run(context=context, task=task, extras=order.extras)
    return done


def _submit_options(settings: Settings, driver_environment: str) -> list[str]:
    """The options of `spark-submit`: the packed Python for driver and executors, and the platform's jars.

    Args:
        settings: The folder of the job; the profile decides which jars.
        driver_environment: What Spark's properties for the variables of the driver start with.
    """
    folder = settings.job_folder
    return [
        *("--archives", f"{folder}/environment.tar.gz#environment"),
        *("--jars", ",".join(f"{folder}/{jar.file}" for jar in jars_of(settings.profile))),
        *("--conf", f"{driver_environment}.PYSPARK_DRIVER_PYTHON={_PYTHON}"),
        *("--conf", f"{driver_environment}.PYSPARK_PYTHON={_PYTHON}"),
        *("--conf", f"spark.executorEnv.PYSPARK_PYTHON={_PYTHON}"),
    ]


def _named(arguments: list[str]) -> Iterator[tuple[str, str]]:
    """Arguments by their names, as Glue takes them; one without a value gets an empty one."""
    for name, value in zip(arguments, [*arguments[1:], ""], strict=True):
        if name.startswith("--"):
            yield name, "" if value.startswith("--") else value


def _through_s3(settings: Settings) -> "tuple[PipesS3ContextInjector, PipesS3MessageReader]":
    """Both ways through the bucket: what a command line or a log may hold is limited."""
    from dagster_aws.pipes import PipesS3ContextInjector, PipesS3MessageReader

    class InOurFolder(PipesS3MessageReader):
        """Keeps messages in the folder that roles are allowed, rather than in the bucket's root."""

        @contextmanager
        def get_params(self) -> Iterator[Any]:
            with super().get_params() as params:
                yield {**params, "key_prefix": f"{PREFIX}{params['key_prefix']}"}

    client = aws_session(settings).client("s3", endpoint_url=settings.s3_endpoint)
    bucket = settings.s3_bucket
    return (
        PipesS3ContextInjector(bucket=bucket, client=client, key_prefix=PREFIX),
        InOurFolder(bucket=bucket, client=client, include_stdio_in_messages=True),
    )

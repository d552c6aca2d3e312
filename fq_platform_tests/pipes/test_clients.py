"""What AWS is asked for a job: real requests to moto, a mock that checks and keeps them but runs nothing."""

from collections.abc import Iterator
from typing import Any

import boto3
import dagster as dg
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.emrserverless.models import emrserverless_backends
from moto.glue.models import glue_backends

from fq_platform.assets.audited import audited_asset
from fq_platform.doctor.aws import checks
from fq_platform.doctor.finding import State
from fq_platform.pipes import clients
from fq_platform.pipes.emr_steps import EmrStepClient
from fq_platform.pipes.order import Order, read_order
from fq_platform.settings import Settings, get_settings

pytestmark = pytest.mark.services

REGION = "eu-central-1"
ROLE = "arn:aws:iam::123456789012:role/fq-job"
DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-02-01")


@pytest.fixture
def aws(environment: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """AWS as moto has it, without S3 between run and job; what is set is a lakehouse in Glue."""
    environment.setattr(
        clients, "_through_s3", lambda _: (dg.PipesTempFileContextInjector(), dg.PipesTempFileMessageReader())
    )
    environment.delenv("AWS_PROFILE", raising=False)
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}
    for name, value in {**keys, "FQ_PROFILE": "glue", "FQ_JOB_FOLDER": "s3://bucket/fq-job/"}.items():
        environment.setenv(name, value)
    with mock_aws():
        yield environment


def failure_of_a_run() -> str:
    """Runs an asset for two days; moto's job tells nothing, so the run fails, with these words."""
    get_settings.cache_clear()

    @audited_asset(dg.AssetSpec(["analytics", "sales"], partitions_def=DAYS), audits=[])
    def sales() -> None:
        raise AssertionError("made here")

    tags = {"dagster/asset_partition_range_start": "2026-01-01", "dagster/asset_partition_range_end": "2026-01-02"}
    defs = dg.Definitions([sales], resources={"io_manager": dg.mem_io_manager})
    result = defs.resolve_implicit_global_asset_job_def().execute_in_process(tags=tags, raise_on_error=False)
    failure = result.failure_data_for_node("analytics__sales")
    assert failure is not None
    assert failure.user_failure_data is not None, failure.error
    return failure.user_failure_data.description or ""


def state_of() -> tuple[State, str]:
    get_settings.cache_clear()
    (finding,) = checks(get_settings())
    return finding.state, finding.what


def test_emr_serverless_is_asked_with_the_packed_environment_and_the_days(aws: pytest.MonkeyPatch) -> None:
    client = boto3.client("emr-serverless", REGION)
    application = client.create_application(name="fq", releaseLabel="emr-7.5.0", type="SPARK")["applicationId"]
    aws.setenv("FQ_COMPUTE", "emr-serverless")
    aws.setenv("FQ_EMR_SERVERLESS_APPLICATION_ID", application)
    aws.setenv("FQ_EMR_SERVERLESS_ROLE", ROLE)

    assert "told nothing" in failure_of_a_run()

    (job,) = emrserverless_backends[DEFAULT_ACCOUNT_ID][REGION].job_runs[application]
    submit: dict[str, Any] = (job.job_driver or {})["sparkSubmit"]
    assert submit["entryPoint"] == "s3://bucket/fq-job/job.py"
    expected = ["--asset", "analytics/sales", "--from", "2026-01-01", "--to", "2026-01-02"]
    assert submit["entryPointArguments"] == expected
    assert "--archives s3://bucket/fq-job/environment.tar.gz#environment" in submit["sparkSubmitParameters"]
    assert "iceberg-aws-bundle-1.12.0.jar" in submit["sparkSubmitParameters"]
    assert "spark.emr-serverless.driverEnv.DAGSTER_PIPES_CONTEXT=" in submit["sparkSubmitParameters"]
    assert job.execution_role_arn == ROLE
    assert state_of()[0] is State.OK


def test_glue_is_asked_with_arguments_by_name(aws: pytest.MonkeyPatch) -> None:
    command = {"Name": "glueetl", "ScriptLocation": "s3://bucket/fq-job/job.py"}
    boto3.client("glue", REGION).create_job(Name="fq", Role=ROLE, Command=command, GlueVersion="5.0")
    aws.setenv("FQ_COMPUTE", "glue")
    aws.setenv("FQ_GLUE_JOB", "fq")

    assert "told nothing" in failure_of_a_run()

    (run,) = glue_backends[DEFAULT_ACCOUNT_ID][REGION].jobs["fq"].job_runs
    arguments = run.arguments or {}
    given = {name: value for name, value in arguments.items() if "pipes" not in name}
    assert given == {"--asset": "analytics/sales", "--from": "2026-01-01", "--to": "2026-01-02"}
    assert set(arguments) - set(given) == {"--dagster-pipes-context", "--dagster-pipes-messages"}
    assert state_of() == (State.OK, "job fq")


def test_a_missing_id_is_named_by_the_run_and_by_the_doctor(aws: pytest.MonkeyPatch) -> None:
    aws.setenv("FQ_COMPUTE", "emr")
    assert "FQ_COMPUTE=emr needs FQ_EMR_CLUSTER_ID" in failure_of_a_run()
    assert state_of() == (State.FAILED, "FQ_EMR_CLUSTER_ID not set")


def test_a_cluster_that_is_not_there_is_named(aws: pytest.MonkeyPatch) -> None:
    aws.setenv("FQ_COMPUTE", "emr-serverless")
    aws.setenv("FQ_EMR_SERVERLESS_APPLICATION_ID", "00f0")
    aws.setenv("FQ_EMR_SERVERLESS_ROLE", ROLE)
    assert "AWS refused to run the job" in failure_of_a_run()
    assert state_of()[0] is State.FAILED


def test_a_step_that_fails_says_why_and_where_its_log_is() -> None:
    states: list[dict[str, Any]] = [
        {"State": "RUNNING"},
        {"State": "FAILED", "FailureDetails": {"Reason": "Killed", "LogFile": "s3://logs/1"}},
    ]
    asked: list[Any] = []

    class Emr:
        def add_job_flow_steps(self, **request: Any) -> dict[str, Any]:
            asked.append(request)
            return {"StepIds": ["s-1"]}

        def describe_step(self, **_: Any) -> dict[str, Any]:
            return {"Step": {"Status": states.pop(0)}}

    client = EmrStepClient(Emr(), "j-1", dg.PipesTempFileContextInjector(), dg.PipesTempFileMessageReader(), 0)

    @dg.asset
    def made(context: dg.AssetExecutionContext) -> None:
        client.run(context=context, name="made", command=["spark-submit", "job.py"], extras={})

    with pytest.raises(
        RuntimeError, match=r"s-1 of the EMR cluster j-1 is FAILED\. Reason: Killed; LogFile: s3://logs/1"
    ):
        dg.materialize([made])
    words = asked[0]["Steps"][0]["HadoopJarStep"]["Args"]
    assert words[:2] == ["spark-submit", "job.py"]
    assert "--dagster-pipes-context" in words


@pytest.mark.parametrize(
    "order",
    [
        Order("a/b"),
        Order("a/b", "2026-01-01", "2026-01-01"),
        Order("a/b", "2026-01-01", "2026-01-02", only_checks=True),
    ],
)
def test_an_order_is_read_as_it_was_written(order: Order) -> None:
    assert read_order([*order.arguments, "--JOB_NAME", "of Glue"], order.extras) == order


def test_no_secret_travels_with_an_order() -> None:
    from fq_platform.pipes.order import travelling

    settings = Settings(
        catalog_token="secret", s3_bucket="mine", mongo_uri="mongodb://user:secret@host", compute="glue"
    )
    travels = travelling(settings)
    assert travels.pop("FQ_STEP_RETRIES", "0") == "0"  # that of all tests
    assert travels == {"S3_BUCKET": "mine", "FQ_IFCO_SOURCE": "files"}

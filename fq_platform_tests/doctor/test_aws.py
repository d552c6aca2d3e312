"""What `fq doctor` finds of Athena and of remote Sparks, asked of moto, a mock of AWS."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from moto.athena.models import athena_backends
from moto.core import DEFAULT_ACCOUNT_ID

from fq_platform.doctor.aws import checks
from fq_platform.doctor.finding import Finding, State
from fq_platform.settings import get_settings

pytestmark = pytest.mark.services

REGION = "eu-central-1"


@pytest.fixture(autouse=True)
def aws(environment: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    environment.delenv("AWS_PROFILE", raising=False)
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION, "FQ_PROFILE": "glue"}
    for name, value in keys.items():
        environment.setenv(name, value)
    with mock_aws():
        yield environment


def found(aws: pytest.MonkeyPatch, **variables: str) -> list[Finding]:
    for name, value in variables.items():
        aws.setenv(name, value)
    get_settings.cache_clear()
    return list(checks(get_settings()))


def only(aws: pytest.MonkeyPatch, **variables: str) -> tuple[State, str]:
    (finding,) = found(aws, **variables)
    return finding.state, finding.what


def test_nothing_is_looked_at_that_is_not_used(aws: pytest.MonkeyPatch) -> None:
    assert found(aws) == []


def test_athena_needs_a_place_for_results_an_enabled_workgroup_and_glue(aws: pytest.MonkeyPatch) -> None:
    client = boto3.client("athena", REGION)
    client.create_work_group(Name="off", Configuration={"ResultConfiguration": {"OutputLocation": "s3://x/y/"}})
    no_place = only(aws, FQ_QUERY_ENGINE="athena")
    usable = only(aws, FQ_ATHENA_OUTPUT="s3://results/")
    athena_backends[DEFAULT_ACCOUNT_ID][REGION].work_groups["off"].state = "DISABLED"  # moto does not take the request
    disabled = only(aws, FQ_ATHENA_WORKGROUP="off")
    elsewhere = only(aws, FQ_PROFILE="local")

    assert no_place == (State.FAILED, "There is no place for results")
    assert usable == (State.OK, "workgroup primary, results in s3://results/")
    assert disabled == (State.FAILED, "The workgroup off is disabled")
    assert elsewhere == (State.FAILED, "It reads Glue's catalog, not that of FQ_PROFILE=local")


def test_a_cluster_must_run(aws: pytest.MonkeyPatch) -> None:
    client = boto3.client("emr", REGION)
    instances = {"MasterInstanceType": "m6g.xlarge", "SlaveInstanceType": "m6g.xlarge", "InstanceCount": 2}
    cluster = client.run_job_flow(
        Name="fq", Instances={**instances, "KeepJobFlowAliveWhenNoSteps": True}, ReleaseLabel="emr-7.13.0"
    )["JobFlowId"]
    running = only(aws, FQ_COMPUTE="emr", FQ_EMR_CLUSTER_ID=cluster, FQ_JOB_FOLDER="s3://bucket/fq-job")
    client.terminate_job_flows(JobFlowIds=[cluster])
    ended = only(aws)
    unknown = only(aws, FQ_EMR_CLUSTER_ID="j-0")

    assert running == (State.OK, f"cluster {cluster} is WAITING")
    assert ended == (State.FAILED, f"cluster {cluster} is TERMINATED")
    assert unknown[0] is State.FAILED


def test_a_job_of_glue_must_have_spark_3_5_and_a_lakehouse_that_it_reaches(aws: pytest.MonkeyPatch) -> None:
    command = {"Name": "glueetl", "ScriptLocation": "s3://bucket/fq-job/job.py"}
    for name, version in (("old", "4.0"), ("new", "5.1")):
        boto3.client("glue", REGION).create_job(Name=name, Role="fq-job", Command=command, GlueVersion=version)
    variables = {"FQ_COMPUTE": "glue", "FQ_JOB_FOLDER": "s3://bucket/fq-job"}

    assert only(aws, FQ_GLUE_JOB="old", **variables) == (State.FAILED, "The job old is of Glue 4.0")
    assert only(aws, FQ_GLUE_JOB="new") == (State.OK, "job new")
    assert only(aws, FQ_PROFILE="local") == (State.FAILED, "No job reaches tables of FQ_PROFILE=local")

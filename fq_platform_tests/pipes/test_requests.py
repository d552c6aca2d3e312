"""What a job is launched with, how a step of EMR ends, and what is said where AWS refuses."""

import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any, cast

import boto3
import dagster as dg
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from fq_platform.compute_settings import Compute
from fq_platform.errors import FqError
from fq_platform.pipes import clients, handing_over
from fq_platform.pipes.emr_steps import EmrStepClient
from fq_platform.pipes.order import Order, adopt, order_of, read_order, travelling
from fq_platform.settings import Profile, Settings

pytestmark = pytest.mark.services

EMR = Settings(
    profile=Profile.GLUE,
    compute=Compute.EMR,
    emr_cluster_id="j-1",
    job_folder="s3://bucket/fq-job",
    s3_bucket="bucket",
    aws_region="eu-central-1",
)


def in_a_step(act: Callable[[dg.AssetExecutionContext], object]) -> None:
    """Runs something in the step of an asset."""

    @dg.asset
    def made(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        act(context)
        return dg.MaterializeResult()

    dg.materialize([made])


def test_emr_runs_the_packed_python_in_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(EmrStepClient, "run", lambda self, **request: asked.append({**request, "client": self}))
    with mock_aws():
        in_a_step(lambda context: clients.launch(context, EMR, Order("a/b", "2026-01-01", "2026-01-01")))

    (request,) = asked
    command = request["command"]
    assert command[:3] == ["spark-submit", "--deploy-mode", "cluster"]
    assert command[-5:] == ["s3://bucket/fq-job/job.py", "--asset", "a/b", "--partition", "2026-01-01"]
    assert command[command.index("--archives") + 1] == "s3://bucket/fq-job/environment.tar.gz#environment"
    given = {value for option, value in pairwise(command) if option == "--conf"}
    python = "PYSPARK_PYTHON=./environment/bin/python"
    assert {f"spark.yarn.appMasterEnv.{python}", f"spark.executorEnv.{python}"} <= given
    assert (request["name"], request["client"].cluster) == ("a/b", "j-1")


def test_run_and_job_talk_in_the_folder_that_their_roles_are_allowed() -> None:
    with mock_aws():
        s3 = boto3.client("s3", "eu-central-1")
        s3.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        injector, reader = clients._through_s3(EMR)
        with injector.inject_context(cast("Any", {})) as context, reader.get_params() as messages:
            keys = [found["Key"] for found in s3.list_objects_v2(Bucket="bucket")["Contents"]]
    assert keys == [context["key"]]
    assert context["key"].startswith("dagster-pipes/")
    assert messages["key_prefix"].startswith("dagster-pipes/")


def test_an_option_without_a_value_is_one_for_glue_too() -> None:
    named = dict(clients._named(Order("a/b", "2026-01-01", "2026-01-01", only_checks=True).arguments))
    assert named == {"--asset": "a/b", "--partition": "2026-01-01", "--only-checks": ""}
    assert dict(clients._named(["--only-checks", "--asset", "a/b"])) == {"--only-checks": "", "--asset": "a/b"}
    assert read_order([word for pair in named.items() for word in pair], {}).only_checks


class Steps:
    """A client of EMR whose step goes through states; an exception among them is raised."""

    def __init__(self, *states: str | type[BaseException]) -> None:
        self.states = list(states)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def add_job_flow_steps(self, **request: Any) -> dict[str, Any]:
        self.asked.append(("add", request))
        return {"StepIds": ["s-1"]}

    def describe_step(self, **_: Any) -> dict[str, Any]:
        state = self.states.pop(0)
        if not isinstance(state, str):
            raise state
        return {"Step": {"Status": {"State": state}}}

    def cancel_steps(self, **request: Any) -> None:
        self.asked.append(("cancel", request))

    def run(self) -> None:
        injector, reader = dg.PipesTempFileContextInjector(), dg.PipesTempFileMessageReader()
        client = EmrStepClient(self, "j-1", injector, reader, 0)
        in_a_step(lambda context: client.run(context=context, name="made", command=["true"], extras={}))


def test_a_step_that_completes_is_done_and_the_cluster_outlives_one_that_fails() -> None:
    steps = Steps("PENDING", "RUNNING", "COMPLETED")
    steps.run()
    ((_, request),) = steps.asked
    assert (request["JobFlowId"], request["Steps"][0]["ActionOnFailure"]) == ("j-1", "CONTINUE")
    for state in ("CANCELLED", "FAILED", "INTERRUPTED"):
        with pytest.raises(RuntimeError, match=f"s-1 of the EMR cluster j-1 is {state}"):
            Steps("PENDING", state).run()


def test_a_run_that_is_ended_ends_its_step() -> None:
    steps = Steps("RUNNING", dg.DagsterExecutionInterruptedError)
    with pytest.raises(dg.DagsterExecutionInterruptedError):
        steps.run()
    assert steps.asked[-1] == (
        "cancel",
        {"ClusterId": "j-1", "StepIds": ["s-1"], "StepCancellationOption": "TERMINATE_PROCESS"},
    )


@pytest.mark.parametrize(
    ("error", "said", "transient"),
    [
        (ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow"}}, "Run"), "AWS refused.*slow", True),
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Run"), "AWS refused.*no", False),
        (EndpointConnectionError(endpoint_url="http://x"), "AWS cannot be asked", False),
        (RuntimeError("killed"), "The job failed: killed", False),
        (FqError("Ours", fix="So"), "Ours", False),
    ],
)
def test_what_goes_wrong_is_said_and_only_what_may_pass_is_tried_again(
    error: Exception, said: str, transient: bool
) -> None:
    with pytest.raises(FqError, match=said) as caught, handing_over._failures(Compute.EMR):
        raise error
    assert caught.value.transient is transient


def test_what_is_true_of_one_machine_stays_there_and_what_a_job_is_told_already_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = Settings(home="/here", aws_profile="mine", spark_master="local[9]", query_rows=7)
    travels = travelling(here)
    assert travels["FQ_QUERY_ROWS"] == "7"
    assert {"FQ_HOME", "AWS_PROFILE", "FQ_SPARK_MASTER"}.isdisjoint(travels)

    monkeypatch.setenv("FQ_QUERY_ROWS", "9")
    monkeypatch.setenv("FQ_HOME", "/there")
    monkeypatch.setenv("FQ_COMPUTE", "emr")
    monkeypatch.delenv("FQ_QUERY_TIMEOUT_SECONDS", raising=False)
    with pytest.MonkeyPatch.context() as environment:
        environment.setattr(os, "environ", dict(os.environ))
        adopt(Order("a/b", environment={"FQ_QUERY_ROWS": "7", "FQ_QUERY_TIMEOUT_SECONDS": "5"}))
        adopted = dict(os.environ)
    assert [adopted[f"FQ_{name}"] for name in ("QUERY_ROWS", "QUERY_TIMEOUT_SECONDS", "COMPUTE", "HOME")] == [
        "9",
        "5",
        "local",
        "/there",
    ]


def test_an_order_has_the_runs_own_tags_and_the_days_made_upstream() -> None:
    orders: list[Order] = []

    @dg.asset
    def made(context: dg.AssetExecutionContext) -> None:
        orders.append(order_of(context, context.asset_key, EMR, {"2026-01-03", "2026-01-02"}))

    run = dg.materialize([made], tags={"team": "x", "dagster/priority": "3"})
    assert orders[0].tags == {
        "team": "x",
        "fq/root_run_id": run.run_id,
        "fq/further_partitions": "2026-01-02,2026-01-03",
    }


@pytest.mark.parametrize("words", [["--from", "2026-01-01"], ["--partition", "a", "--from", "b", "--to", "c"]])
def test_half_a_span_is_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit):
        read_order(["--asset", "a/b", *words], {})

"""Dagster's Kubernetes library makes of our values the jobs that are meant.

It takes two seconds to import, so that only the process that runs these tests does.
"""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
import yaml
from dagster._config import process_config, resolve_to_config_type
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.instance.config import dagster_instance_config_schema
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

from fq_platform_tests.docker.compose import FOLDER

if TYPE_CHECKING:
    from dagster_k8s import K8sRunLauncher

KUBERNETES = FOLDER / "kubernetes"
VALUES: dict[str, Any] = yaml.safe_load((KUBERNETES / "values.yaml").read_text(encoding="utf-8"))
TAGS: dict[str, dict[str, Any]] = yaml.safe_load((KUBERNETES / "run-tags.yaml").read_text(encoding="utf-8"))
SECRETS = list(yaml.safe_load_all((KUBERNETES / "secret.example.yaml").read_text(encoding="utf-8")))
INSTANCE: dict[str, Any] = yaml.safe_load((FOLDER / "dagster.yaml").read_text(encoding="utf-8"))
IMAGE = "registry.example.com/fq-platform:0.1.0"

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: nowhere
clusters: [{name: nowhere, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
users: [{name: nobody, user: {}}]
"""
"""The launcher reads one; nothing is asked of it."""


def snake(name: str) -> str:
    """The chart's name of a key as Dagster has it."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def launcher_config() -> dict[str, Any]:
    """What the chart makes of `runLauncher`: names in snake case, secrets by their names."""
    given = VALUES["runLauncher"]["config"]["k8sRunLauncher"]
    config = {snake(name): value for name, value in given.items()}
    config["env_secrets"] = [secret["name"] for secret in given["envSecrets"]]
    config["run_k8s_config"] = {snake(name): value for name, value in given["runK8sConfig"].items()}
    return config | {
        "service_account_name": "dagster",
        "dagster_home": "/opt/dagster/dagster_home",
        "instance_config_map": "dagster-instance",
        "postgres_password_secret": VALUES["global"]["postgresqlSecretName"],
    }


@pytest.fixture
def launcher(tmp_path: Path) -> "K8sRunLauncher":
    from dagster_k8s import K8sRunLauncher

    checked = process_config(resolve_to_config_type(K8sRunLauncher.config_type()), launcher_config())
    assert checked.success, checked.errors
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    outside = {"load_incluster_config": False, "kubeconfig_file": str(tmp_path / "kubeconfig")}
    return K8sRunLauncher(**checked.value | outside)


def job(launcher: "K8sRunLauncher", tags: dict[str, Any]) -> dict[str, Any]:
    """The Kubernetes job of a run with tags, as it is sent to the cluster."""
    from dagster_k8s.container_context import K8sContainerContext
    from dagster_k8s.job import construct_dagster_k8s_job

    code = ModuleCodePointer("fq_platform.definitions", "defs", None)
    repository = RepositoryPythonOrigin(
        executable_path="/app/.venv/bin/python", code_pointer=code, container_image=IMAGE, container_context={}
    )
    location = RegisteredCodeLocationOrigin("fq_platform")
    run = dg.DagsterRun(
        job_name="__ASSET_JOB",
        run_id=dg._core.utils.make_new_run_id(),
        tags={name: json.dumps(value) for name, value in tags.items()},
        job_code_origin=JobPythonOrigin("__ASSET_JOB", repository),
        remote_job_origin=RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), "__ASSET_JOB"),
    )
    context = K8sContainerContext.create_for_run(run, launcher, include_run_tags=True)
    made = construct_dagster_k8s_job(
        context.get_k8s_job_config(IMAGE, launcher), ["dagster"], "run", user_defined_k8s_config=context.run_k8s_config
    )
    document: dict[str, Any] = made.to_dict()
    return document


def container(document: dict[str, Any]) -> dict[str, Any]:
    (only,) = document["spec"]["template"]["spec"]["containers"]
    found: dict[str, Any] = only
    return found


def test_run_is_a_job_of_our_image_with_its_secrets_by_reference(launcher: "K8sRunLauncher") -> None:
    made = container(job(launcher, {}))

    assert made["image"] == IMAGE
    assert [source["secret_ref"]["name"] for source in made["env_from"] if source["secret_ref"]] == ["fq-platform"]
    given = {one["name"]: one for one in made["env"]}
    assert (given["FQ_PROFILE"]["value"], given["FQ_ENVIRONMENT"]["value"]) == ("glue", "production")
    password = given["DAGSTER_PG_PASSWORD"]["value_from"]["secret_key_ref"]
    assert (password["name"], password["key"]) == ("fq-postgresql", "postgresql-password")


def test_run_is_confined(launcher: "K8sRunLauncher") -> None:
    document = job(launcher, {})
    pod = document["spec"]["template"]["spec"]

    assert (pod["security_context"]["run_as_user"], pod["security_context"]["run_as_non_root"]) == (10001, True)
    made = container(document)
    assert made["security_context"]["read_only_root_filesystem"] is True
    assert made["security_context"]["capabilities"]["drop"] == ["ALL"]
    assert {mount["mount_path"] for mount in made["volume_mounts"]} >= {"/data", "/tmp"}
    assert document["spec"]["ttl_seconds_after_finished"] == 86_400


@pytest.mark.parametrize(("size", "memory"), [(None, "3Gi"), ("large", "10Gi"), ("small", "1Gi")])
def test_run_has_resources_of_its_own(size: str | None, memory: str, launcher: "K8sRunLauncher") -> None:
    made = container(job(launcher, TAGS[size] if size else {}))

    assert made["resources"]["limits"]["memory"] == made["resources"]["requests"]["memory"] == memory
    given = {one["name"]: one["value"] for one in made["env"]}
    assert given.get("FQ_SPARK_DRIVER_MEMORY") == ("6g" if size == "large" else None)
    assert given["FQ_PROFILE"] == "glue"  # what a tag does not say stays


@pytest.mark.parametrize("size", sorted(TAGS))
def test_tags_are_what_dagster_takes(size: str) -> None:
    from dagster_k8s.job import UserDefinedDagsterK8sConfig

    (tag,) = TAGS[size].items()

    assert tag[0] == "dagster-k8s/config"
    assert UserDefinedDagsterK8sConfig.from_dict(tag[1]).container_config["resources"]


def test_instance_takes_what_the_chart_hands_on_and_differs_only_where_it_says() -> None:
    concurrency = {
        "pools": {"granularity": "run", "default_limit": VALUES["concurrency"]["pools"]["defaultLimit"]},
        "runs": {
            "max_concurrent_runs": VALUES["concurrency"]["runs"]["maxConcurrentRuns"],
            "tag_concurrency_limits": VALUES["concurrency"]["runs"]["tagConcurrencyLimits"],
        },
    }
    schema = {name: field for name, field in dagster_instance_config_schema().items() if name in INSTANCE}
    further = VALUES["additionalInstanceConfig"]
    checked = process_config(schema, {"concurrency": concurrency, "telemetry": VALUES["telemetry"], **further})
    assert checked.success, checked.errors

    assert concurrency["pools"] == INSTANCE["concurrency"]["pools"]
    assert further["run_retries"] == INSTANCE["run_retries"]
    assert further["run_monitoring"] == INSTANCE["run_monitoring"] | {"start_timeout_seconds": 600}
    for name, ours in (("sensor", "sensor"), ("autoMaterialize", "auto_materialize")):
        kept = VALUES["retention"][name]["purgeAfterDays"]
        assert {key: kept[key] for key in INSTANCE["retention"][ours]["purge_after_days"]} == (
            INSTANCE["retention"][ours]["purge_after_days"]
        )


def test_secrets_are_referred_to_and_empty() -> None:
    secrets = {secret["metadata"]["name"]: secret["stringData"] for secret in SECRETS}
    (deployment,) = VALUES["dagster-user-deployments"]["deployments"]

    assert {reference["name"] for reference in deployment["envSecrets"]} <= set(secrets)
    assert "postgresql-password" in secrets[VALUES["global"]["postgresqlSecretName"]]
    assert not any(value for content in secrets.values() for value in content.values())
    assert "password" not in (KUBERNETES / "values.yaml").read_text().lower().replace(
        "postgresql-password", ""
    ).replace("generatepostgresqlpasswordsecret", "")


def test_code_location_has_the_project_and_the_image_of_its_version() -> None:
    (deployment,) = VALUES["dagster-user-deployments"]["deployments"]
    image = deployment["image"]

    assert f"{image['repository']}:{image['tag']}" == IMAGE
    assert deployment["dagsterApiGrpcArgs"][-1] == "fq_platform.definitions"

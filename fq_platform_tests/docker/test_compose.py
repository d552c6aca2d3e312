"""The compose files say what Compose understands, nothing that is secret, and nothing that others can reach."""

import re
import tomllib
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from fq_platform.settings import Settings, project_root
from fq_platform_tests.docker import trino_files
from fq_platform_tests.docker.compose import (
    AWS,
    ENVIRONMENT,
    FOLDER,
    LOCAL,
    ON_AWS,
    OURS,
    MissingVariableError,
    read,
    variables,
)

WANTED = {
    "mongodb",
    "s3",
    "postgres",
    "catalog",
    "dagster-webserver",
    "dagster-daemon",
    "code-server",
    "mongodb-iceberg-etl",
    "jupyter",
    "dashboard",
    "trino",
}
ONCE = {"catalog", "sample-data", "mongodb-iceberg-etl"}
"""What ends by itself: nothing to be healthy for, nothing to start again."""

stacks = pytest.mark.parametrize(("files", "environment"), [(LOCAL, ENVIRONMENT), (AWS, ON_AWS)], ids=["local", "aws"])


def services(files: tuple[str, ...], environment: dict[str, str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(files, environment)["services"]
    return found


@stacks
def test_specification_knows_every_key_and_type(files: tuple[str, ...], environment: dict[str, str]) -> None:
    model = read(files, environment)

    assert PyCompose.from_yaml(yaml.safe_dump(model)).to_spec().name == OURS


def test_checker_refuses_what_compose_would() -> None:
    with pytest.raises(ValueError, match="tset"):
        PyCompose.from_yaml("services: {a: {image: x, healthcheck: {tset: [CMD]}}}")


def test_stack_has_all_its_services() -> None:
    assert set(services(LOCAL, ENVIRONMENT)) == WANTED | {"sample-data"}


def test_on_aws_its_services_take_the_place_of_those_here() -> None:
    found = services(AWS, ON_AWS)

    assert WANTED - set(found) == {"mongodb", "s3", "catalog"}
    for name in ("code-server", "mongodb-iceberg-etl", "dagster-webserver", "dagster-daemon", "dashboard", "jupyter"):
        given = found[name]["environment"]
        settings = Settings.model_validate({key: value for key, value in given.items() if value})
        assert (settings.profile, settings.s3_endpoint, settings.catalog_uri) == ("glue", None, None), name
        assert (settings.s3_bucket, settings.aws_region) == ("theirs", "eu-west-1"), name
        assert settings.mongo_uri is not None
        assert settings.mongo_uri.get_secret_value() == ON_AWS["MONGO_URI"], name
    assert found["jupyter"]["environment"]["JUPYTER_TOKEN"] == "a-token"


@pytest.mark.parametrize("missing", sorted(ON_AWS))
def test_on_aws_what_must_be_set_is_asked_for(missing: str) -> None:
    with pytest.raises(MissingVariableError, match=missing):
        read(AWS, {name: value for name, value in ON_AWS.items() if name != missing})


@stacks
def test_what_runs_says_when_it_is_healthy_and_is_started_again(
    files: tuple[str, ...], environment: dict[str, str]
) -> None:
    for name, service in services(files, environment).items():
        if name in ONCE:
            assert service["restart"] == "no", name
            assert "healthcheck" not in service, name
        else:
            assert service["restart"] == "unless-stopped", name
            assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL"), name
            assert {"interval", "timeout", "retries", "start_period"} <= set(service["healthcheck"]), name


@stacks
def test_what_is_waited_for_exists_and_can_become_what_is_waited_for(
    files: tuple[str, ...], environment: dict[str, str]
) -> None:
    found = services(files, environment)

    for name, service in found.items():
        for other, how in service.get("depends_on", {}).items():
            if how.get("required", True):
                expected = "service_completed_successfully" if other in ONCE else "service_healthy"
                assert other in found, f"{name} waits for {other}"
                assert how["condition"] == expected, f"{name} waits for {other}"


@stacks
def test_only_this_machine_reaches_a_port(files: tuple[str, ...], environment: dict[str, str]) -> None:
    ports = [port for service in services(files, environment).values() for port in service.get("ports", [])]

    assert ports
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in ports), ports
    assert len({port.split(":")[1] for port in ports}) == len(ports)


@stacks
def test_containers_write_to_volumes_and_temporary_folders_only(
    files: tuple[str, ...], environment: dict[str, str]
) -> None:
    for name, service in services(files, environment).items():
        assert service["read_only"] is True, name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert any(folder.startswith("/tmp:") for folder in service["tmpfs"]), name
        if service["image"].startswith(OURS):
            assert service["cap_drop"] == ["ALL"], name
            assert service["init"] is True, name


@stacks
def test_images_are_pinned_and_ours_have_the_version_of_the_project(
    files: tuple[str, ...], environment: dict[str, str]
) -> None:
    version = tomllib.loads((project_root() / "pyproject.toml").read_text())["project"]["version"]

    for name, service in services(files, environment).items():
        repository, _, tag = service["image"].partition(":")
        assert re.match(r"\d+", tag), name
        if repository.startswith(OURS):
            assert tag == version, name
            assert (FOLDER / service["build"]["context"] / service["build"]["dockerfile"]).is_file(), name


@stacks
def test_named_volumes_are_declared_and_files_that_are_mounted_exist(
    files: tuple[str, ...], environment: dict[str, str]
) -> None:
    model = read(files, environment)
    mounted = [volume for service in model["services"].values() for volume in service.get("volumes", [])]

    for source in {volume.split(":")[0] for volume in mounted}:
        assert (FOLDER / source).is_file() if source.startswith(".") else source in model["volumes"], source


def test_no_secret_stands_in_a_file() -> None:
    """What a variable is named after a secret for has no default; the example of `.env` has empty ones."""
    secret = re.compile(r"PASSWORD|SECRET|TOKEN|ACCESS_KEY")
    for name in AWS:
        for variable, default in re.findall(r"\$\{(\w+):-([^}]*)\}", (FOLDER / name).read_text()):
            assert not secret.search(variable) or not default, variable
    for line in (FOLDER / ".env.example").read_text().splitlines():
        variable, _, value = line.lstrip("#").partition("=")
        assert not re.fullmatch(r"\w+", variable) or not secret.search(variable) or not value, variable


def test_example_of_env_names_what_must_be_set() -> None:
    named = set(re.findall(r"^#?(\w+)=", (FOLDER / ".env.example").read_text(), re.MULTILINE))

    assert set(ON_AWS) <= named
    assert named <= variables(AWS)


def test_every_setting_of_the_stack_is_one_of_the_platform() -> None:
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    given = {name for made in services(LOCAL, ENVIRONMENT).values() for name in made.get("environment", {})}

    assert {name for name in given if name.startswith("FQ_")} - known == {"FQ_CATALOG_PASSWORD"}  # Trino's


def test_trino_reads_the_catalog_that_the_platform_writes() -> None:
    for name, text in trino_files.files().items():
        assert (FOLDER / "trino" / name).read_text() == text
    for files, environment in ((LOCAL, ENVIRONMENT), (AWS, ON_AWS)):
        trino = services(files, environment)["trino"]
        (volume,) = trino["volumes"]
        referred = set(re.findall(r"\$\{ENV:(\w+)\}", (FOLDER / volume.split(":")[0]).read_text()))
        assert referred <= set(trino["environment"])

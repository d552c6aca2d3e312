"""The Terraform files parse, and follow the layout, the roles and the lifecycle rules that the code has."""

import json
import re
from collections.abc import Iterator
from typing import Any

import hcl2
import pytest

from fq_platform.lakehouse.layout import Layer, Layout
from fq_platform.lakehouse.policies import ROLES
from fq_platform.settings import Settings
from fq_platform_tests.docker.compose import FOLDER

TERRAFORM = FOLDER / "terraform"
TEXT = "".join(file.read_text(encoding="utf-8") for file in sorted(TERRAFORM.glob("*.tf")))
RULES = json.loads((FOLDER / "aws" / "lifecycle.json").read_text())["Rules"]


def plain(value: Any) -> Any:
    """The parser's values without its own marks: quotes around strings, keys for blocks and comments."""
    match value:
        case dict():
            return {plain(key): plain(item) for key, item in value.items() if not str(key).startswith("__")}
        case list():
            return [plain(item) for item in value]
        case str() if len(value) > 1 and value[0] == value[-1] == '"':
            return value[1:-1]
        case _:
            return value


def blocks(kind: str) -> Iterator[dict[str, Any]]:
    """All blocks of a kind, such as `variable`, in all files."""
    for file in sorted(TERRAFORM.glob("*.tf")):
        with file.open(encoding="utf-8") as text:
            yield from plain(hcl2.load(text)).get(kind, [])


def variables() -> dict[str, dict[str, Any]]:
    return {name: block for found in blocks("variable") for name, block in found.items()}


def resource(kind: str) -> dict[str, Any]:
    """The only resource of a kind."""
    (found,) = [block for made in blocks("resource") for name, block in made.items() if name == kind]
    (only,) = found.values()
    values: dict[str, Any] = only
    return values


def test_defaults_are_those_of_the_platform() -> None:
    defaults = Settings.model_construct()

    assert variables()["bucket"]["default"] == defaults.s3_bucket
    assert variables()["region"]["default"] == defaults.aws_region


def test_there_is_a_database_for_each_layer() -> None:
    layout = Layout("s3://lake/house", nests=False)

    assert variables()["databases"]["default"] == [".".join(layout.namespace(layer)) for layer in Layer]
    assert resource("aws_glue_catalog_database")["for_each"] == "${var.databases}"


def test_every_role_of_the_platform_may_be_trusted_and_has_its_policy_from_the_file() -> None:
    (validation,) = variables()["trusted"]["validation"]
    named = re.findall(r'"([a-z-]+)"', validation["condition"])

    assert named == [role.name for role in ROLES]
    assert {file.stem for file in (FOLDER / "aws").glob("*.json")} == {*named, "lifecycle"}
    assert resource("aws_iam_policy")["for_each"] == "${local.policies}"
    (local,) = [found for found in blocks("locals") if "policies" in found]
    assert 'file("${path.module}/${var.documents}/${role}.json")' in local["policies"]


@pytest.mark.parametrize("role", [role.name for role in ROLES])
def test_policies_that_stand_there_are_for_the_default_bucket_and_region(role: str) -> None:
    """What the precondition of a policy asks, with the defaults."""
    policy = (FOLDER / "aws" / f"{role}.json").read_text()

    assert f":::{variables()['bucket']['default']}" in policy
    assert f":glue:{variables()['region']['default']}:" in policy


def test_bucket_is_private_versioned_encrypted_and_kept() -> None:
    access = resource("aws_s3_bucket_public_access_block")
    assert [value for name, value in access.items() if name.endswith(("acls", "policy", "buckets"))] == [True] * 4
    assert resource("aws_s3_bucket_versioning")["versioning_configuration"] == [{"status": "Enabled"}]
    assert resource("aws_s3_bucket")["lifecycle"] == [{"prevent_destroy": True}]
    (rule,) = resource("aws_s3_bucket_server_side_encryption_configuration")["rule"]
    (encryption,) = rule["apply_server_side_encryption_by_default"]
    assert (rule["bucket_key_enabled"], encryption["kms_master_key_id"]) == (
        "${var.kms_key_arn != null}",
        "${var.kms_key_arn}",
    )


def test_lifecycle_is_read_from_the_file_and_nothing_in_it_is_passed_over() -> None:
    """A rule of a new kind in the code must have its place here too."""
    (local,) = [found for found in blocks("locals") if "rules" in found]
    assert local["rules"] == '${jsondecode(file("${path.module}/${var.documents}/lifecycle.json")).Rules}'
    lifecycle = (TERRAFORM / "bucket.tf").read_text().partition("locals")[2]

    for key in keys_of(RULES):
        assert re.search(rf'\.{key}\b|"{key}"', lifecycle), key


def keys_of(value: Any) -> set[str]:
    """The keys of all objects in a document."""
    match value:
        case dict():
            return set(value).union(*map(keys_of, value.values()))
        case list():
            return set().union(*map(keys_of, value))
        case _:
            return set()


def test_every_variable_is_explained_declared_and_used() -> None:
    declared = variables()

    assert set(re.findall(r"\bvar\.(\w+)", TEXT)) == set(declared)
    assert all(block["description"] and block["type"] for block in declared.values())
    assert not re.search(r"(?i)secret|password|AKIA", TEXT)


def test_outputs_name_what_settings_need() -> None:
    outputs = {name for found in blocks("output") for name in found}

    assert outputs == {"bucket", "databases", "policy_arns", "role_arns"}

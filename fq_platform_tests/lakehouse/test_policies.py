"""What each role may do on AWS follows from the layout, and no rule ever expires a file that a table needs."""

import fnmatch
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fq_platform.commands.policies import documents
from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import Layer, Layout, TableName
from fq_platform.lakehouse.policies import Account, policy_documents
from fq_platform.settings import Settings, TableLayout

if TYPE_CHECKING:
    from fq_platform_tests.fixtures.object_store import ObjectStoreOfTests

COMMITTED = Path(__file__).parents[2] / "docker" / "aws"
BUCKET = "arn:aws:s3:::lake"
ACCOUNT = Account("eu-central-1", "123456789012", "1234-key")
ROLES = ["raw-writer", "curated-writer", "analytics-writer", "analyst", "upkeep"]
READS = {
    "raw-writer": {"raw"},
    "curated-writer": {"raw", "curated", "shared"},
    "analytics-writer": {"curated", "shared", "analytics"},
    "analyst": {"curated", "shared", "analytics"},
    "upkeep": {"raw", "curated", "shared", "analytics"},
}
WRITES = {
    "raw-writer": {"raw"},
    "curated-writer": {"curated", "shared"},
    "analytics-writer": {"analytics"},
    "analyst": set(),
    "upkeep": {"raw", "curated", "shared", "analytics"},
}
DELETES = {role: set() if role != "upkeep" else WRITES["upkeep"] for role in ROLES}

styles = pytest.mark.parametrize("layout", [Layout("s3://lake/house"), Layout("s3://lake", TableLayout.HIVE)], ids=str)
roles = pytest.mark.parametrize("role", ROLES)


def matching(policy: dict[str, Any], effect: str, action: str, resource: str) -> bool:
    return any(
        statement["Effect"] == effect
        and any(fnmatch.fnmatchcase(action, pattern) for pattern in statement["Action"])
        and any(fnmatch.fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        for statement in policy["Statement"]
    )


def allows(policy: dict[str, Any], action: str, resource: str) -> bool:
    """What IAM decides, conditions left aside."""
    return matching(policy, "Allow", action, resource) and not matching(policy, "Deny", action, resource)


def layers(policy: dict[str, Any], action: str, layout: Layout) -> set[str]:
    """The layers in which an action on a table's file is allowed."""
    folders = {layer.value: layout.location(TableName(layer, "app_table", "app")) or "" for layer in Layer}
    return {
        layer
        for layer, folder in folders.items()
        if allows(policy, action, f"{BUCKET}/{folder.removeprefix('s3://lake/')}/data/x.parquet")
    }


@styles
@roles
def test_role_reads_adds_and_deletes_files_of_its_layers_only(role: str, layout: Layout) -> None:
    policy = policy_documents(layout, ACCOUNT)[f"{role}.json"]

    assert layers(policy, "s3:GetObject", layout) == READS[role]
    assert layers(policy, "s3:PutObject", layout) == WRITES[role]
    assert (
        layers(policy, "s3:DeleteObject", layout) == layers(policy, "s3:DeleteObjectVersion", layout) == DELETES[role]
    )
    assert not allows(policy, "s3:GetObject", f"{BUCKET}/elsewhere/x")


@roles
def test_role_commits_to_the_tables_of_its_layers_only(role: str) -> None:
    policy = policy_documents(Layout("s3://lake/house"), ACCOUNT)[f"{role}.json"]

    def tables(action: str) -> set[str]:
        glue = "arn:aws:glue:eu-central-1:123456789012"
        return {layer for layer in Layer if allows(policy, f"glue:{action}", f"{glue}:table/{layer}/t")}

    assert tables("GetTable") == READS[role]
    assert tables("UpdateTable") == tables("CreateTable") == WRITES[role]
    assert tables("DeleteTable") == DELETES[role]


def test_raw_is_write_once_whatever_other_policies_allow() -> None:
    policy = policy_documents(Layout("s3://lake/house"), ACCOUNT)["raw-writer.json"]

    for action in ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:DeleteObjectTagging"):
        assert matching(policy, "Deny", action, f"{BUCKET}/house/raw/app/orders/data/x.parquet")


@pytest.mark.parametrize(
    ("key", "resource"),
    [
        ("1234-key", "arn:aws:kms:eu-central-1:123456789012:key/1234-key"),
        ("arn:aws:kms:eu-west-1:1:key/x", "arn:aws:kms:eu-west-1:1:key/x"),
        ("alias/lake", "arn:aws:kms:eu-central-1:123456789012:key/*"),
    ],
)
def test_key_is_used_by_all_and_makes_data_keys_for_writers(key: str, resource: str) -> None:
    found = policy_documents(Layout("s3://lake/house"), Account("eu-central-1", "123456789012", key))

    for role in ROLES:
        [statement] = [s for s in found[f"{role}.json"]["Statement"] if s["Sid"] == "Encryption"]
        assert statement["Resource"] == [resource]
        assert ("kms:GenerateDataKey" in statement["Action"]) == bool(WRITES[role])
        assert ("Condition" in statement) == key.startswith("alias/")


@styles
def test_no_lifecycle_rule_expires_a_file_that_is_there(layout: Layout) -> None:
    rules = policy_documents(layout, ACCOUNT)["lifecycle.json"]["Rules"]

    for rule in rules:
        assert rule.get("Expiration", {}).keys() <= {"ExpiredObjectDeleteMarker"}
    moved = [rule for rule in rules if "Transitions" in rule]
    raw = f"{(layout.warehouse or '').removeprefix('s3://lake').lstrip('/')}/{layout.folder(Layer.RAW)}/".lstrip("/")
    assert [rule["Filter"]["And"]["Prefix"] for rule in moved] == [raw]
    assert len({rule["ID"] for rule in rules}) == len(rules)


def test_regions_of_other_parts_of_aws_have_their_own_names() -> None:
    assert Account("cn-north-1").arn("glue", "catalog") == "arn:aws-cn:glue:cn-north-1:*:catalog"
    assert Account("us-gov-west-1").partition == "aws-us-gov"


def test_warehouse_outside_of_s3_has_no_policies(tmp_path: Path) -> None:
    with pytest.raises(FqError, match="not in S3"):
        documents(Settings(warehouse_override=tmp_path.as_uri()))


def test_committed_files_are_those_of_the_default_settings() -> None:
    expected = documents(Settings.model_construct())  # the defaults, whatever the environment says

    found = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in COMMITTED.glob("*.json")}

    assert found == expected, "unset S3_BUCKET, AWS_REGION and FQ_*, and run `fq policies`"


@pytest.mark.services
def test_what_checks_as_aws_does_takes_every_document() -> None:
    import boto3
    from moto import mock_aws

    with mock_aws():
        session = boto3.Session("test", "test", region_name="us-east-1")
        iam, s3 = session.client("iam"), session.client("s3")
        s3.create_bucket(Bucket="lake")
        for name, document in policy_documents(Layout("s3://lake/house"), ACCOUNT).items():
            if name == "lifecycle.json":
                s3.put_bucket_lifecycle_configuration(Bucket="lake", LifecycleConfiguration=document)
            else:
                text = json.dumps(document, separators=(",", ":"))
                assert len(text) <= 6_144, "the most that IAM takes"
                iam.create_policy(PolicyName=name, PolicyDocument=text)
        assert len(iam.list_policies(Scope="Local")["Policies"]) == len(ROLES)


@pytest.mark.services
def test_object_store_without_storage_classes_takes_the_other_lifecycle_rules(
    object_store: "ObjectStoreOfTests",
) -> None:
    bucket, client = object_store.bucket(), object_store.client()
    rules = policy_documents(Layout(f"s3://{bucket}/house"), ACCOUNT)["lifecycle.json"]["Rules"]
    wanted = [rule for rule in rules if "Transitions" not in rule]

    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": wanted})

    found = client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert {rule["ID"] for rule in found} == {rule["ID"] for rule in wanted}
    assert len(wanted) == len(rules) - 1

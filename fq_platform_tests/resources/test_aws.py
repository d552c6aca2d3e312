"""Clients of S3 and Glue reach what the settings say, and are made only when they are asked for."""

import subprocess
import sys

import pytest

from fq_platform.errors import FqError
from fq_platform.resources.aws import GlueClientResource, S3ClientResource
from fq_platform_tests.fixtures.object_store import ObjectStoreOfTests


def test_resources_import_nothing_of_aws_before_a_client_is_asked_for() -> None:
    code = (
        "import sys; from fq_platform.resources.aws import *; S3ClientResource(); GlueClientResource(); "
        "print([name for name in ('boto3', 'botocore', 'dagster_aws') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_local_lakehouse_has_no_s3(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(FqError, match=r"There is no S3: the lakehouse is in a local folder \(FQ_PROFILE=local\)"):
        S3ClientResource().get_client()


def test_clients_are_in_the_region_of_the_settings_and_on_aws_unless_told(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FQ_PROFILE", "glue")
    environment.setenv("AWS_REGION", "eu-west-3")

    assert S3ClientResource().get_client().meta.endpoint_url == "https://s3.eu-west-3.amazonaws.com"
    assert GlueClientResource().get_client().meta.endpoint_url == "https://glue.eu-west-3.amazonaws.com"


def test_profile_that_does_not_exist_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("FQ_PROFILE", "glue")
    environment.setenv("AWS_PROFILE", "nobody")

    for resource in (S3ClientResource(), GlueClientResource()):
        with pytest.raises(FqError, match=r"AWS knows no profile 'nobody' \(AWS_PROFILE\)"):
            resource.get_client()


@pytest.mark.services
def test_clients_reach_the_servers_of_the_settings(
    environment: pytest.MonkeyPatch, s3_keys: ObjectStoreOfTests, glue_endpoint: str
) -> None:
    bucket = s3_keys.bucket()
    s3_keys.client().put_object(Bucket=bucket, Key="of/ours", Body=b"here")
    environment.setenv("FQ_PROFILE", "glue")
    environment.setenv("FQ_S3_ENDPOINT", s3_keys.url)
    environment.setenv("FQ_GLUE_ENDPOINT", glue_endpoint)
    environment.setenv("AWS_REGION", "test-of-clients")

    glue = GlueClientResource().get_client()
    glue.create_database(DatabaseInput={"Name": "ours"})

    assert S3ClientResource().get_client().get_object(Bucket=bucket, Key="of/ours")["Body"].read() == b"here"
    assert [database["Name"] for database in glue.get_databases()["DatabaseList"]] == ["ours"]

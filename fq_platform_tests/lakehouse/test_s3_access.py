"""Keys for S3 come from AWS's default chain, in which `.env` counts as the environment; s3local hands over its own."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from fq_platform.errors import FqError
from fq_platform.lakehouse.connection import pyiceberg_properties, spark_catalog_conf
from fq_platform.lakehouse.s3_access import AwsKeys, S3Access, adopt_aws_environment, s3_access
from fq_platform.settings import Profile, Settings
from fq_platform_tests.fixtures.object_store import ObjectStoreOfTests

OF_ENV_FILE = {
    "aws_access_key_id": SecretStr("from-file"),
    "aws_secret_access_key": SecretStr("s3cret"),
    "aws_session_token": SecretStr("t0ken"),
}


def access_of(settings: Settings) -> S3Access:
    access = s3_access(settings)
    assert access is not None
    return access


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No AWS variable is set, and what a test sets is unset afterwards."""
    for name in ("AWS_PROFILE", *(name.upper() for name in OF_ENV_FILE)):
        monkeypatch.setenv(name, "")  # so that it is unset afterwards, whoever sets it
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def test_tables_in_a_folder_need_no_access(settings: Settings) -> None:
    assert s3_access(settings) is None


def test_keys_of_the_settings_count_as_the_environment(settings: Settings) -> None:
    s3 = settings.model_copy(update={"profile": Profile.SQL} | OF_ENV_FILE)

    adopt_aws_environment(s3)

    assert access_of(s3).keys == AwsKeys("from-file", "s3cret", "t0ken")
    assert os.environ["AWS_SESSION_TOKEN"] == "t0ken"


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_SESSION_TOKEN"])
def test_what_the_environment_says_is_never_mixed_with_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "from-environment")

    adopt_aws_environment(settings.model_copy(update=OF_ENV_FILE))

    names = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    assert {name: os.environ[name] for name in names if name in os.environ} == {name: "from-environment"}


def test_empty_variable_is_as_good_as_none(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = settings.model_copy(update={"profile": Profile.SQL} | OF_ENV_FILE)
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID"):
        monkeypatch.setenv(name, "")

    adopt_aws_environment(s3)

    assert access_of(s3).keys == AwsKeys("from-file", "s3cret", "t0ken")


def test_profile_of_awss_files_is_used(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(
        "[default]\naws_access_key_id = A\naws_secret_access_key = B\n"
        "[lake]\naws_access_key_id = C\naws_secret_access_key = D\n"
    )
    s3 = settings.model_copy(update={"profile": Profile.SQL})
    assert access_of(s3).keys == AwsKeys("A", "B")

    adopt_aws_environment(s3.model_copy(update={"aws_profile": "lake"}))

    assert access_of(s3).keys == AwsKeys("C", "D")


def test_no_keys_at_all_is_said_with_the_remedy(settings: Settings) -> None:
    with pytest.raises(FqError, match=r"There are no AWS keys .*aws sso login"):
        _ = access_of(settings.model_copy(update={"profile": Profile.GLUE})).keys


def test_s3local_needs_its_server(settings: Settings) -> None:
    with pytest.raises(FqError, match=r"The S3 server of the profile s3local does not run .*fq dev --profile s3local"):
        s3_access(settings.model_copy(update={"profile": Profile.S3LOCAL}))


def test_secrets_do_not_show(settings: Settings) -> None:
    shown = repr(settings.model_copy(update=OF_ENV_FILE)) + repr(
        S3Access("r", None, False, None, AwsKeys("k", "s3cret"))
    )

    assert "s3cret" not in shown
    assert "t0ken" not in shown


@pytest.mark.services
def test_s3local_hands_its_own_keys_to_the_engines_and_not_through_the_environment(
    s3local_settings: Settings, object_store: ObjectStoreOfTests
) -> None:
    access = access_of(s3local_settings)

    assert (access.endpoint, access.path_style) == (object_store.url, True)
    assert access.keys == AwsKeys(object_store.access_key, object_store.secret_key)
    assert pyiceberg_properties(s3local_settings)["s3.access-key-id"] == object_store.access_key
    conf = spark_catalog_conf(s3local_settings)
    assert conf["spark.sql.catalog.iceberg.s3.secret-access-key"] == object_store.secret_key
    assert conf["spark.sql.catalog.iceberg.uri"] == f"jdbc:sqlite:{s3local_settings.catalog_file}"
    assert "AWS_ACCESS_KEY_ID" not in os.environ

"""PyIceberg and Spark are told of the same catalog and storage; what a profile lacks is said by name."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from fq_platform.errors import FqError
from fq_platform.lakehouse.connection import pyiceberg_properties, spark_catalog_conf
from fq_platform.settings import Profile, Settings

ALL = "org.apache.iceberg.spark.SparkCatalog"
S3 = "org.apache.iceberg.aws.s3.S3FileIO"
WORKSPACE = "https://dbc-1.cloud.databricks.com"


def spark(settings: Settings) -> dict[str, str]:
    """What Spark's catalog `iceberg` is configured with, by the names of its properties."""
    conf = spark_catalog_conf(settings)
    assert conf.pop("spark.sql.catalog.iceberg") == ALL
    assert conf.pop("spark.sql.catalog.iceberg.cache-enabled") == "false"
    return {name.removeprefix("spark.sql.catalog.iceberg."): value for name, value in conf.items()}


def test_local_is_a_file_and_a_folder(settings: Settings) -> None:
    home = settings.home

    assert pyiceberg_properties(settings) == {
        "type": "sql",
        "uri": f"sqlite:///{home}/catalog.db",
        "warehouse": f"file://{home}/warehouse",
    }
    assert spark(settings) == {
        "type": "jdbc",
        "uri": f"jdbc:sqlite:{home}/catalog.db",
        "jdbc.schema-version": "V1",
        "warehouse": f"file://{home}/warehouse",
    }


def test_sql_is_postgresql_and_s3_by_the_default_chain(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        profile=Profile.SQL,
        catalog_uri=SecretStr("postgresql://fq:p%40ss@db.example:5433/lake?sslmode=require"),
        s3_bucket="ours",
        aws_region="eu-west-3",
        aws_access_key_id=SecretStr("AKIA1"),
        aws_secret_access_key=SecretStr("s3cret"),
    )

    assert pyiceberg_properties(settings) == {
        "type": "sql",
        "uri": "postgresql+psycopg2://fq:p%40ss@db.example:5433/lake?sslmode=require",
        "pool_pre_ping": "true",
        "warehouse": "s3://ours/iceberg-warehouse",
        "client.region": "eu-west-3",
    }
    assert spark(settings) == {
        "type": "jdbc",
        "uri": "jdbc:postgresql://db.example:5433/lake?sslmode=require",
        "jdbc.user": "fq",
        "jdbc.password": "p@ss",
        "jdbc.schema-version": "V1",
        "warehouse": "s3://ours/iceberg-warehouse",
        "io-impl": S3,
        "client.region": "eu-west-3",
        "s3.path-style-access": "false",
    }


def test_warehouse_of_a_shared_catalog_may_be_a_folder(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, profile=Profile.SQL, warehouse_override="file:///mnt/lake")

    assert pyiceberg_properties(settings)["warehouse"] == "file:///mnt/lake" == spark(settings)["warehouse"]
    assert not {"io-impl", "client.region"} & set(spark(settings))


def test_glue_has_region_endpoint_and_account_of_the_settings(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        profile=Profile.GLUE,
        aws_region="eu-west-1",
        glue_endpoint="http://127.0.0.1:5000/",
        glue_catalog_id="123456789012",
        s3_endpoint="http://127.0.0.1:9000",
    )
    shared = {"type": "glue", "glue.endpoint": "http://127.0.0.1:5000", "glue.id": "123456789012"}
    place = {"warehouse": "s3://fq-app-analytics-bucket-1/iceberg-warehouse", "client.region": "eu-west-1"}
    endpoint = {"s3.endpoint": "http://127.0.0.1:9000"}

    assert pyiceberg_properties(settings) == shared | place | endpoint | {"glue.region": "eu-west-1"}
    assert spark(settings) == shared | place | endpoint | {"io-impl": S3, "s3.path-style-access": "true"}


def test_rest_asks_for_keys_to_the_files_unless_we_have_our_own_s3(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        profile=Profile.REST,
        catalog_uri=SecretStr("https://catalog.example/"),
        catalog_warehouse="lake",
        catalog_credential=SecretStr("me:s3cret"),
        catalog_scope="PRINCIPAL_ROLE:ALL",
        catalog_oauth2_uri="https://login.example/token",
    )
    shared = {
        "type": "rest",
        "uri": "https://catalog.example",
        "warehouse": "lake",
        "credential": "me:s3cret",
        "scope": "PRINCIPAL_ROLE:ALL",
        "oauth2-server-uri": "https://login.example/token",
        "header.X-Iceberg-Access-Delegation": "vended-credentials",
    }

    assert pyiceberg_properties(settings) == shared
    assert spark(settings) == shared | {"s3.path-style-access": "false"}

    ours = settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:9000", "aws_region": "eu-west-1"})
    for properties in (pyiceberg_properties(ours), spark(ours)):
        assert "header.X-Iceberg-Access-Delegation" not in properties
        assert (properties["s3.endpoint"], properties["client.region"]) == ("http://127.0.0.1:9000", "eu-west-1")


@pytest.mark.parametrize("uri", [WORKSPACE, f"{WORKSPACE}/", f"{WORKSPACE}/api/2.1/unity-catalog/iceberg-rest"])
def test_unity_needs_the_workspace_the_catalog_and_a_login_only(tmp_path: Path, uri: str) -> None:
    unity = Settings(home=tmp_path, profile=Profile.UNITY, catalog_uri=SecretStr(uri), catalog_warehouse="main")
    shared = {
        "type": "rest",
        "uri": f"{WORKSPACE}/api/2.1/unity-catalog/iceberg-rest",
        "warehouse": "main",
        "scope": "all-apis",
        "header.X-Iceberg-Access-Delegation": "vended-credentials",
    }

    by_token = unity.model_copy(update={"catalog_token": SecretStr("dapi1")})
    by_principal = unity.model_copy(update={"catalog_credential": SecretStr("id:s3cret")})

    assert pyiceberg_properties(by_token) == shared | {"token": "dapi1"}
    principal = {"credential": "id:s3cret", "oauth2-server-uri": f"{WORKSPACE}/oidc/v1/token"}
    assert pyiceberg_properties(by_principal) == shared | principal
    assert spark(by_principal) == shared | principal | {"s3.path-style-access": "false"}


def test_new_objects_are_encrypted_with_the_key_that_is_named(tmp_path: Path) -> None:
    conf = spark(Settings(home=tmp_path, profile=Profile.GLUE, kms_key_id="alias/lake"))

    assert (conf["s3.sse.type"], conf["s3.sse.key"]) == ("kms", "alias/lake")


def test_buckets_may_be_part_of_the_host_name_of_an_endpoint(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, profile=Profile.SQL, s3_endpoint="https://s3.example", s3_path_style=False)

    assert pyiceberg_properties(settings)["s3.force-virtual-addressing"] == "true"
    assert spark(settings)["s3.path-style-access"] == "false"


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"profile": Profile.REST}, ["FQ_CATALOG_URI is not set"]),
        (
            {"profile": Profile.UNITY},
            ["FQ_CATALOG_URI is not set", "FQ_CATALOG_WAREHOUSE", "neither FQ_CATALOG_TOKEN nor FQ_CATALOG_CREDENTIAL"],
        ),
        (
            {"profile": Profile.REST, "catalog_uri": SecretStr("catalog.example")},
            ["FQ_CATALOG_URI does not start with"],
        ),
        ({"profile": Profile.REST, "catalog_uri": SecretStr("https://u:s3cret@c")}, ["FQ_CATALOG_URI holds a user"]),
    ],
)
def test_all_that_a_profile_lacks_is_named_at_once(tmp_path: Path, given: dict, missing: list[str]) -> None:
    for use in (pyiceberg_properties, spark_catalog_conf):
        with pytest.raises(FqError) as refused:
            use(Settings(home=tmp_path, **given))

        assert refused.value.what.startswith(f"The profile {given['profile'].value!r} cannot be used: ")
        assert all(name in refused.value.what for name in missing)
        assert "s3cret" not in str(refused.value)

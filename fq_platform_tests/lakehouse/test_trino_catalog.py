"""Trino is told of the same catalog and storage as PyIceberg and Spark; what it is given holds no secret."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from fq_platform.errors import FqError
from fq_platform.lakehouse.trino_catalog import TrinoCatalog, trino_catalog, trino_catalog_properties
from fq_platform.settings import Profile, Settings

PAGE = Path(__file__).parents[2] / "docs" / "trino.md"
SECRETS = ("p@ss'word", "client-secret", "t0ken")


def sql_settings(home: Path) -> Settings:
    return Settings(
        home=home,
        profile=Profile.SQL,
        catalog_uri=SecretStr("postgresql://fq:p%40ss'word@db.example:5433/lake?sslmode=require"),
        s3_bucket="ours",
        aws_region="eu-west-3",
        kms_key_id="key-1",
    )


def rest_settings(home: Path, **more: object) -> Settings:
    return Settings(
        home=home,
        profile=Profile.REST,
        catalog_uri=SecretStr("https://catalog.example/api"),
        catalog_warehouse="lake",
        **more,  # type: ignore[arg-type]  # fields of settings, whatever they are
    )


def test_sql_is_postgresql_and_s3_by_the_default_chain(tmp_path: Path) -> None:
    catalog = trino_catalog(sql_settings(tmp_path))

    assert catalog.properties == {
        "connector.name": "iceberg",
        "iceberg.catalog.type": "jdbc",
        "iceberg.jdbc-catalog.driver-class": "org.postgresql.Driver",
        "iceberg.jdbc-catalog.connection-url": "jdbc:postgresql://db.example:5433/lake?sslmode=require",
        "iceberg.jdbc-catalog.connection-user": "fq",
        "iceberg.jdbc-catalog.connection-password": "${ENV:FQ_CATALOG_PASSWORD}",
        "iceberg.jdbc-catalog.catalog-name": "iceberg",
        "iceberg.jdbc-catalog.schema-version": "V1",
        "iceberg.jdbc-catalog.default-warehouse-dir": "s3://ours/iceberg-warehouse",
        "fs.native-s3.enabled": "true",
        "s3.path-style-access": "false",
        "s3.region": "eu-west-3",
        "s3.sse.type": "KMS",
        "s3.sse.kms-key-id": "key-1",
        "iceberg.security": "READ_ONLY",
    }
    assert catalog.secrets == {"FQ_CATALOG_PASSWORD": "p@ss'word"}


def test_only_who_asks_for_it_may_write(tmp_path: Path) -> None:
    assert "iceberg.security" not in trino_catalog_properties(sql_settings(tmp_path), writes=True)


def test_glue_is_the_region_and_the_account(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, profile=Profile.GLUE, glue_catalog_id="123", aws_region="eu-west-3")
    glue = {
        name: value for name, value in trino_catalog_properties(settings).items() if "glue" in name or "glue" in value
    }

    assert glue == {
        "iceberg.catalog.type": "glue",
        "hive.metastore.glue.region": "eu-west-3",
        "hive.metastore.glue.catalogid": "123",
        "hive.metastore.glue.default-warehouse-dir": "s3://fq-app-analytics-bucket-1/iceberg-warehouse",
    }


def test_rest_logs_in_and_asks_for_keys_unless_the_storage_is_ours(tmp_path: Path) -> None:
    login = {"catalog_credential": SecretStr("client:client-secret"), "catalog_scope": "all"}
    theirs = trino_catalog(rest_settings(tmp_path, **login))

    assert theirs.properties == {
        "connector.name": "iceberg",
        "iceberg.catalog.type": "rest",
        "iceberg.rest-catalog.uri": "https://catalog.example/api",
        "iceberg.rest-catalog.nested-namespace-enabled": "true",
        "iceberg.rest-catalog.vended-credentials-enabled": "true",
        "iceberg.rest-catalog.warehouse": "lake",
        "iceberg.rest-catalog.security": "OAUTH2",
        "iceberg.rest-catalog.oauth2.credential": "${ENV:FQ_CATALOG_CREDENTIAL}",
        "iceberg.rest-catalog.oauth2.scope": "all",
        "fs.native-s3.enabled": "true",
        "s3.path-style-access": "false",
        "iceberg.security": "READ_ONLY",
    }
    assert theirs.secrets == {"FQ_CATALOG_CREDENTIAL": "client:client-secret"}

    ours = trino_catalog_properties(rest_settings(tmp_path, s3_endpoint="http://s3:8333"))
    assert ours["iceberg.rest-catalog.vended-credentials-enabled"] == "false"
    assert (ours["s3.endpoint"], ours["s3.path-style-access"]) == ("http://s3:8333", "true")
    assert "iceberg.rest-catalog.security" not in ours


def test_unity_is_rest_without_nested_namespaces(tmp_path: Path) -> None:
    settings = rest_settings(tmp_path, catalog_token=SecretStr("t0ken")).model_copy(update={"profile": Profile.UNITY})
    properties = trino_catalog_properties(settings)

    assert properties["iceberg.rest-catalog.uri"] == "https://catalog.example/api/api/2.1/unity-catalog/iceberg-rest"
    assert properties["iceberg.rest-catalog.nested-namespace-enabled"] == "false"
    assert properties["iceberg.rest-catalog.oauth2.token"] == "${ENV:FQ_CATALOG_TOKEN}"


def test_tables_in_a_folder_are_refused(settings: Settings) -> None:
    with pytest.raises(FqError, match="Trino cannot read tables that lie in a folder of this machine"):
        trino_catalog(settings)


def test_statement_quotes_what_sql_would_misread() -> None:
    catalog = TrinoCatalog({"connector.name": "iceberg", "s3.endpoint": "http://o'hara"})

    assert catalog.statement('a"b') == (
        'CREATE CATALOG "a""b" USING iceberg WITH (\n  "s3.endpoint" = \'http://o\'\'hara\'\n)'
    )


def test_nothing_that_is_printed_holds_a_secret(tmp_path: Path) -> None:
    login = {"catalog_credential": SecretStr("client:client-secret"), "catalog_token": SecretStr("t0ken")}
    for settings in (sql_settings(tmp_path), rest_settings(tmp_path, **login)):
        catalog = trino_catalog(settings)
        printed = catalog.file() + catalog.statement() + repr(catalog)
        assert [secret for secret in SECRETS if secret in printed] == []


def test_documented_file_is_what_is_printed(environment: pytest.MonkeyPatch) -> None:
    from fq_platform.cli import app

    environment.setenv("FQ_PROFILE", "sql")
    environment.setenv("FQ_CATALOG_URI", "postgresql://fq:client-secret@db.example/lake")
    environment.setenv("S3_BUCKET", "bucket")

    assert CliRunner().invoke(app, ["trino-catalog"]).output in PAGE.read_text(encoding="utf-8")


def test_command_prints_the_file_and_the_variables(environment: pytest.MonkeyPatch) -> None:
    from fq_platform.cli import app

    environment.setenv("FQ_PROFILE", "sql")
    environment.setenv("FQ_CATALOG_URI", "postgresql://fq:client-secret@db.example/lake")

    printed = CliRunner().invoke(app, ["trino-catalog"]).output
    assert printed.splitlines()[:2] == [
        "# Every node of Trino needs these variables: FQ_CATALOG_PASSWORD",
        "connector.name=iceberg",
    ]
    assert "iceberg.security=READ_ONLY" in printed
    assert "client-secret" not in printed
    made = CliRunner().invoke(app, ["trino-catalog", "--sql", "--writes"]).output
    assert 'CREATE CATALOG "iceberg" USING iceberg WITH (' in made
    assert "READ_ONLY" not in made

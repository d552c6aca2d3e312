"""A catalog that cannot be reached, refuses us or fails: what is wrong and what to do, whichever engine met it."""

import sys
from pathlib import Path

import psycopg2
import pytest
from botocore.exceptions import EndpointConnectionError
from pydantic import SecretStr
from pyspark.sql import SparkSession

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.catalog_errors import catalog_errors, explain_catalog_error
from fq_platform.resources.spark import start_session
from fq_platform.settings import Profile, Settings
from fq_platform_tests.fixtures.catalog_servers import Postgres
from fq_platform_tests.lakehouse.catalog_server import serving

NOBODY = "http://127.0.0.1:9"


def refusal(settings: Settings) -> FqError:
    with pytest.raises(FqError) as refused:
        open_catalog(settings)
    assert "s3cret" not in str(refused.value)
    return refused.value


def rest(home: Path, uri: str, credential: str | None = None) -> Settings:
    login = {"catalog_credential": SecretStr(credential)} if credential else {}
    return Settings(home=home, profile=Profile.REST, catalog_uri=SecretStr(uri), **login)


def test_rest_catalog_that_nobody_serves(tmp_path: Path) -> None:
    refused = refusal(rest(tmp_path, NOBODY))

    assert refused.what.startswith("The catalog cannot be reached: Failed to establish a new connection")
    assert (refused.where, "FQ_CATALOG_URI" in refused.fix) == (NOBODY, True)


@pytest.mark.parametrize(
    ("status", "what", "fix"),
    [
        (401, "The catalog does not accept our token or credential: Kind: because", "FQ_CATALOG_TOKEN"),
        (403, "The catalog does not let us do this: Kind: because", "administrator"),
        (404, "The catalog refuses the request: Kind: because", "FQ_CATALOG_WAREHOUSE"),
        (429, "The catalog fails: Kind: because", "Run again in a while"),
        (500, "The catalog fails: Kind: because", "the catalog's own log"),
        (503, "The catalog fails: Kind: because", "Run again in a while"),
    ],
)
def test_rest_catalog_that_answers_with_an_error(tmp_path: Path, status: int, what: str, fix: str) -> None:
    answer = {"error": {"message": "because", "type": "Kind", "code": status}}
    with serving(lambda _: (status, answer)) as server:
        refused = refusal(rest(tmp_path, server.url))

    assert (refused.what, refused.where) == (what, server.url)
    assert fix in refused.fix


def test_login_that_is_refused(tmp_path: Path) -> None:
    answer = {"error": "invalid_client", "error_description": "no such secret"}
    with serving(lambda _: (401, answer)) as server:
        refused = refusal(rest(tmp_path, server.url, "id:s3cret"))

    assert refused.what.startswith("The catalog does not accept our token or credential: ")
    assert "no such secret" in refused.what


def test_https_where_there_is_none(tmp_path: Path) -> None:
    with serving(lambda _: (200, {})) as server:
        refused = refusal(rest(tmp_path, server.url.replace("http", "https")))

    assert refused.what.startswith("The catalog's address cannot be trusted: SSL: WRONG_VERSION_NUMBER")
    assert "REQUESTS_CA_BUNDLE" in refused.fix


@pytest.mark.parametrize(
    ("code", "what", "fix"),
    [
        ("AccessDeniedException", "AWS does not let us do this: because", "administrator"),
        ("ExpiredTokenException", "The AWS keys have expired: ExpiredTokenException", "aws sso login"),
        ("UnrecognizedClientException", "AWS does not accept the keys", "AWS_ACCESS_KEY_ID"),
    ],
)
def test_glue_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, what: str, fix: str) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    with serving(lambda _: (400, {"__type": code, "Message": "because"})) as server:
        refused = refusal(Settings(home=tmp_path, profile=Profile.GLUE, glue_endpoint=server.url))

    assert refused.what.startswith(what)
    assert fix in refused.fix
    assert refused.where == server.url


def test_glue_without_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))

    refused = refusal(Settings(home=tmp_path, profile=Profile.GLUE, glue_endpoint=NOBODY))

    assert refused.what == "There are no AWS keys: Unable to locate credentials"
    assert "AWS_PROFILE" in refused.fix


def test_region_that_does_not_exist() -> None:
    known = explain_catalog_error(EndpointConnectionError(endpoint_url="https://glue.mars-1.amazonaws.com/"), "there")

    assert known is not None
    assert known.what == 'AWS cannot be reached: "https://glue.mars-1.amazonaws.com/"'
    assert "AWS_REGION" in known.fix


def test_client_of_postgresql_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    uri = SecretStr("postgresql://fq:s3cret@127.0.0.1:9/lake")

    refused = refusal(Settings(home=tmp_path, profile=Profile.SQL, catalog_uri=uri))

    assert refused.what == "The client of PostgreSQL is not installed"
    assert "fq-platform[postgres]" in refused.fix


def test_database_that_nobody_serves(tmp_path: Path) -> None:
    uri = SecretStr("postgresql://fq:s3cret@127.0.0.1:9/lake")

    refused = refusal(Settings(home=tmp_path, profile=Profile.SQL, catalog_uri=uri))

    assert refused.what.startswith("The catalog's database cannot be reached: connection to server at")
    assert refused.where == "postgresql://127.0.0.1:9/lake"


def test_other_errors_pass_through() -> None:
    with pytest.raises(ZeroDivisionError), catalog_errors("there"):
        raise ZeroDivisionError


def logins(postgres: Postgres) -> dict[str, tuple[str, str]]:
    """What is wrong, by the address that is."""
    return {
        postgres.uri(password="s3cret"): ("The catalog's database refuses the login", "FQ_CATALOG_URI"),
        postgres.uri(database="nowhere"): ("The catalog's database does not exist", "createdb"),
    }


@pytest.mark.services
def test_postgresql_that_refuses(tmp_path: Path, postgres: Postgres) -> None:
    for uri, (what, fix) in logins(postgres).items():
        refused = refusal(Settings(home=tmp_path, profile=Profile.SQL, catalog_uri=SecretStr(uri)))

        assert refused.what.startswith(what)
        assert fix in refused.fix


@pytest.mark.services
def test_user_of_postgresql_who_may_not_make_tables(tmp_path: Path, postgres: Postgres) -> None:
    uri = postgres.create("read_only")
    with psycopg2.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE USER reader PASSWORD 's3cret'; GRANT CONNECT ON DATABASE read_only TO reader")
    connection.close()
    reader = postgres.uri("read_only", "reader", "s3cret")

    refused = refusal(Settings(home=tmp_path, profile=Profile.SQL, catalog_uri=SecretStr(reader)))

    assert refused.what == ("The catalog's database does not let our user do this: permission denied for schema public")


@pytest.mark.services
def test_spark_meets_the_same_errors(spark: SparkSession, tmp_path: Path, postgres: Postgres) -> None:
    answer = {"error": {"message": "because", "type": "Kind", "code": 403}}
    with serving(lambda _: (403, answer)) as server:
        cases = {
            rest(tmp_path, server.url): "The catalog does not let us do this: Forbidden: because",
            rest(tmp_path, server.url, "id:s3cret"): "The catalog does not accept our token or credential: ",
            rest(tmp_path, server.url.replace("http", "https")): "The catalog's address cannot be trusted: ",
            rest(tmp_path, NOBODY): "The catalog cannot be reached: ",
        }
        for uri, (what, _) in logins(postgres).items():
            cases[Settings(home=tmp_path, profile=Profile.SQL, catalog_uri=SecretStr(uri))] = what
        for settings, what in cases.items():
            with pytest.raises(FqError) as refused, catalog_errors("there"):
                start_session(settings).sql("SHOW TABLES IN iceberg.raw").collect()
            assert refused.value.what.startswith(what)
            assert "s3cret" not in str(refused.value)

"""How we log in to REST catalogs, proven against a server that records it; Databricks itself does not run here."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from pyspark.sql import SparkSession

from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.resources.spark import start_session
from fq_platform.settings import Profile, Settings
from fq_platform_tests.lakehouse.catalog_server import CatalogServer, Request, serving

UNITY = "/api/2.1/unity-catalog/iceberg-rest"
NAMESPACES = ["raw", "curated", "shared", "analytics"]


def unity(request: Request) -> tuple[int, object]:
    """What Unity Catalog answers, by the Iceberg REST specification, to somebody who may see the catalog `main`."""
    if request.path == "/oidc/v1/token":
        known = (request.form["client_id"], request.form["client_secret"]) == ("id", "s3cret")
        token = {"access_token": "t0ken", "token_type": "Bearer", "expires_in": 3600}
        return (200, token) if known else (401, {"error": "invalid_client", "error_description": "no such secret"})
    if request.headers.get("authorization") != "Bearer t0ken":
        return 401, {"error": {"message": "who are you?", "type": "NotAuthorizedException", "code": 401}}
    match request.path.removeprefix(UNITY):
        case "/v1/config" if request.query == {"warehouse": "main"}:
            return 200, {"defaults": {}, "overrides": {"prefix": "catalogs/main"}}
        case "/v1/catalogs/main/namespaces":
            return 200, {"namespaces": [[name] for name in NAMESPACES]}
        case "/v1/catalogs/main/namespaces/raw/tables":
            return 200, {"identifiers": [{"namespace": ["raw"], "name": "app_orders"}]}
        case path if path.removeprefix("/v1/catalogs/main/namespaces/") in NAMESPACES:
            return 200, {"namespace": [path.rpartition("/")[2]], "properties": {}}
        case _:
            return 404, {"error": {"message": request.path, "type": "NoSuchNamespaceException", "code": 404}}


@pytest.fixture
def server() -> Iterator[CatalogServer]:
    with serving(unity) as running:
        yield running


@pytest.fixture
def workspace(server: CatalogServer, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, profile=Profile.UNITY, catalog_uri=SecretStr(server.url), catalog_warehouse="main")


def assert_only_a_token_reached_the_catalog(server: CatalogServer) -> None:
    asked = server.to(UNITY)
    assert asked
    assert {request.headers.get("authorization") for request in asked} == {"Bearer t0ken"}
    assert {request.headers.get("x-iceberg-access-delegation") for request in asked} == {"vended-credentials"}
    assert "s3cret" not in str(asked)


def assert_logged_in_as_a_principal(server: CatalogServer) -> None:
    asked = server.to("/oidc")
    expected = {"grant_type": "client_credentials", "client_id": "id", "client_secret": "s3cret", "scope": "all-apis"}
    assert asked
    assert all(request.method == "POST" and expected.items() <= request.form.items() for request in asked)


def test_a_service_principal_gets_a_token_of_the_workspace(server: CatalogServer, workspace: Settings) -> None:
    catalog = open_catalog(workspace.model_copy(update={"catalog_credential": SecretStr("id:s3cret")}))

    assert catalog.list_tables("raw") == [("raw", "app_orders")]
    assert_logged_in_as_a_principal(server)
    assert_only_a_token_reached_the_catalog(server)


def test_a_token_is_used_as_it_is(server: CatalogServer, workspace: Settings) -> None:
    catalog = open_catalog(workspace.model_copy(update={"catalog_token": SecretStr("t0ken")}))

    assert catalog.list_tables("raw") == [("raw", "app_orders")]
    assert server.to("/oidc") == []
    assert_only_a_token_reached_the_catalog(server)


def test_namespaces_are_not_nested_in_unity(server: CatalogServer, workspace: Settings) -> None:
    open_catalog(workspace.model_copy(update={"catalog_token": SecretStr("t0ken")}))

    assert [request.method for request in server.asked if request.method != "GET"] == []


@pytest.mark.services
@pytest.mark.parametrize("login", [{"catalog_credential": "id:s3cret"}, {"catalog_token": "t0ken"}], ids=str)
def test_spark_logs_in_the_same_way(
    spark: SparkSession, server: CatalogServer, workspace: Settings, login: dict[str, str]
) -> None:
    session = start_session(workspace.model_copy(update={name: SecretStr(text) for name, text in login.items()}))

    assert [row.tableName for row in session.sql("SHOW TABLES IN iceberg.raw").collect()] == ["app_orders"]
    if "catalog_credential" in login:
        assert_logged_in_as_a_principal(server)
    assert_only_a_token_reached_the_catalog(server)

"""The same catalog and storage for Trino, as the properties of its Iceberg connector.

Belongs here: the properties, with references in place of secrets. Does not: asking Trino (`query/trino_engine.py`), or
how PyIceberg and Spark are told (`connection.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fq_platform.errors import FqError
from fq_platform.lakehouse.connection import pyiceberg_properties, require_connectable
from fq_platform.lakehouse.layout import CATALOG, layout_of
from fq_platform.lakehouse.s3_access import S3Access, s3_access
from fq_platform.lakehouse.sql_uri import sql_uri
from fq_platform.settings import Profile, Settings

CATALOG_PASSWORD = "FQ_CATALOG_PASSWORD"  # noqa: S105 - a variable's name
"""The variable by which Trino's nodes are told the password that stands inside `FQ_CATALOG_URI`."""

_JDBC_DRIVERS = {True: "org.postgresql.Driver", False: "org.sqlite.JDBC"}
_REST = "iceberg.rest-catalog"


@dataclass(frozen=True)
class TrinoCatalog:
    """A catalog as Trino is configured with it.

    Args:
        properties: What stands in `etc/catalog/<name>.properties`; a secret as `${ENV:<variable>}`.
        secrets: The variables referred to, which every node of Trino needs, and their values.
    """

    properties: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def file(self) -> str:
        """The text of the file of properties, which holds no secret."""
        return "".join(f"{name}={value}\n" for name, value in self.properties.items())

    def statement(self, name: str = CATALOG) -> str:
        """The SQL that makes the catalog in a Trino whose catalogs are managed by SQL (`catalog.management=dynamic`).

        Args:
            name: What Trino shall call it.

        Returns:
            A CREATE CATALOG, which holds no secret.
        """
        given = ",\n".join(
            f"  {_quoted(key)} = '{value.replace(chr(39), chr(39) * 2)}'"
            for key, value in self.properties.items()
            if key != "connector.name"
        )
        return f"CREATE CATALOG {_quoted(name)} USING {self.properties['connector.name']} WITH (\n{given}\n)"


def trino_catalog(settings: Settings, *, writes: bool = False) -> TrinoCatalog:
    """The lakehouse as a catalog of Trino.

    Args:
        settings: The profile and the settings it uses.
        writes: Whether Trino may change tables; otherwise it refuses everybody.

    Returns:
        The properties and the secrets that they refer to.

    Raises:
        FqError: The profile lacks a setting, or Trino cannot reach what it uses.
    """
    require_connectable(settings)
    access = s3_access(settings)
    if access is None:
        raise FqError(
            "Trino cannot read tables that lie in a folder of this machine",
            where=f"FQ_PROFILE={settings.profile.value}, {settings.warehouse_root}",
            fix="Choose a profile whose tables lie in S3: docs/lakehouse.md, 'Profiles', lists them",
        )
    secrets: dict[str, str] = {}
    properties = {
        "connector.name": "iceberg",
        **_catalog(settings, secrets),
        **_storage(settings, access, secrets),
        **({} if writes else {"iceberg.security": "READ_ONLY"}),
    }
    return TrinoCatalog(properties, secrets)


def trino_catalog_properties(settings: Settings, *, writes: bool = False) -> dict[str, str]:
    """The properties alone; see `trino_catalog`."""
    return dict(trino_catalog(settings, writes=writes).properties)


def _catalog(settings: Settings, secrets: dict[str, str]) -> dict[str, str]:
    match settings.profile:
        case Profile.LOCAL | Profile.S3LOCAL | Profile.SQL:
            return _jdbc(settings, secrets)
        case Profile.GLUE:
            return _glue(settings)
        case Profile.REST | Profile.UNITY:
            return _rest(settings, secrets)


def _jdbc(settings: Settings, secrets: dict[str, str]) -> dict[str, str]:
    uri, prefix = sql_uri(settings), "iceberg.jdbc-catalog"
    properties = {
        "iceberg.catalog.type": "jdbc",
        f"{prefix}.driver-class": _JDBC_DRIVERS[uri.is_postgres],
        f"{prefix}.connection-url": uri.jdbc,
        # The rows of a SQL catalog belong to a name, which must be the one that PyIceberg and Spark use.
        f"{prefix}.catalog-name": CATALOG,
        f"{prefix}.schema-version": "V1",
        f"{prefix}.default-warehouse-dir": settings.warehouse_root or "",
    }
    if uri.user:
        properties[f"{prefix}.connection-user"] = uri.user
        properties[f"{prefix}.connection-password"] = _reference(CATALOG_PASSWORD, uri.password, secrets)
    return properties


def _glue(settings: Settings) -> dict[str, str]:
    given = {
        "iceberg.catalog.type": "glue",
        "hive.metastore.glue.region": settings.aws_region,
        "hive.metastore.glue.endpoint-url": settings.glue_endpoint,
        "hive.metastore.glue.catalogid": settings.glue_catalog_id,
        "hive.metastore.glue.default-warehouse-dir": settings.warehouse_root,
    }
    return {name: value for name, value in given.items() if value}


def _rest(settings: Settings, secrets: dict[str, str]) -> dict[str, str]:
    given = pyiceberg_properties(settings)
    properties = {
        "iceberg.catalog.type": "rest",
        f"{_REST}.uri": given["uri"],
        f"{_REST}.nested-namespace-enabled": str(layout_of(settings).nests).lower(),
        f"{_REST}.vended-credentials-enabled": str(settings.s3_endpoint is None).lower(),
    }
    if "warehouse" in given:
        properties[f"{_REST}.warehouse"] = given["warehouse"]
    if "token" not in given and "credential" not in given:
        return properties
    properties[f"{_REST}.security"] = "OAUTH2"
    for name, variable in (("token", "FQ_CATALOG_TOKEN"), ("credential", "FQ_CATALOG_CREDENTIAL")):
        if name in given:
            properties[f"{_REST}.oauth2.{name}"] = _reference(variable, given[name], secrets)
    for name, theirs in (("scope", "scope"), ("oauth2-server-uri", "server-uri")):
        if name in given:
            properties[f"{_REST}.oauth2.{theirs}"] = given[name]
    return properties


def _storage(settings: Settings, access: S3Access, secrets: dict[str, str]) -> dict[str, str]:
    properties = {"fs.native-s3.enabled": "true", "s3.path-style-access": str(access.path_style).lower()}
    if region := pyiceberg_properties(settings).get("client.region"):
        properties["s3.region"] = region
    if access.endpoint:
        properties["s3.endpoint"] = access.endpoint
    if access.kms_key_id:
        properties |= {"s3.sse.type": "KMS", "s3.sse.kms-key-id": access.kms_key_id}
    if keys := access.explicit_keys:
        properties["s3.aws-access-key"] = _reference("AWS_ACCESS_KEY_ID", keys.access_key, secrets)
        properties["s3.aws-secret-key"] = _reference("AWS_SECRET_ACCESS_KEY", keys.secret_key, secrets)
    return properties


def _reference(variable: str, value: str, secrets: dict[str, str]) -> str:
    """What stands in a property in place of a secret, which is noted."""
    secrets[variable] = value
    return f"${{ENV:{variable}}}"


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'

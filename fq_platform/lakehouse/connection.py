"""The same catalog and storage for every engine, from one settings object.

Belongs here: the properties that PyIceberg and Spark are configured with. Does not: connecting (`catalog.py`,
`resources/spark.py`). The values may hold secrets: never log them.
"""

from urllib.parse import urlsplit

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import CATALOG
from fq_platform.lakehouse.s3_access import S3Access, s3_access
from fq_platform.lakehouse.sql_uri import sql_uri
from fq_platform.settings import Profile, Settings

__all__ = ["pyiceberg_properties", "require_connectable", "s3_access", "spark_catalog_conf"]

UNITY_PATH = "/api/2.1/unity-catalog/iceberg-rest"
"""Where a Databricks workspace serves its Iceberg REST catalog."""

UNITY_TOKENS = "/oidc/v1/token"
"""Where a Databricks workspace exchanges a service principal's credential for a token."""

_VENDED = {"header.X-Iceberg-Access-Delegation": "vended-credentials"}
"""Asks a REST catalog for keys to each table's files, unless we have our own S3."""


def pyiceberg_properties(settings: Settings) -> dict[str, str]:
    """The properties of PyIceberg's catalog `iceberg`.

    Args:
        settings: The profile and the settings it uses.

    Returns:
        What `pyiceberg.catalog.load_catalog` takes beside the name.

    Raises:
        FqError: The profile lacks a setting, or the one it has cannot be used.
    """
    require_connectable(settings)
    access = s3_access(settings)
    storage = _region(settings) | _pyiceberg_storage(access) if access else {}
    warehouse = {"warehouse": settings.warehouse_root} if settings.warehouse_root else {}
    match settings.profile:
        case Profile.LOCAL | Profile.S3LOCAL | Profile.SQL:
            uri = sql_uri(settings)
            kept_alive = {"pool_pre_ping": "true"} if uri.is_postgres else {}
            return {"type": "sql", "uri": uri.sqlalchemy} | kept_alive | warehouse | storage
        case Profile.GLUE:
            return {"type": "glue", "glue.region": settings.aws_region} | _glue(settings) | warehouse | storage
        case Profile.REST | Profile.UNITY:
            return {"type": "rest"} | _rest(settings) | storage


def spark_catalog_conf(settings: Settings) -> dict[str, str]:
    """The Spark properties that make the same catalog appear as `iceberg`.

    Args:
        settings: The profile and the settings it uses.

    Returns:
        Spark property names and values, all below `spark.sql.catalog.iceberg`.

    Raises:
        FqError: The profile lacks a setting, or the one it has cannot be used.
    """
    require_connectable(settings)
    # Python writes the same tables: a cached table would hide its commits.
    properties = {"cache-enabled": "false"} | _spark_catalog(settings)
    prefix = f"spark.sql.catalog.{CATALOG}"
    return {prefix: "org.apache.iceberg.spark.SparkCatalog"} | {
        f"{prefix}.{name}": value for name, value in properties.items()
    }


def require_connectable(settings: Settings) -> None:
    """Refuse settings with which the profile's catalog cannot be reached at all.

    Args:
        settings: The profile and the settings it uses.

    Raises:
        FqError: Naming every variable that is missing or cannot be used.
    """
    wrong = []
    if settings.profile in (Profile.REST, Profile.UNITY):
        if settings.catalog_uri is None:
            wrong.append("FQ_CATALOG_URI is not set")
        elif urlsplit(settings.catalog_uri.get_secret_value()).scheme not in ("http", "https"):
            wrong.append("FQ_CATALOG_URI does not start with https://")
        elif "@" in urlsplit(settings.catalog_uri.get_secret_value()).netloc:
            wrong.append("FQ_CATALOG_URI holds a user (FQ_CATALOG_CREDENTIAL is for that)")
    if settings.profile is Profile.UNITY:
        if settings.catalog_warehouse is None:
            wrong.append("FQ_CATALOG_WAREHOUSE, the catalog's name in Unity, is not set")
        if settings.catalog_token is None and settings.catalog_credential is None:
            wrong.append("neither FQ_CATALOG_TOKEN nor FQ_CATALOG_CREDENTIAL is set")
    if wrong:
        raise FqError(
            f"The profile {settings.profile.value!r} cannot be used: {'; '.join(wrong)}",
            where="environment or .env",
            fix="Set what is named, or another FQ_PROFILE; docs/lakehouse.md, 'Profiles', says what each one needs",
        )


def _spark_catalog(settings: Settings) -> dict[str, str]:
    access = s3_access(settings)
    storage = _region(settings) | _spark_storage(access) if access else {}
    warehouse = {"warehouse": settings.warehouse_root} if settings.warehouse_root else {}
    in_s3 = {"io-impl": "org.apache.iceberg.aws.s3.S3FileIO"} if access else {}
    match settings.profile:
        case Profile.LOCAL | Profile.S3LOCAL | Profile.SQL:
            uri = sql_uri(settings)
            login = {"jdbc.user": uri.user, "jdbc.password": uri.password} if uri.user else {}
            jdbc = {"type": "jdbc", "uri": uri.jdbc, "jdbc.schema-version": "V1"}
            return jdbc | login | warehouse | in_s3 | storage
        case Profile.GLUE:
            return {"type": "glue"} | _glue(settings) | warehouse | in_s3 | storage
        case Profile.REST | Profile.UNITY:
            # The catalog says where tables lie: it may be no S3, so Iceberg chooses by the address.
            return {"type": "rest"} | _rest(settings) | storage


def _glue(settings: Settings) -> dict[str, str]:
    given = {"glue.endpoint": settings.glue_endpoint, "glue.id": settings.glue_catalog_id}
    return {name: value for name, value in given.items() if value}


def _rest(settings: Settings) -> dict[str, str]:
    """What PyIceberg and Spark call by the same names."""
    secrets = {"token": settings.catalog_token, "credential": settings.catalog_credential}
    assert settings.catalog_uri is not None  # noqa: S101 - `require_connectable` has seen to it
    uri = settings.catalog_uri.get_secret_value().rstrip("/")
    scope, tokens = settings.catalog_scope, settings.catalog_oauth2_uri
    if settings.profile is Profile.UNITY:
        workspace = uri.removesuffix(UNITY_PATH)
        uri = f"{workspace}{UNITY_PATH}"
        scope, tokens = scope or "all-apis", tokens or f"{workspace}{UNITY_TOKENS}"
    given = {
        "uri": uri,
        "warehouse": settings.catalog_warehouse,
        **{name: secret.get_secret_value() if secret else None for name, secret in secrets.items()},
        "scope": scope,
        "oauth2-server-uri": tokens if settings.catalog_credential else None,
    }
    vended = {} if settings.s3_endpoint else _VENDED
    return {name: value for name, value in given.items() if value} | vended


def _region(settings: Settings) -> dict[str, str]:
    """The region of S3, by one name in PyIceberg and Spark; a catalog that places tables knows their region itself."""
    ours = settings.profile.places_tables or settings.s3_endpoint or "aws_region" in settings.model_fields_set
    return {"client.region": settings.aws_region} if ours else {}


def _pyiceberg_storage(access: S3Access) -> dict[str, str]:
    """PyArrow cannot ask for a KMS key: what PyIceberg writes is encrypted by the bucket's own setting."""
    properties = {}
    if access.endpoint:
        properties["s3.endpoint"] = access.endpoint
        properties |= {} if access.path_style else {"s3.force-virtual-addressing": "true"}
    return properties | _explicit_keys(access)


def _spark_storage(access: S3Access) -> dict[str, str]:
    properties = {"s3.path-style-access": str(access.path_style).lower()}
    if access.endpoint:
        properties["s3.endpoint"] = access.endpoint
    if access.kms_key_id:
        properties |= {"s3.sse.type": "kms", "s3.sse.key": access.kms_key_id}
    return properties | _explicit_keys(access)


def _explicit_keys(access: S3Access) -> dict[str, str]:
    """The same names in PyIceberg and Spark; none where each engine finds its keys by AWS's default chain."""
    keys = access.explicit_keys
    return {"s3.access-key-id": keys.access_key, "s3.secret-access-key": keys.secret_key} if keys else {}

"""Typed settings of the lake: which catalog, which storage, how tables are laid out in it.

Belongs here: the fields and their values. Does not: other settings (`settings.py`), or how engines are told of these
(`lakehouse/connection.py`).
"""

from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

WAREHOUSE_FOLDER = "iceberg-warehouse"
"""The warehouse's folder in a bucket, unless `FQ_WAREHOUSE` says otherwise."""


class Profile(StrEnum):
    """Where tables live and which catalog knows them."""

    LOCAL = "local"
    S3LOCAL = "s3local"
    SQL = "sql"
    GLUE = "glue"
    REST = "rest"
    UNITY = "unity"

    @property
    def places_tables(self) -> bool:
        """Whether we say where a table lies; a REST catalog knows best itself, and Unity allows nothing else."""
        return self not in (Profile.REST, Profile.UNITY)


class TableLayout(StrEnum):
    """How the folders of tables are named in the warehouse."""

    LAYERED = "layered"
    HIVE = "hive"


class LakeSettings(BaseSettings):
    """The part of `Settings` that says where the lake is; each field's environment variable stands in its alias."""

    profile: Profile = Field(default=Profile.LOCAL, validation_alias="FQ_PROFILE")
    warehouse_override: str | None = Field(default=None, validation_alias="FQ_WAREHOUSE")
    table_layout: TableLayout = Field(default=TableLayout.LAYERED, validation_alias="FQ_TABLE_LAYOUT")
    nested_namespaces: bool | None = Field(default=None, validation_alias="FQ_NESTED_NAMESPACES")

    catalog_uri: SecretStr | None = Field(default=None, validation_alias="FQ_CATALOG_URI")
    catalog_warehouse: str | None = Field(default=None, validation_alias="FQ_CATALOG_WAREHOUSE")
    catalog_credential: SecretStr | None = Field(default=None, validation_alias="FQ_CATALOG_CREDENTIAL")
    catalog_token: SecretStr | None = Field(default=None, validation_alias="FQ_CATALOG_TOKEN")
    catalog_scope: str | None = Field(default=None, validation_alias="FQ_CATALOG_SCOPE")
    catalog_oauth2_uri: str | None = Field(default=None, validation_alias="FQ_CATALOG_OAUTH2_URI")
    glue_endpoint: str | None = Field(default=None, validation_alias="FQ_GLUE_ENDPOINT")
    glue_catalog_id: str | None = Field(default=None, validation_alias="FQ_GLUE_CATALOG_ID")

    s3_bucket: str = Field(default="fq-app-analytics-bucket-1", validation_alias="S3_BUCKET")
    s3_endpoint: str | None = Field(default=None, validation_alias="FQ_S3_ENDPOINT")
    s3_path_style: bool | None = Field(default=None, validation_alias="FQ_S3_PATH_STYLE")
    kms_key_id: str | None = Field(default=None, validation_alias="FQ_KMS_KEY_ID")

    aws_region: str = Field(default="eu-central-1", validation_alias="AWS_REGION")
    aws_profile: str | None = Field(default=None, validation_alias="AWS_PROFILE")
    aws_access_key_id: SecretStr | None = Field(default=None, validation_alias="AWS_ACCESS_KEY_ID")
    aws_secret_access_key: SecretStr | None = Field(default=None, validation_alias="AWS_SECRET_ACCESS_KEY")
    aws_session_token: SecretStr | None = Field(default=None, validation_alias="AWS_SESSION_TOKEN")

    @field_validator("warehouse_override")
    @classmethod
    def _a_folder_we_can_name(cls, value: str | None) -> str | None:
        if value is None:
            return None
        uri = urlsplit(value)
        if (uri.scheme, bool(uri.netloc)) not in (("s3", True), ("file", False)) or uri.query or uri.fragment:
            raise ValueError("give s3://<bucket>/<folder> or file:///<folder>")
        return value.rstrip("/")

    @field_validator("s3_endpoint", "glue_endpoint", "catalog_oauth2_uri")
    @classmethod
    def _a_web_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        uri = urlsplit(value)
        if uri.scheme not in ("http", "https") or not uri.hostname or "@" in uri.netloc:
            raise ValueError("give http(s)://<host>[:<port>], without user and password")
        return value.rstrip("/")

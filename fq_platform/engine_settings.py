"""Typed settings of the engines that compute and that answer queries, and of how far a query may go.

Belongs here: the fields and their values. Does not: other settings (`settings.py`), or starting an engine
(`resources/`, `query/`).
"""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from fq_platform.extraction.engine_name import Partitioner
from fq_platform.query.options import EngineName


class EngineSettings(BaseSettings):
    """The part of `Settings` about engines; each field's environment variable stands in its alias."""

    spark_master: str = Field(default="local[2]", validation_alias="FQ_SPARK_MASTER")
    spark_driver_memory: str = Field(default="1g", validation_alias="FQ_SPARK_DRIVER_MEMORY")
    # Its address may hold a token. The name is Spark's own.
    spark_remote: SecretStr | None = Field(default=None, validation_alias="SPARK_REMOTE")
    spark_partitioner: Partitioner = Field(default=Partitioner.AUTO, validation_alias="FQ_SPARK_PARTITIONER")

    query_engine: EngineName = Field(default=EngineName.DUCKDB, validation_alias="FQ_QUERY_ENGINE")
    query_rows: int = Field(default=0, ge=0, validation_alias="FQ_QUERY_ROWS")
    query_timeout_seconds: float = Field(default=0, ge=0, le=86_400, validation_alias="FQ_QUERY_TIMEOUT_SECONDS")

    # Its address may hold a password.
    trino_url: SecretStr | None = Field(default=None, validation_alias="FQ_TRINO_URL")
    athena_workgroup: str = Field(default="primary", validation_alias="FQ_ATHENA_WORKGROUP")
    athena_output: str | None = Field(default=None, pattern=r"^s3://", validation_alias="FQ_ATHENA_OUTPUT")

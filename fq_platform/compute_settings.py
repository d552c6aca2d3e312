"""Typed settings of where tables are computed: in the run's own process, or by Spark that stands somewhere else.

Belongs here: the fields and their values. Does not: handing a table over (`pipes/`), or whether what is set can be
reached (`doctor/aws.py`).
"""

from enum import StrEnum

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings


class Compute(StrEnum):
    """What makes the tables of the curated, shared and analytics layers."""

    LOCAL = "local"
    PROCESS = "process"
    EMR = "emr"
    EMR_SERVERLESS = "emr-serverless"
    GLUE = "glue"
    DATABRICKS = "databricks"


class ComputeSettings(BaseSettings):
    """The part of `Settings` about remote Spark; each field's environment variable stands in its alias."""

    compute: Compute = Field(default=Compute.LOCAL, validation_alias="FQ_COMPUTE")
    # Holds environment.tar.gz, job.py and the jars: docs/aws-spark.md says how it is filled.
    job_folder: str | None = Field(default=None, pattern=r"^s3://[^/]+(/|$)", validation_alias="FQ_JOB_FOLDER")
    emr_cluster_id: str | None = Field(default=None, pattern=r"^j-[A-Z0-9]+$", validation_alias="FQ_EMR_CLUSTER_ID")
    emr_serverless_application_id: str | None = Field(
        default=None, pattern=r"^[0-9a-z]+$", validation_alias="FQ_EMR_SERVERLESS_APPLICATION_ID"
    )
    emr_serverless_role: str | None = Field(
        default=None, pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/", validation_alias="FQ_EMR_SERVERLESS_ROLE"
    )
    glue_job: str | None = Field(default=None, validation_alias="FQ_GLUE_JOB")
    databricks_cluster_id: str | None = Field(default=None, validation_alias="FQ_DATABRICKS_CLUSTER_ID")

    @field_validator("job_folder")
    @classmethod
    def _without_slash(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value else value

    def missing_for_compute(self) -> list[str]:
        """The variables that `FQ_COMPUTE` needs and that are not set."""
        needed = {
            Compute.EMR: ("job_folder", "emr_cluster_id"),
            Compute.EMR_SERVERLESS: ("job_folder", "emr_serverless_application_id", "emr_serverless_role"),
            Compute.GLUE: ("glue_job",),
            Compute.DATABRICKS: ("job_folder", "databricks_cluster_id"),
        }
        names = needed.get(self.compute, ())
        fields = type(self).model_fields
        return [str(fields[name].validation_alias) for name in names if getattr(self, name) is None]

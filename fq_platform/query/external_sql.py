"""The SQL by which warehouses outside find the lakehouse in Glue: Redshift's external schemas, Databricks' catalog.

Belongs here: statements, computed from the layout, so that the documentation cannot drift. Does not: running them.
"""

from sqlglot import exp

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import Layer, Layout
from fq_platform.settings import Profile, Settings

READ_BY_ANALYSTS = (Layer.CURATED, Layer.SHARED, Layer.ANALYTICS)
"""The layers that analysts may read (`docker/aws/analyst.json`)."""


def require_glue(settings: Settings) -> None:
    """Refuse a lakehouse that these warehouses do not find.

    Raises:
        FqError: It is not in Glue's catalog.
    """
    if settings.profile is not Profile.GLUE:
        raise FqError(
            "Redshift and Databricks SQL find tables in Glue's catalog, and the lakehouse is in another",
            where=f"FQ_PROFILE={settings.profile.value}",
            fix="Set FQ_PROFILE=glue. With FQ_PROFILE=unity the tables are Databricks' own: there is nothing to set up",
        )


def redshift_schemas(region: str, role: str) -> list[str]:
    """One external schema of Redshift for each layer; its tables appear by themselves.

    Args:
        region: Of Glue's catalog.
        role: ARN of the role that the cluster reads with.
    """
    return [
        f"CREATE EXTERNAL SCHEMA IF NOT EXISTS {layer.value}\n"
        f"FROM DATA CATALOG DATABASE '{layer.value}' REGION {_text(region, 'redshift')}\n"
        f"IAM_ROLE {_text(role, 'redshift')};"
        for layer in READ_BY_ANALYSTS
    ]


def databricks_catalog(region: str, layout: Layout, credential: str) -> list[str]:
    """Unity's foreign catalog over Glue.

    Args:
        region: Of Glue's catalog.
        layout: Says which folders the catalog may be read from.
        credential: Unity's service credential for Glue.
    """
    folders = ",".join(f"{layout.warehouse}/{layout.folder(layer)}" for layer in READ_BY_ANALYSTS)
    return [
        "CREATE CONNECTION IF NOT EXISTS fq_glue TYPE glue\n"
        f"OPTIONS (aws_region {_text(region, 'databricks')}, credential {_text(credential, 'databricks')});",
        "CREATE FOREIGN CATALOG IF NOT EXISTS iceberg USING CONNECTION fq_glue\n"
        f"OPTIONS (authorized_paths {_text(folders, 'databricks')});",
    ]


def _text(value: str, dialect: str) -> str:
    return exp.Literal.string(value).sql(dialect)

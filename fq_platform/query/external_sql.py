"""The SQL by which warehouses outside find the lakehouse in Glue: Redshift's external schemas, Databricks' catalog.

Belongs here: statements, computed from the layout, so that the documentation cannot drift. Does not: running them.
"""

from fq_platform.lakehouse.layout import Layer, Layout

READ_BY_ANALYSTS = (Layer.CURATED, Layer.SHARED, Layer.ANALYTICS)
"""The layers that analysts may read (`docker/aws/analyst.json`)."""


def redshift_schemas(region: str, role: str) -> list[str]:
    """One external schema of Redshift for each layer; its tables appear by themselves.

    Args:
        region: Of Glue's catalog.
        role: ARN of the role that the cluster reads with.
    """
    return [
        f"CREATE EXTERNAL SCHEMA IF NOT EXISTS {layer.value}\n"
        f"FROM DATA CATALOG DATABASE '{layer.value}' REGION '{region}'\nIAM_ROLE '{role}';"
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
        f"OPTIONS (aws_region '{region}', credential '{credential}');",
        "CREATE FOREIGN CATALOG IF NOT EXISTS iceberg USING CONNECTION fq_glue\n"
        f"OPTIONS (authorized_paths '{folders}');",
    ]

"""`fq external-sql`: the SQL by which a warehouse outside finds the tables.

Belongs here: the command's options. Does not: the statements (`query/external_sql.py`).
"""

from enum import StrEnum
from typing import Annotated

import typer


class Warehouse(StrEnum):
    """Who is to read the tables."""

    REDSHIFT = "redshift"
    DATABRICKS = "databricks"


def external_sql(
    warehouse: Annotated[Warehouse, typer.Argument(help="Who is to read the tables.", show_default=False)],
    role: Annotated[
        str | None, typer.Option(metavar="ARN", help="redshift: the role that the cluster reads with.")
    ] = None,
    credential: Annotated[
        str | None, typer.Option(metavar="NAME", help="databricks: Unity's service credential for Glue.")
    ] = None,
) -> None:
    """Print the statements that let Redshift or Databricks SQL read the tables in Glue's catalog where they lie.

    Bucket, folder, layout and region are those of the settings (S3_BUCKET, FQ_WAREHOUSE, FQ_TABLE_LAYOUT, AWS_REGION).
    Nothing is sent; an administrator runs them there.
    """
    from fq_platform.lakehouse.layout import layout_of
    from fq_platform.query.external_sql import databricks_catalog, redshift_schemas, require_glue
    from fq_platform.settings import get_settings

    settings = get_settings()
    require_glue(settings)
    match warehouse:
        case Warehouse.REDSHIFT:
            statements = redshift_schemas(settings.aws_region, _given(role, "--role"))
        case Warehouse.DATABRICKS:
            statements = databricks_catalog(
                settings.aws_region, layout_of(settings), _given(credential, "--credential")
            )
    typer.echo("\n".join(statements))


def _given(value: str | None, option: str) -> str:
    if value is None:
        raise typer.BadParameter(f"the statements need {option}")
    return value

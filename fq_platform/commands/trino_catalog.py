"""`fq trino-catalog`: the lakehouse as Trino is told of it.

Belongs here: the command's options, and what is printed. Does not: the properties (`lakehouse/trino_catalog.py`).
"""

from typing import Annotated

import typer


def trino_catalog(
    writes: Annotated[bool, typer.Option("--writes", help="Let Trino change tables; otherwise it refuses.")] = False,
    sql: Annotated[
        bool, typer.Option("--sql", help="Print a CREATE CATALOG, for a Trino whose catalogs are managed by SQL.")
    ] = False,
) -> None:
    """Print the file etc/catalog/iceberg.properties for Trino's nodes, made from the settings.

    It holds no secret: it refers to variables, which are listed in its first lines and which every node needs.
    """
    from fq_platform.lakehouse.trino_catalog import trino_catalog
    from fq_platform.settings import get_settings

    catalog = trino_catalog(get_settings(), writes=writes)
    comment = "--" if sql else "#"
    if catalog.secrets:
        typer.echo(f"{comment} Every node of Trino needs these variables: {', '.join(catalog.secrets)}")
    typer.echo(catalog.statement() if sql else catalog.file().rstrip("\n"))

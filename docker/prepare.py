"""Makes what the profile's servers need before tables can be: the catalog's database, the bucket, the catalog itself.

Belongs here: making each unless it exists, once, at the start of a stack. Does not: anything on AWS (docker/terraform).
"""

from contextlib import closing, suppress

import typer

from fq_platform.cli_errors import reported
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.catalog_errors import catalog_errors
from fq_platform.settings import Profile, Settings, load_settings


def make_database(settings: Settings) -> None:
    """Make the PostgreSQL database that FQ_CATALOG_URI names, if it names one; its user may make databases."""
    if settings.profile is not Profile.SQL or settings.catalog_uri is None:
        return
    from sqlalchemy.engine import make_url

    uri = make_url(settings.catalog_uri.get_secret_value())
    if uri.get_backend_name() != "postgresql":
        return
    import psycopg2
    from psycopg2 import errors, sql

    server = {"host": uri.host, "port": uri.port or 5432, "user": uri.username, "password": uri.password}
    with (
        catalog_errors(f"{uri.host}:{server['port']}"),
        closing(psycopg2.connect(**server, dbname="postgres")) as opened,
    ):
        opened.autocommit = True  # a database cannot be made in a transaction
        with suppress(errors.DuplicateDatabase):
            opened.cursor().execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(uri.database)))


def make_bucket(settings: Settings) -> None:
    """Make the bucket on a server of our own; one on AWS has an owner, a region and rules that must not be guessed."""
    if settings.s3_endpoint is None:
        return
    import boto3
    from botocore.config import Config

    path_style = Config(s3={"addressing_style": "path"})
    with catalog_errors(settings.s3_endpoint):
        s3 = boto3.client("s3", endpoint_url=settings.s3_endpoint, region_name=settings.aws_region, config=path_style)
        if settings.s3_bucket not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
            s3.create_bucket(Bucket=settings.s3_bucket)


def main() -> None:
    """Make the database, the bucket and the catalog, unless they exist."""
    with reported():
        settings = load_settings()
        make_database(settings)
        make_bucket(settings)
        open_catalog(settings)
        typer.echo(f"The catalog and the bucket {settings.s3_bucket} are there")


if __name__ == "__main__":
    typer.run(main)

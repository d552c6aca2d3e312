"""Makes what the profile's servers need before tables can be: the catalog's database, the bucket, the catalog itself.

Belongs here: making each unless it exists, once, at the start of a stack. Does not: anything on AWS (docker/terraform).
"""

import sys
from urllib.parse import unquote, urlsplit

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.settings import Profile, Settings, load_settings


def make_database(settings: Settings) -> None:
    """Make the database that FQ_CATALOG_URI names, on a server whose database `postgres` we may connect to."""
    import psycopg2
    from psycopg2 import errors, sql

    uri = urlsplit(settings.catalog_uri.get_secret_value() if settings.catalog_uri else "")
    if settings.profile is not Profile.SQL or not uri.scheme.startswith("postgresql"):
        return
    server = psycopg2.connect(
        host=uri.hostname,
        port=uri.port or 5432,
        user=unquote(uri.username or ""),
        password=unquote(uri.password or ""),
        dbname="postgres",
    )
    server.autocommit = True  # a database cannot be made in a transaction
    try:
        with server.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(uri.path.strip("/"))))
    except errors.DuplicateDatabase:
        pass
    finally:
        server.close()


def make_bucket(settings: Settings) -> None:
    """Make the bucket, on a server of our own; on AWS it has an owner, a region and rules that we must not guess."""
    if settings.s3_endpoint is None:
        return
    import boto3
    from botocore.config import Config

    s3 = boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint,
        region_name=settings.aws_region,
        config=Config(s3={"addressing_style": "path"}),
    )
    names = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    if settings.s3_bucket not in names:
        s3.create_bucket(Bucket=settings.s3_bucket)


def main() -> int:
    """Make all three.

    Returns:
        The exit status.
    """
    try:
        settings = load_settings()
        make_database(settings)
        make_bucket(settings)
        open_catalog(settings)
    except FqError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"The catalog and the bucket {settings.s3_bucket} are there", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

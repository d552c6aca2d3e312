"""The Iceberg catalog, opened by PyIceberg.

Belongs here: connecting to the catalog, and making it on first use. Does not: its properties (`connection.py`), reading
or writing tables.
"""

import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog_errors import catalog_errors
from fq_platform.lakehouse.connection import pyiceberg_properties, spark_catalog_conf
from fq_platform.lakehouse.layout import CATALOG, Layout, layout_of
from fq_platform.lakehouse.namespaces import prepare
from fq_platform.lakehouse.s3_access import adopt_aws_environment
from fq_platform.lakehouse.sql_uri import sql_uri
from fq_platform.lakehouse.storage import storage_errors
from fq_platform.settings import Profile, Settings

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

__all__ = ["catalog_shown", "open_catalog", "spark_catalog_conf"]

_CREATED_MEANWHILE = ("already exists", "UNIQUE constraint failed", "duplicate key value")
_SET_UP_ATTEMPTS = 20
"""More than there are tables and namespaces to meet another process at."""


def open_catalog(settings: Settings) -> "Catalog":
    """Open the catalog, creating it and its namespaces on first use.

    Args:
        settings: The profile and the settings it uses decide which catalog.

    Returns:
        A PyIceberg catalog named `iceberg` with a namespace for each layer (see `namespaces.prepare`).

    Raises:
        FqError: A setting is missing, the catalog cannot be reached or refuses us, or its folder cannot be written.
    """
    adopt_aws_environment(settings)
    properties = pyiceberg_properties(settings)
    _make_folders(settings)
    where = catalog_shown(settings)
    with storage_errors(where), catalog_errors(where):
        return _set_up(properties, layout_of(settings))


def catalog_shown(settings: Settings) -> str:
    """Where the catalog is, for messages: without user or password."""
    match settings.profile:
        case Profile.GLUE:
            return settings.glue_endpoint or f"AWS Glue in {settings.aws_region}"
        case Profile.REST | Profile.UNITY:
            return settings.catalog_uri.get_secret_value() if settings.catalog_uri else "FQ_CATALOG_URI"
        case _:
            return sql_uri(settings).shown


def _make_folders(settings: Settings) -> None:
    """The folders of a catalog and a warehouse that are files of this machine."""
    wanted = {}
    if settings.warehouse_root and settings.warehouse_root.startswith("file://"):
        wanted["warehouse"] = Path(settings.warehouse_root.removeprefix("file://"))
    if settings.profile in (Profile.LOCAL, Profile.S3LOCAL, Profile.SQL) and not sql_uri(settings).is_postgres:
        wanted["catalog"] = Path(sql_uri(settings).shown).parent
    for what, folder in wanted.items():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FqError(
                f"The {what} cannot be created: {error.strerror}",
                where=str(folder),
                fix="Let FQ_HOME name a folder that can be written",
            ) from None


def _set_up(properties: dict[str, str], layout: Layout) -> "Catalog":
    from pyiceberg.exceptions import NamespaceAlreadyExistsError
    from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

    attempt = 1
    while True:
        try:
            return _connect(properties, layout)
        except (NamespaceAlreadyExistsError, IntegrityError, OperationalError, ProgrammingError) as error:
            # Another process that opens it for the first time created something between our look and our attempt.
            if attempt == _SET_UP_ATTEMPTS or not any(text in str(error) for text in _CREATED_MEANWHILE):
                raise
            attempt += 1


def _connect(properties: dict[str, str], layout: Layout) -> "Catalog":
    """The catalog with all that it needs; what is there already stays."""
    from pyiceberg.catalog import load_catalog
    from pyiceberg.catalog.sql import SqlCatalog

    catalog = load_catalog(CATALOG, **properties)
    if isinstance(catalog, SqlCatalog):
        # Its connections would stay until the garbage collector comes by: a database server has not that many.
        weakref.finalize(catalog, catalog.engine.dispose)
    prepare(catalog, layout)
    return catalog

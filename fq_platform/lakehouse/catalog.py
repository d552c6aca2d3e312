"""The Iceberg catalog, configured for PyIceberg and for Spark from the same settings.

Belongs here: connecting to the catalog. Does not: reading or writing tables.
"""

from typing import TYPE_CHECKING

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import CATALOG, Layer
from fq_platform.lakehouse.storage import storage_errors
from fq_platform.settings import Profile, Settings

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

_CREATED_MEANWHILE = ("already exists", "UNIQUE constraint failed")
_SET_UP_ATTEMPTS = 20
"""More than there are tables and namespaces to meet another process at."""


def warehouse_uri(settings: Settings) -> str:
    """The warehouse's root, as a URI for PyIceberg and a path for Spark both accept it (no trailing slash)."""
    _require_supported(settings)
    return f"file://{settings.warehouse}"


def _require_supported(settings: Settings) -> None:
    if settings.profile is not Profile.LOCAL:
        raise FqError(
            f"The profile {settings.profile.value!r} is not available in this version",
            where="FQ_PROFILE",
            fix="Unset FQ_PROFILE or set it to local",
        )


def open_catalog(settings: Settings) -> "Catalog":
    """Open the catalog, creating it and its namespaces on first use.

    Args:
        settings: The profile and `FQ_HOME` decide which catalog.

    Returns:
        A PyIceberg catalog named `iceberg` with a namespace for each layer.

    Raises:
        FqError: The profile is not available, the catalog's folder cannot be written, or the catalog is damaged.
    """
    _require_supported(settings)
    try:
        settings.warehouse.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FqError(
            f"The warehouse cannot be created: {error.strerror}",
            where=str(settings.warehouse),
            fix="Let FQ_HOME name a folder that can be written",
        ) from None
    with storage_errors(str(settings.catalog_file)):
        return _set_up(settings)


def _set_up(settings: Settings) -> "Catalog":
    from pyiceberg.exceptions import NamespaceAlreadyExistsError
    from sqlalchemy.exc import IntegrityError, OperationalError

    attempt = 1
    while True:
        try:
            return _connect(settings)
        except (NamespaceAlreadyExistsError, IntegrityError, OperationalError) as error:
            # Another process that opens it for the first time created something between our look and our attempt.
            if attempt == _SET_UP_ATTEMPTS or not any(text in str(error) for text in _CREATED_MEANWHILE):
                raise
            attempt += 1


def _connect(settings: Settings) -> "Catalog":
    """The catalog with all that it needs; what is there already stays."""
    from pyiceberg.catalog import load_catalog

    catalog = load_catalog(
        CATALOG,
        type="sql",
        uri=f"sqlite:///{settings.catalog_file}",
        warehouse=warehouse_uri(settings),
    )
    known = {namespace[0] for namespace in catalog.list_namespaces()}
    for layer in Layer:
        if layer.value not in known:
            catalog.create_namespace(layer.value)
    return catalog


def spark_catalog_conf(settings: Settings) -> dict[str, str]:
    """The Spark properties that make the same catalog appear as `iceberg`.

    Args:
        settings: The profile and `FQ_HOME` decide which catalog.

    Returns:
        Spark property names and values; jars are not among them.
    """
    _require_supported(settings)
    prefix = f"spark.sql.catalog.{CATALOG}"
    return {
        prefix: "org.apache.iceberg.spark.SparkCatalog",
        f"{prefix}.type": "jdbc",
        f"{prefix}.uri": f"jdbc:sqlite:{settings.catalog_file}",
        f"{prefix}.warehouse": warehouse_uri(settings),
        f"{prefix}.jdbc.schema-version": "V1",
        # Python writes the same tables: a cached table would hide its commits.
        f"{prefix}.cache-enabled": "false",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    }

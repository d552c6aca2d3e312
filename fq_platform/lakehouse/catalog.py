"""The Iceberg catalog, configured for PyIceberg and for Spark from the same settings.

Belongs here: connecting to the catalog. Does not: reading or writing tables.
"""

from typing import TYPE_CHECKING

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import CATALOG, Layer
from fq_platform.settings import Profile, Settings

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog


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
        FqError: The profile is not available, or the catalog's folder cannot be written.
    """
    from pyiceberg.catalog import load_catalog
    from pyiceberg.exceptions import NamespaceAlreadyExistsError

    _require_supported(settings)
    try:
        settings.warehouse.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FqError(
            f"The warehouse cannot be created: {error.strerror}",
            where=str(settings.warehouse),
            fix="Let FQ_HOME name a folder that can be written",
        ) from None
    catalog = load_catalog(
        CATALOG,
        type="sql",
        uri=f"sqlite:///{settings.catalog_file}",
        warehouse=warehouse_uri(settings),
    )
    known = {namespace[0] for namespace in catalog.list_namespaces()}
    for layer in Layer:
        if layer.value not in known:
            try:
                catalog.create_namespace(layer.value)
            except NamespaceAlreadyExistsError:
                continue  # another process created it between the two calls
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

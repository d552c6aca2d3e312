"""Where a table lives: its layer, its name in the catalog, its folder in the warehouse.

Belongs here: names and locations, computed. Does not: anything that opens a catalog or a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

CATALOG = "iceberg"
"""The catalog's name for every engine."""


class Layer(StrEnum):
    """The namespaces, in the order in which data flows through them."""

    RAW = "raw"
    CURATED = "curated"
    SHARED = "shared"
    ANALYTICS = "analytics"


@dataclass(frozen=True)
class TableName:
    """The name of one table, the same for the catalog, for SQL and as asset key.

    Args:
        layer: The namespace.
        name: The table's name in it, such as `ecommerce_db_orders`.
        app: The application that `name` starts with in the raw and curated layers, else empty.
    """

    layer: Layer
    name: str
    app: str = ""

    @property
    def identifier(self) -> tuple[str, str]:
        """Namespace and name, as PyIceberg takes them."""
        return (self.layer.value, self.name)

    @property
    def qualified(self) -> str:
        """`iceberg.<layer>.<name>`, as Spark and Trino take it."""
        return f"{CATALOG}.{self.layer.value}.{self.name}"

    def location(self, warehouse: str) -> str:
        """The table's folder.

        Args:
            warehouse: URI or path of the warehouse, with or without a trailing slash.

        Returns:
            `<warehouse>/<layer>/<app>/<name without app>` for the tables of an application,
            else `<warehouse>/<layer>/<name>`.
        """
        short = self.name.removeprefix(f"{self.app}_") if self.app else self.name
        parts = [warehouse.rstrip("/"), self.layer.value, self.app, short]
        return "/".join(part for part in parts if part)


def table_of(key: Sequence[str], app: str) -> TableName:
    """The table that an asset key names.

    Args:
        key: Path of the asset key, such as `("raw", "ecommerce_db_orders")`.
        app: The application of the sources file, which prefixes the names in the raw and curated layers.

    Returns:
        The table.

    Raises:
        ValueError: The key does not have two parts, or its first part is no layer.
    """
    if len(key) != 2:
        raise ValueError(f"an asset key names a layer and a table, not {'/'.join(key)}")
    layer = Layer(key[0])
    return TableName(layer, key[1], app if layer in (Layer.RAW, Layer.CURATED) else "")

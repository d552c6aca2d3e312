"""Where a table lives: its layer, its name in the catalog, its folder in the warehouse.

Belongs here: names and locations, computed. Does not: anything that opens a catalog or a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from fq_platform.errors import FqError
from fq_platform.settings import Profile, Settings, TableLayout

CATALOG = "iceberg"
"""The catalog's name for every engine."""


class Layer(StrEnum):
    """The layers, in the order in which data flows through them."""

    RAW = "raw"
    CURATED = "curated"
    SHARED = "shared"
    ANALYTICS = "analytics"


ONE_LEVEL = (Profile.GLUE, Profile.UNITY)
"""The profiles whose catalogs have namespaces of one level only."""

NESTED_SHARED = (Layer.CURATED.value, Layer.SHARED.value)
"""The namespace of the shared tables in a nested layout."""


@dataclass(frozen=True)
class TableName:
    """The name of one table, for the catalog and for SQL; the asset key is its layer and name.

    Args:
        layer: The layer.
        name: The table's name in it, such as `ecommerce_db_orders`.
        app: The application that `name` starts with in the raw and curated layers, else empty.
        namespace: Where the catalog keeps it, as `Layout.place` says; empty for the layer's own name.
    """

    layer: Layer
    name: str
    app: str = ""
    namespace: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """Layer and name: the path of the asset key, wherever the table is placed."""
        return (self.layer.value, self.name)

    @property
    def identifier(self) -> tuple[str, ...]:
        """The namespace's parts and the name, as PyIceberg takes them."""
        return (*(self.namespace or (self.layer.value,)), self.name)

    @property
    def dotted(self) -> str:
        """`<namespace>.<name>`, as people write it."""
        return ".".join(self.identifier)

    @property
    def qualified(self) -> str:
        """`iceberg.<namespace>.<name>`, as Spark and Trino take it."""
        return f"{CATALOG}.{self.dotted}"


@dataclass(frozen=True)
class Layout:
    """The rule by which names and folders are given to tables.

    A table that exists stays where it is: a location counts when the table is created.

    Args:
        warehouse: URI or path of the warehouse; None where the catalog decides where tables lie.
        style: How the folders are arranged.
        nested: Whether shared tables lie in a namespace below `curated`.
        nests: Whether the catalog could nest namespaces.
    """

    warehouse: str | None
    style: TableLayout = TableLayout.LAYERED
    nested: bool = False
    nests: bool = True

    def place(self, table: TableName) -> TableName:
        """Give a table its namespace.

        Args:
            table: Any table, placed already or not.

        Returns:
            The same table; shared ones in `curated.shared` if the layout is nested.
        """
        return replace(table, namespace=self.namespace(table.layer))

    def namespace(self, layer: Layer) -> tuple[str, ...]:
        """The namespace of a layer's tables."""
        return NESTED_SHARED if self.nested and layer is Layer.SHARED else (layer.value,)

    def namespaces(self) -> tuple[tuple[str, ...], ...]:
        """Every namespace that the catalog needs, parents before what they hold."""
        return tuple(self.namespace(layer) for layer in Layer)

    def folder(self, layer: Layer) -> str:
        """The folder below the warehouse that all tables of a layer lie in: `raw`, or `raw.db` in the Hive style."""
        return f"{layer.value}.db" if self.style is TableLayout.HIVE else layer.value

    def location(self, table: TableName) -> str | None:
        """The folder that a new table gets.

        Args:
            table: The table.

        Returns:
            Layered: `<warehouse>/<layer>/<app>/<name without app>` for the tables of an application, else
            `<warehouse>/<layer>/<name>`. Hive: `<warehouse>/<layer>.db/<name>`. None: the catalog decides.
        """
        if not self.warehouse:
            return None
        app, short = table.app, table.name.removeprefix(f"{table.app}_")
        below = f"{app}/{short}" if app and self.style is TableLayout.LAYERED else table.name
        return f"{self.warehouse.rstrip('/')}/{self.folder(table.layer)}/{below}"

    def table_at(self, identifier: Sequence[str]) -> TableName:
        """The table that an identifier names.

        Args:
            identifier: Namespace and name, such as `("shared", "dim_products")` or
                `("curated", "shared", "dim_products")`: both name the same table.

        Returns:
            The table, placed; its application is not known.

        Raises:
            ValueError: That is no namespace of a layer.
        """
        namespace, name = tuple(identifier[:-1]), identifier[-1]
        if namespace == NESTED_SHARED:
            namespace = (Layer.SHARED.value,)
        if len(namespace) != 1:
            raise ValueError(f"{'.'.join(identifier)!r} names no table of a layer")
        return self.place(TableName(Layer(namespace[0]), name))

    def named(self, text: str) -> TableName:
        """The table that a person names, with or without the catalog: see `table_at`."""
        return self.table_at(text.removeprefix(f"{CATALOG}.").split("."))


def layout_of(settings: Settings) -> Layout:
    """The layout of an installation.

    Args:
        settings: Warehouse, table layout and nesting; the profile decides what is not set.

    Returns:
        The layout.

    Raises:
        FqError: Namespaces shall nest in a catalog that has one level of them.
    """
    nests = settings.profile not in ONE_LEVEL
    nested = nests if settings.nested_namespaces is None else settings.nested_namespaces
    if nested and not nests:
        raise FqError(
            f"Namespaces cannot nest in the catalog of the profile {settings.profile.value!r}",
            where="FQ_NESTED_NAMESPACES",
            fix="Unset it: shared tables are called shared.<table> there",
        )
    return Layout(settings.warehouse_root, settings.table_layout, nested=nested, nests=nests)


def table_of(key: Sequence[str], app: str) -> TableName:
    """The table that an asset key names.

    Args:
        key: Path of the asset key, such as `("raw", "ecommerce_db_orders")`.
        app: The application of the sources file, which prefixes the names in the raw and curated layers.

    Returns:
        The table, not placed yet.

    Raises:
        ValueError: The key does not have two parts, or its first part is no layer.
    """
    if len(key) != 2:
        raise ValueError(f"an asset key names a layer and a table, not {'/'.join(key)}")
    layer = Layer(key[0])
    return TableName(layer, key[1], app if layer in (Layer.RAW, Layer.CURATED) else "")

"""The namespaces of the layers: made on first use, and the tables of a former layout brought into them.

Belongs here: making and moving names in a catalog. Does not: which names there are (`layout.py`).
"""

from contextlib import suppress
from typing import TYPE_CHECKING

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import NESTED_SHARED, Layer, Layout

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

LAYER_PROPERTY = "fq.layer"
"""The property by which a namespace that we made is known as ours."""

Namespace = tuple[str, ...]
_FLAT_SHARED = (Layer.SHARED.value,)


def prepare(catalog: "Catalog", layout: Layout) -> None:
    """Give a catalog the namespaces of a layout; what is there already stays.

    Shared tables that an earlier version, or the other value of FQ_NESTED_NAMESPACES, left under their other name are
    renamed in a SQL catalog: a step in the catalog alone, in which no file is touched. In another catalog they are
    refused: what a rename does to the files is up to its server, and one was seen to lose them.

    Args:
        catalog: A PyIceberg catalog.
        layout: Its layout.

    Raises:
        FqError: The catalog does not nest namespaces though the layout does, a shared table is there twice, or shared
            tables are there under their other name and cannot be renamed here.
        NamespaceAlreadyExistsError: Another process made one between our look and our attempt.
    """
    known = _namespaces(catalog, layout)
    for layer in Layer:
        namespace = layout.namespace(layer)
        if namespace not in known:
            _create(catalog, namespace, layer)
    former = _FLAT_SHARED if layout.nested else NESTED_SHARED
    if former not in known:
        return
    if catalog.properties.get("type") == "sql":
        _bring_home(catalog, layout, former)
    elif LAYER_PROPERTY in catalog.load_namespace_properties(former):  # else it is that of others in the same catalog
        _require_empty(catalog, layout, former)


def _namespaces(catalog: "Catalog", layout: Layout) -> set[Namespace]:
    """Those at the top, and those below `curated`."""
    top = {tuple(namespace) for namespace in catalog.list_namespaces()}
    parent = (Layer.CURATED.value,)
    if not layout.nests or parent not in top:
        return top
    return top | {tuple(namespace) for namespace in catalog.list_namespaces(parent)}


def _create(catalog: "Catalog", namespace: Namespace, layer: Layer) -> None:
    from pyiceberg.exceptions import NamespaceAlreadyExistsError, RESTError

    try:
        catalog.create_namespace(namespace, {LAYER_PROPERTY: layer.value})
    except NamespaceAlreadyExistsError:
        raise
    except (RESTError, ValueError) as error:
        if len(namespace) == 1:
            raise
        raise FqError(
            f"The catalog does not take the namespace {'.'.join(namespace)}: {error}",
            where="FQ_NESTED_NAMESPACES",
            fix="Set it to false if the catalog cannot nest namespaces: shared tables are then called shared.<table>",
        ) from None


def _require_empty(catalog: "Catalog", layout: Layout, former: Namespace) -> None:
    tables = [".".join(identifier) for identifier in catalog.list_tables(former)]
    if tables:
        raise FqError(
            f"Shared tables are there under their other name: {', '.join(tables)}",
            where="FQ_NESTED_NAMESPACES",
            fix=f"Set it to {str(not layout.nested).lower()} to go on with these names; or move the tables to "
            f"{'.'.join(layout.namespace(Layer.SHARED))} with the catalog's own tools, or drop them and make them anew",
        )


def _bring_home(catalog: "Catalog", layout: Layout, former: Namespace) -> None:
    """Rename the shared tables of a former layout, and drop the namespace that they leave."""
    from pyiceberg.exceptions import NamespaceNotEmptyError, NoSuchNamespaceError, NoSuchTableError

    found = [(tuple(identifier), layout.table_at(identifier)) for identifier in catalog.list_tables(former)]
    for identifier, table in found:
        if catalog.table_exists(table.identifier) and catalog.table_exists(identifier):
            raise FqError(
                f"The table {table.dotted} is there twice: as {'.'.join(identifier)} too",
                where="FQ_NESTED_NAMESPACES",
                fix="Keep the one that is right: rename or drop the other in the catalog, or set FQ_NESTED_NAMESPACES "
                f"to {str(not layout.nested).lower()} to go on with {'.'.join(identifier)}",
            )
    for identifier, table in found:
        try:
            catalog.rename_table(identifier, table.identifier)
        except NoSuchTableError:
            if not catalog.table_exists(table.identifier):  # else another process has renamed it meanwhile
                raise
    # Where another process is faster, or still uses it, the next opening looks again.
    with suppress(NamespaceNotEmptyError, NoSuchNamespaceError):
        catalog.drop_namespace(former)

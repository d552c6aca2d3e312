"""Which tables there are, by the catalog.

Belongs here: names. Does not: loading tables, or what they hold.
"""

from typing import TYPE_CHECKING

from fq_platform.lakehouse.layout import Layer, Layout, TableName

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog


def list_names(catalog: "Catalog", layout: Layout) -> list[TableName]:
    """Every table of the lakehouse.

    Args:
        catalog: A PyIceberg catalog with the layout's namespaces.
        layout: Where the layers' tables are.

    Returns:
        Their names, by layer and name; their applications are not known.
    """
    return [
        layout.table_at((*layout.namespace(layer), identifier[-1]))
        for layer in Layer
        for identifier in sorted(catalog.list_tables(layout.namespace(layer)))
    ]

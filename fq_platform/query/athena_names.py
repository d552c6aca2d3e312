"""Tables as Athena calls them: `iceberg.raw.x` is `"awsdatacatalog"."raw"."x"`, the database `raw` of Glue.

Belongs here: both names. Does not: finding names in a statement (`statement_tables.py`).
"""

from collections.abc import Callable, Sequence

from fq_platform.lakehouse.layout import CATALOG, NESTED_SHARED, Layer, TableName
from fq_platform.query.statement_tables import Named, replaced
from fq_platform.query.table_names import unknown_table

GLUE = "awsdatacatalog"
"""What Athena calls Glue's catalog."""


def as_athena_names(sql: str, names: Callable[[], Sequence[TableName]]) -> str:
    """Write a statement's tables as Athena finds them.

    Args:
        sql: One statement; its tables are named as in every engine, with or without catalog and layer.
        names: Lists the lakehouse's tables; called if the statement leaves out a layer.

    Returns:
        The statement; what is no table of the lakehouse stays as it is.
    """

    def written(table: Named, text: str) -> str:
        parts = _below_catalog(table.parts)
        if len(parts) == 1:
            known = {name.name.lower(): name.identifier for name in reversed(names())}
            parts = known.get(parts[0].lower(), parts)
        if len(parts) != 2 or parts[0].lower() not in set(Layer):
            return text
        return ".".join('"' + part.lower().replace('"', '""') + '"' for part in (GLUE, *parts))

    return replaced(sql, "athena", written)


def table_named(parts: Sequence[str], names: Sequence[TableName]) -> TableName:
    """The table that a name means.

    Args:
        parts: The name's parts, as a person or `as_athena_names` writes them.
        names: The lakehouse's tables.

    Raises:
        FqError: There is no such table.
    """
    wanted = ".".join(_below_catalog(tuple(parts))).lower()
    for name in names:
        if wanted in (name.dotted.lower(), name.name.lower()):
            return name
    raise unknown_table(wanted, names)


def _below_catalog(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Without the catalog, and a nested layer by its one name."""
    if len(parts) > 2 and parts[0].lower() in (CATALOG, GLUE):
        parts = parts[1:]
    if len(parts) == 3 and tuple(part.lower() for part in parts[:2]) == NESTED_SHARED:
        parts = parts[1:]
    return parts

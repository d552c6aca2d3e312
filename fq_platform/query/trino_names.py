"""The names of tables, as people write them in queries and as one Trino server has them.

Belongs here: `iceberg` for whatever the server calls the catalog, both names of a shared table, names without a
namespace. Does not: finding names in a statement (`statement_tables.py`).

To Trino a nested namespace is one schema with a point in its name: `curated.shared.x` is written `"curated.shared".x`.
"""

import re
from collections.abc import Callable, Sequence

from fq_platform.lakehouse.layout import CATALOG, NESTED_SHARED, Layer, TableName
from fq_platform.query.statement_tables import replaced
from fq_platform.query.table_names import unknown_table

SCHEMAS = {layer.value: layer for layer in Layer} | {".".join(NESTED_SHARED): Layer.SHARED}
"""Trino's schemas that hold tables of the lakehouse."""

_SHARED = {name for name, layer in SCHEMAS.items() if layer is Layer.SHARED}
_NAME = r'(?:"[^"]+"|\w+)'
_SHOWN = re.compile(
    rf"\s*SHOW\s+(?:CREATE\s+TABLE|COLUMNS\s+(?:FROM|IN)|STATS\s+FOR)\s+({_NAME}(?:\s*\.\s*{_NAME})*)", re.IGNORECASE
)
"""The statements that sqlglot does not look into, but that name a table."""

Listed = Callable[[bool], Sequence[TableName]]
"""Says which tables there are: as far as is known, or (True) by asking the server now."""


def as_trino_names(sql: str, catalog: str, listed: Listed) -> str:
    """Write the tables of a statement as the server has them.

    Args:
        sql: One statement of Trino's SQL.
        catalog: What the server calls the lakehouse's catalog.
        listed: Asked only if a name does not say all.

    Returns:
        The statement; nothing else of its text is changed, and names that are not the lakehouse's are not.

    Raises:
        FqError: A name without a namespace is no table's, or the statement cannot be read.
    """
    if shown := _SHOWN.match(sql):
        parts = tuple(part.strip('"') for part in re.findall(_NAME, shown[1]))
        return f"{sql[: shown.start(1)]}{trino_name(parts, catalog, listed) or shown[1]}{sql[shown.end(1) :]}"
    return replaced(sql, "trino", lambda table, written: trino_name(table.parts, catalog, listed) or written)


def trino_name(parts: Sequence[str], catalog: str, listed: Listed) -> str | None:
    """One table's name as SQL; None if it is not the lakehouse's. See `as_trino_names`."""
    *namespace, name = (part.lower() for part in parts)
    ours = len(namespace) > 1 and namespace[0] in (CATALOG, catalog)
    schema = ".".join(namespace[1:] if ours else namespace)
    if schema and schema not in SCHEMAS:
        return quoted(schema, name) if ours else None
    if schema and schema not in _SHARED:
        return quoted(schema, name)
    bare = name.partition("$")[0]  # an Iceberg table's own tables are called like "orders$snapshots"
    for now in (False, True):
        for table in listed(now):
            if table.name == bare and (not schema or table.layer is Layer.SHARED):
                return quoted(".".join(table.identifier[:-1]), name)
    raise unknown_table(f"{schema}.{name}" if schema else name, listed(False))


def quoted(*parts: str) -> str:
    """A name as SQL, whatever signs it has."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)

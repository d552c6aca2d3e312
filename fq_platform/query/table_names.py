"""Which tables people mean by the names that they write in queries: in capitals, without a layer, or both.

Belongs here: the tables meant, and what is said of those that are not there. Does not: finding the names in a statement
(`duckdb_statement.py`, `statement_tables.py`).
"""

import difflib
from collections.abc import Sequence

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import Layer, Layout, TableName

Reference = tuple[str, str]
"""Namespace (empty if none is written) and table, as written in a statement."""


def tables_meant(
    written: Sequence[Reference], names: Sequence[TableName], layout: Layout, *, all_ours: bool = False
) -> set[TableName]:
    """The lakehouse's tables among those written in a query.

    Args:
        written: The references of a `flattened` statement.
        names: All tables of the lakehouse.
        layout: Where they are placed.
        all_ours: Whether the others cannot be common table expressions or DuckDB's own.

    Returns:
        The tables.

    Raises:
        FqError: A reference can only be a table of the lakehouse, but is not there.
    """
    meant: dict[str, TableName] = {}
    for name in names:
        meant[f"{name.layer}.{name.name}".lower()] = name
        meant.setdefault(f".{name.name}".lower(), name)  # without a namespace: the first layer's
    references = {f"{namespace}.{name}".lower() for namespace, name in written}
    for reference in sorted(references - meant.keys()):
        if reference.split(".")[0] in set(Layer):
            raise unknown_table(layout.named(reference).dotted, names)
        if all_ours:
            raise unknown_table(reference.removeprefix("."), names)
    return {meant[reference] for reference in references & meant.keys()}


def unknown_table(name: str, known: Sequence[TableName]) -> FqError:
    """The error for a table that is not there, with names near to it."""
    what = f"There is no table {name}"
    if not known:
        return FqError(f"{what}, and no other yet", fix="Fill the lakehouse first: `fq demo` does it with sample data")
    near = [
        table.dotted
        for table in known
        if table.name == name
        or difflib.get_close_matches(name, [table.dotted, f"{table.layer}.{table.name}", table.name], n=1, cutoff=0.6)
    ]
    hint = f"Near to it: {', '.join(near[:5])}" if near else f"There are: {', '.join(table.dotted for table in known)}"
    return FqError(what, fix=f"{hint}. If it should be there, materialise its asset first")

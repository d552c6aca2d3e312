"""The names of tables, as people write them in queries and as DuckDB can carry them.

Belongs here: both names of a shared table, whatever the catalog nests; which tables are meant, and which are not there.
Does not: finding the names in a statement (`duckdb_statement.py`).

DuckDB's schemas do not nest: every layer is one schema there, and `curated.shared.x` becomes `shared.x` beforehand.
"""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import duckdb

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import CATALOG, NESTED_SHARED, Layer, Layout, TableName
from fq_platform.query.duckdb_statement import Reference

_CURATED, _SHARED = NESTED_SHARED


@dataclass(frozen=True)
class _Token:
    """A word or sign of a statement, and where it begins (bytes)."""

    start: int
    text: str

    @property
    def name(self) -> str:
        """As SQL compares names."""
        return self.text.strip('"').lower()


def flattened(sql: str, shared: Collection[str]) -> str:
    """Blank out what DuckDB does not know before the schema `shared`.

    Args:
        sql: One statement, in which shared tables may be named `[iceberg.]curated.shared.<table>`.
        shared: The names of the shared tables. Others may be fields of a column `shared`, and stay; behind `iceberg.`
            nothing can be a field.

    Returns:
        The statement with `shared.<table>` instead; every other character stands where it stood.
    """
    tokens = _tokens(sql)
    known = {name.lower() for name in shared}
    text = bytearray(sql, "utf-8", "surrogatepass")
    for place in range(len(tokens) - 4):
        curated, dot, schema, further, table = (token.name for token in tokens[place : place + 5])
        if (curated, dot, schema, further) != (_CURATED, ".", _SHARED, "."):
            continue
        before = [token.name for token in tokens[max(0, place - 2) : place]]
        in_catalog = before == [CATALOG, "."]
        if in_catalog or (table in known and before[-1:] != ["."]):
            _blank(text, tokens[place - 2 if in_catalog else place].start, tokens[place + 2].start)
    return text.decode("utf-8", "surrogatepass")


def _tokens(sql: str) -> list[_Token]:
    """The statement's tokens without comments."""
    content = sql.encode("utf-8", "surrogatepass")
    starts = [start for start, _ in duckdb.tokenize(sql)]
    spans = zip(starts, [*starts[1:], len(content)], strict=False)  # of no tokens there is no first one to leave out
    return [_Token(begin, _word(content[begin:end].decode("utf-8", "replace"))) for begin, end in spans]


def _word(part: str) -> str:
    """A token without the blanks and comments behind it."""
    if part.startswith('"'):
        return part[: part.find('"', 1) + 1]
    return part.split()[0].split("/*")[0].split("--")[0] if part.strip() else ""


def _blank(text: bytearray, begin: int, end: int) -> None:
    """Put spaces over bytes, except line breaks: an error message tells lines and columns."""
    for position in range(begin, end):
        if text[position : position + 1] not in (b"\n", b"\r"):
            text[position : position + 1] = b" "


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

"""The names of tables as DuckDB can carry them.

Belongs here: both names of a shared table, whatever the catalog nests. Does not: finding the names in a statement
(`duckdb_statement.py`), or which tables they mean (`table_names.py`).

DuckDB's schemas do not nest: every layer is one schema there, and `curated.shared.x` becomes `shared.x` beforehand.
"""

from collections.abc import Collection
from dataclasses import dataclass

import duckdb

from fq_platform.lakehouse.layout import CATALOG, NESTED_SHARED

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

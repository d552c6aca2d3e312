"""The contracts as the reference part of docs/data-model.md: `python -m fq_platform.contracts.markdown` rewrites it.

Belongs here: rendering. Does not: the promises, or the prose around them.
"""

from collections.abc import Iterator
from pathlib import Path

from fq_platform.contracts import CONTRACTS, Column, Contract
from fq_platform.contracts.model import EVERYTHING

DOCUMENT = Path(__file__).parents[2] / "docs" / "data-model.md"
"""The page (path), in a checkout."""

MARK = "<!-- From here on made of fq_platform/contracts by `python -m fq_platform.contracts.markdown`. -->\n"


def reference() -> str:
    """Every table with its grain, keys and columns, as Markdown."""
    return "\n".join(line for contract in CONTRACTS.values() for line in _table(contract))


def rewritten(page: str) -> str:
    """The page with its reference part made anew.

    Args:
        page: The page's text, with the mark in it.

    Returns:
        Its text up to the mark, and the reference.
    """
    prose, mark, _ = page.partition(MARK)
    return f"{prose}{mark}\n{reference()}"


def _table(contract: Contract) -> Iterator[str]:
    name = contract.table("<app>").qualified.removeprefix("iceberg.")
    yield f"### `{name}`\n"
    yield f"{contract.description}\n"
    yield f"- One row is {contract.grain}."
    yield f"- Owner: `{contract.owner}`."
    yield f"- Primary key: {_names(contract.primary_key)}."
    if contract.partition_column:
        yield f"- Daily partitions by {_names([contract.partition_column])}."
    if contract.not_null:
        yield f"- Never null: {_names(contract.not_null)}."
    for accepting, values in contract.accepted.items():
        yield f"- `{accepting}` is one of {_names(values)}."
    for reference in contract.references:
        yield f"- `{reference.column}` refers to `{reference.table}.{reference.key}`."
    yield "\n| Column | Type | Meaning | Made of |\n| --- | --- | --- | --- |"
    for column in contract.columns:
        kind = "array<struct>" if column.fields else column.type
        yield _row(column.name, kind, column.description, _made_of(contract, column))
        for field in column.fields:
            paths = _names(contract.field_sources(column, field))
            yield _row(f"{column.name}.{field.name}", field.type, field.description, paths)
    yield ""


def _row(name: str, kind: str, meaning: str, made_of: str) -> str:
    return f"| `{name}` | `{kind}` | {meaning} | {made_of} |"


def _made_of(contract: Contract, column: Column) -> str:
    """The sources of a column; not repeated where they stand beside others."""
    if column.sources == EVERYTHING:
        return "all of these"
    return "" if column.fields else _names(contract.sources(column))


def _names(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    DOCUMENT.write_text(rewritten(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")

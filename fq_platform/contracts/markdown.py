"""The contracts as the reference part of docs/data-model.md: `python -m fq_platform.contracts.markdown` rewrites it.

Belongs here: rendering. Does not: the promises, or the prose around them.
"""

from collections.abc import Iterator
from pathlib import Path

from fq_platform.contracts import CONTRACTS, Contract

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
    yield f"- Primary key: {_names(contract.primary_key)}."
    if contract.partition_column:
        yield f"- Daily partitions by {_names([contract.partition_column])}."
    if contract.not_null:
        yield f"- Never null: {_names(contract.not_null)}."
    for accepting, values in contract.accepted.items():
        yield f"- `{accepting}` is one of {_names(values)}."
    for reference in contract.references:
        yield f"- `{reference.column}` refers to `{reference.table}.{reference.key}`."
    yield "\n| Column | Type | Meaning |\n| --- | --- | --- |"
    for column in contract.columns:
        yield f"| `{column.name}` | `{'array<struct>' if column.fields else column.type}` | {column.description} |"
        for field in column.fields:
            yield f"| `{column.name}.{field.name}` | `{field.type}` | {field.description} |"
    yield ""


def _names(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    DOCUMENT.write_text(rewritten(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")

"""How values look to people: thousands apart, money with two decimals, codes in words.

Belongs here: values as text. Does not: tables (`page.py`) and charts (`charts.py`).
"""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa

NOTHING = "\N{EN DASH}"
"""Stands where there is no value."""


def number(count: int | None) -> str:
    """A count: `1,234`."""
    return NOTHING if count is None else f"{count:,}"


def amount(value: Decimal | int | None) -> str:
    """An amount, exact to the last digit: `1,234.50`; a count is written as one."""
    return f"{value:,.2f}" if isinstance(value, Decimal) else number(value)


def day(date: dt.date | None) -> str:
    """A day: `5 Mar 2026`."""
    return NOTHING if date is None else f"{date.day} {date:%b %Y}"


def bucket(name: str) -> str:
    """An age bucket: `1-30 days`, `Not due`."""
    if name[0].isdigit():
        return f"Over {name.removesuffix('+')} days" if name.endswith("+") else f"{name} days"
    return status(name)


def status(name: str) -> str:
    """A code of a table, such as `partly_paid`, in words: `Partly paid`."""
    return name.replace("_", " ").capitalize()


def shown(value: Any) -> str:
    """Any value of a table, as a chart's tooltip shows it; an amount's currency stands beside it there."""
    match value:
        case None:
            return NOTHING
        case Decimal():
            return f"{value:,}"
        case int():
            return f"{value:,}"
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)


def in_words(rows: pa.Table, column: str, naming: Callable[[str], str]) -> pa.Table:
    """The rows with the codes of a column in words."""
    words = pa.array([naming(code) for code in rows.column(column).to_pylist()], pa.string())
    return rows.set_column(rows.schema.get_field_index(column), column, words)

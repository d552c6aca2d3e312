"""How values look to people: thousands apart, money with two decimals, days and months in words.

Belongs here: values as text. Does not: tables and charts (`tables.py`, `charts.py`).
"""

import datetime as dt
from decimal import Decimal
from typing import Any

NOTHING = "\N{EN DASH}"
"""Stands where there is no value."""


def number(value: int | Decimal | None) -> str:
    """A count: `1,234`."""
    return NOTHING if value is None else f"{value:,}"


def money(amount: Decimal | None, currency: str = "EUR") -> str:
    """An amount with its currency, exact to the last digit: `1,234.50 EUR`."""
    return NOTHING if amount is None else f"{amount:,.2f} {currency}"


def percent(share: Decimal | None) -> str:
    """A share of one as per cent with one decimal: `37.5 %`."""
    return NOTHING if share is None else f"{share * 100:,.1f} %"


def day(date: dt.date | None) -> str:
    """A day: `5 March 2026`."""
    return NOTHING if date is None else f"{date.day} {date:%B %Y}"


def month(date: dt.date | None) -> str:
    """A month: `March 2026`."""
    return NOTHING if date is None else f"{date:%B %Y}"


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

"""A question to the lakehouse: SQL, and the tables whose snapshots decide whether its answer is still the latest.

Belongs here: the type, and how choices become SQL. Does not: any page's questions.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

Period = tuple[dt.date, dt.date]
"""First and last day, both included."""

_TABLE = re.compile(r"\b(?:raw|curated|shared|analytics)\.\w+")


@dataclass(frozen=True)
class Question:
    """One statement that only reads.

    Args:
        sql: The statement, as `fq query` takes it. Sums of money are made here, in decimals.
        tables: Every table that it names, such as `analytics.ifco_commissions`.
    """

    sql: str
    tables: tuple[str, ...]


def select(columns: str, source: str, *conditions: str, group: str = "", order: str = "") -> Question:
    """A SELECT over one or more tables.

    Args:
        columns: What is selected.
        source: A table or a join of tables, with their namespaces.
        conditions: What must hold; one that is empty says nothing.
        group: What is grouped by.
        order: What is ordered by.
    """
    stated = " AND ".join(condition for condition in conditions if condition)
    clauses = {"SELECT": columns, "FROM": source, "WHERE": stated, "GROUP BY": group, "ORDER BY": order}
    sql = "\n".join(f"{word} {what}" for word, what in clauses.items() if what)
    return Question(sql, tuple(dict.fromkeys(_TABLE.findall(source))))


def literal(value: str | dt.date) -> str:
    """A text or a date as SQL writes it."""
    if isinstance(value, dt.date):
        return f"DATE '{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'"


def among(column: str, values: Sequence[str]) -> str:
    """The condition that a column has one of some values; none chosen means all."""
    return f"{column} IN ({', '.join(map(literal, values))})" if values else ""


def within(column: str, period: Period | None) -> str:
    """The condition that a date lies in a period; None means any."""
    return f"{column} BETWEEN {literal(period[0])} AND {literal(period[1])}" if period else ""


def of_months(column: str, period: Period | None) -> str:
    """The condition that a month, which is its first day, has a day of a period in it; None means any."""
    return within(column, (period[0].replace(day=1), period[1]) if period else None)


def contains(column: str, values: Sequence[str]) -> str:
    """The condition that an array has one of some values; none chosen means all."""
    return f"list_has_any({column}, [{', '.join(map(literal, values))}])" if values else ""


def distinct(column: str, table: str) -> Question:
    """The values that a filter offers, in the order in which people look for them."""
    return select(
        f"{column} AS value", table, f"{column} IS NOT NULL", group=column, order=f"lower({column}), {column}"
    )


def days(column: str, table: str) -> Question:
    """The first and the last day of a table; nulls if it has no row."""
    return select(f"min({column}) AS first, max({column}) AS last", table)

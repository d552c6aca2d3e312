"""What there is to know of a table of facts and its dimensions to tell which facts show them as they no longer are.

Belongs here: the declarations. Does not: comparing the tables (`stale_facts.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fq_platform.lakehouse.layout import TableName


@dataclass(frozen=True)
class Facts:
    """A table of facts, and the table that it is made of.

    Args:
        table: The facts.
        day: Their DATE column, by which they are parted.
        fact: The columns that tell one fact from another.
        source: The table that names the dimensions' members as the business does, also those that are unknown.
        source_rows: What has to be selected of the source (SQL) for a row a fact: the columns of `fact`, and a column
            for each dimension, called as in the facts.
        source_columns: The columns of the source that this takes.
        unknown: What stands in the facts for a member that the dimension lacks.
    """

    table: TableName
    day: str
    fact: tuple[str, ...]
    source: TableName
    source_rows: str
    source_columns: tuple[str, ...]
    unknown: str


@dataclass(frozen=True)
class Dimension:
    """A dimension of a table of facts.

    Args:
        table: The dimension.
        member: The column of both tables that names the member.
        attributes: Column of the dimension to the column of the facts that shows it.
        defaults: Those that the facts show only where the source says nothing: they count as stale only where a fact
            shows what the dimension said before.
    """

    table: TableName
    member: str
    attributes: Mapping[str, str]
    defaults: Mapping[str, str] = field(default_factory=dict)

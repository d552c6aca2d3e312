"""The tables and changelogs that a statement of Spark names, put where Spark finds them.

Belongs here: names as people write them, `current(...)`, snapshots. Does not: which rows live (`lakehouse/current.py`),
running anything but the analysis of a view.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp, parse_one, tokenize
from sqlglot.tokens import Token, TokenType

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import CATALOG, NESTED_SHARED, Layer, TableName
from fq_platform.lakehouse.versions import require_changelog
from fq_platform.query.lake_tables import LakeTables
from fq_platform.query.statement_tables import Named, named_tables, replaced
from fq_platform.query.table_names import tables_meant, unknown_table
from fq_platform.query.time_travel import AsOf

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DIALECT = "spark"

METADATA = frozenset(
    (
        *("history", "snapshots", "refs", "metadata_log_entries", "partitions", "position_deletes"),
        *("entries", "files", "data_files", "delete_files", "manifests"),
        *("all_entries", "all_files", "all_data_files", "all_delete_files", "all_manifests"),
    )
)
"""The tables that Iceberg has of a table; they are about all times."""


@dataclass(frozen=True)
class Call:
    """A call of `current`.

    Args:
        begin: Where it begins (characters).
        end: The first character behind it.
        table: The changelog's name, in parts.
        moment: The SQL of the moment that it is asked about; None for now.
        view: The name of the view that stands for it.
    """

    begin: int
    end: int
    table: tuple[str, ...]
    moment: str | None
    view: str = field(default_factory=lambda: f"fq_current_{uuid.uuid4().hex}")


def calls_of_current(sql: str) -> list[Call]:
    """The calls of `current` in a statement, in their order.

    Raises:
        FqError: One does not name a table first.
    """
    tokens = tokenize(sql, dialect=DIALECT)
    return [
        _call(sql, tokens, place)
        for place in range(1, len(tokens) - 1)
        if tokens[place].text.lower() == "current"
        and tokens[place].token_type is TokenType.VAR
        and tokens[place + 1].token_type is TokenType.L_PAREN
    ]


def _call(sql: str, tokens: Sequence[Token], place: int) -> Call:
    depth, last = 0, place + 1
    for last in range(place + 1, len(tokens)):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(tokens[last].token_type, 0)
        if depth == 0:
            break
    begin, end = tokens[place].start, tokens[last].end + 1
    match parse_one(sql[begin:end], dialect=DIALECT):
        case exp.Anonymous(expressions=[exp.Column() as column, *moment]) if len(moment) < 2:
            table = tuple(part.name for part in column.parts)
        case exp.Anonymous(expressions=[exp.Dot() as dots, *moment]) if len(moment) < 2:
            table = tuple(part.name for part in dots.parts)
        case exp.Anonymous(expressions=[exp.Literal(is_string=True) as text, *moment]) if len(moment) < 2:
            table = tuple(text.name.replace("`", "").split("."))
        case _:
            raise FqError(
                "current() takes the name of one raw table, and a moment if you like",
                where="current",
                fix="Write it like current(raw.ecommerce_db_orders)",
            )
    return Call(begin, end, table, moment[0].sql(dialect=DIALECT) if moment else None)


class Placed:
    """A statement with the names that Spark takes.

    Args:
        session: The session.
        lake: The tables there are.
        sql: One statement that only reads.
        as_of: What every table is read at; None for now.
    """

    def __init__(self, session: "SparkSession", lake: LakeTables, sql: str, as_of: AsOf | None) -> None:
        self._session = session
        self._lake = lake
        self._names = lake.names()
        self._calls = calls_of_current(sql)
        for call in reversed(self._calls):
            sql = f"{sql[: call.begin]}{call.view}{sql[call.end :]}"
        views = {call.view for call in self._calls}
        written = {table.parts: table for table in named_tables(sql, DIALECT) if table.parts[-1] not in views}
        self._meant = {parts: self._table(parts) for parts in written}
        self._snapshots = self._at(as_of, written)
        self._sql = sql

    def frame(self) -> "DataFrame":
        """The statement as Spark takes it; what it makes for `current` must be forgotten when its rows are read."""
        for call in self._calls:
            self._live(call).createOrReplaceTempView(call.view)
        return self._session.sql(replaced(self._sql, DIALECT, self._text))

    def forget(self) -> None:
        """Drop the views: Spark Connect looks at them again whenever it is asked for rows."""
        for call in self._calls:
            self._session.catalog.dropTempView(call.view)

    def _at(self, as_of: AsOf | None, written: Mapping[tuple[str, ...], Named]) -> Mapping[TableName, int]:
        if as_of is None:
            return {}
        with_past = [name for parts, (name, part) in self._meant.items() if not part and not written[parts].at_version]
        changelogs = [self._table(call.table)[0] for call in self._calls]
        return self._lake.snapshots(list(dict.fromkeys([*with_past, *changelogs])), as_of)

    def _table(self, written: tuple[str, ...]) -> tuple[TableName, str]:
        """The table that a name means, and which of its metadata tables, if any."""
        parts = written[1:] if written[0].lower() == CATALOG and len(written) > 1 else written
        part = parts[-1].lower() if len(parts) > 1 and parts[-1].lower() in METADATA else ""
        if part and not (parts[0].lower() in set(Layer) and len(parts) == 2):  # `raw.files` may be a table itself
            parts = parts[:-1]
        else:
            part = ""
        *namespace, name = parts
        if tuple(map(str.lower, namespace)) not in {(), NESTED_SHARED, *((layer.value,) for layer in Layer)}:
            raise unknown_table(".".join(written), self._names)
        reference = (namespace[-1].lower() if namespace else "", name)
        (table,) = tables_meant([reference], self._names, self._lake.layout, all_ours=True)
        return table, part

    def _text(self, table: Named, written: str) -> str:
        if table.parts not in self._meant:
            return written  # one of our views
        name, part = self._meant[table.parts]
        if part:
            return f"{name.qualified}.{part}"
        return self._qualified(name, itself=table.at_version)

    def _qualified(self, name: TableName, *, itself: bool = False) -> str:
        snapshot = None if itself else self._snapshots.get(name)
        return name.qualified if snapshot is None else f"{name.qualified} VERSION AS OF {snapshot}"

    def _live(self, call: Call) -> "DataFrame":
        from fq_platform.lakehouse.current import live_documents

        name, _ = self._table(call.table)
        rows = self._session.sql(f"SELECT * FROM {self._qualified(name)}")  # noqa: S608 - the catalog's own names
        require_changelog(name.dotted, rows.columns)
        return live_documents(rows.where(f"_fq_extracted_at <= {call.moment}") if call.moment else rows)

"""Which days of a table of facts show a dimension as it no longer is.

Facts carry attributes of the dimensions' members, and are parted by the day of the fact: a customer who is renamed
makes old days stale, but only those in which they ordered.

Belongs here: finding the days, by reading both tables. Does not: making them again (`automation/dimension_changes.py`).
"""

import datetime as dt
from collections.abc import Collection

import duckdb
import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, EqualTo, GreaterThanOrEqual, In, LessThanOrEqual
from pyiceberg.expressions.literals import literal
from pyiceberg.table import Table

from fq_platform.lakehouse.facts import Dimension, Facts
from fq_platform.lakehouse.layout import TableName
from fq_platform.lakehouse.storage import storage_errors

NAMED_MEMBERS = 1_000
"""Up to so many members are named to the storage, which leaves out other rows; of more, all rows are looked at."""


def newest_snapshot(catalog: Catalog, name: TableName) -> int | None:
    """The snapshot that readers of a table see; None if there is no such table, or nothing in it."""
    with storage_errors(name.qualified):
        table = _table(catalog, name)
        return table.metadata.current_snapshot_id if table else None


def stale_days(
    catalog: Catalog, facts: Facts, dimension: Dimension, since: int | None, until: int
) -> frozenset[dt.date]:
    """Find the days whose facts show a member otherwise than the dimension does.

    Args:
        catalog: The Iceberg catalog.
        facts: The facts.
        dimension: The dimension.
        since: Its snapshot up to which the facts are known to agree with it. None, or one that expired, for not known:
            then all facts are compared.
        until: Its snapshot that the facts have to agree with.

    Returns:
        The days; none if the facts do not exist yet.
    """
    with storage_errors(facts.table.qualified):
        table, members = _table(catalog, facts.table), _table(catalog, dimension.table)
        if table is None or members is None or table.metadata.current_snapshot_id is None:
            return frozenset()
        database = duckdb.connect()
        database.register("members_now", _members(members, dimension, until))
        database.register("members_before", _members(members, dimension, since))
        return _shown_otherwise(database, table, facts, dimension) | _known_by_now(
            database, catalog, table, facts, dimension
        )


def _shown_otherwise(
    database: duckdb.DuckDBPyConnection, table: Table, facts: Facts, dimension: Dimension
) -> frozenset[dt.date]:
    """The days with facts of members that changed or went, unless they were made since."""
    member, columns = dimension.member, [*dimension.attributes, *dimension.defaults]
    changed = database.sql(
        f"SELECT {member}, n.{member} IS NOT NULL AS there, {_each('n', columns, 'new')}, {_each('b', columns, 'old')}"  # noqa: S608 - names of columns, declared in code
        f" FROM members_now n FULL JOIN members_before b USING ({member})"
        f" WHERE n.{member} IS NULL OR ({_all('n', columns)}) IS DISTINCT FROM ({_all('b', columns)})"
    ).to_arrow_table()
    if not changed.num_rows:
        return frozenset()
    shown = [*dimension.attributes.values(), *dimension.defaults.values()]
    named = changed.column(member).to_pylist()
    database.register("changed", changed)
    database.register("facts", _rows(table, (facts.day, member, *shown), _any_of(member, named)))
    differs = [f"f.{fact} IS DISTINCT FROM c.new_{own}" for own, fact in dimension.attributes.items()]
    differs += [
        f"(c.new_{own} IS DISTINCT FROM c.old_{own} AND f.{fact} IS NOT DISTINCT FROM c.old_{own})"
        for own, fact in dimension.defaults.items()
    ]
    return _days(
        database,
        f"SELECT DISTINCT f.{facts.day} FROM facts f JOIN changed c USING ({member})"  # noqa: S608 - as above
        f" WHERE NOT c.there OR {' OR '.join(differs)}",
    )


def _known_by_now(
    database: duckdb.DuckDBPyConnection, catalog: Catalog, table: Table, facts: Facts, dimension: Dimension
) -> frozenset[dt.date]:
    """The days with facts of the unknown member whose member has come meanwhile."""
    member = dimension.member
    came = database.sql(f"SELECT 1 FROM members_now ANTI JOIN members_before USING ({member}) LIMIT 1").fetchone()  # noqa: S608 - as above
    source = _table(catalog, facts.source)
    if came is None or source is None:
        return frozenset()
    unknown = _rows(table, (facts.day, *facts.fact, member), EqualTo(term=member, value=facts.unknown)).read_all()
    if not unknown.num_rows:
        return frozenset()
    database.register("unknown", unknown)
    days = unknown.column(facts.day).to_pylist()
    database.register("source", _rows(source, (facts.day, *facts.source_columns), _between(facts.day, days)))
    return _days(
        database,
        f"SELECT DISTINCT u.{facts.day} FROM unknown u"  # noqa: S608 - as above
        f" JOIN ({facts.source_rows}) s USING ({', '.join(facts.fact)}) JOIN members_now n ON n.{member} = s.{member}",
    )


def _table(catalog: Catalog, name: TableName) -> Table | None:
    try:
        return catalog.load_table(name.identifier)
    except NoSuchTableError:
        return None


def _members(table: Table, dimension: Dimension, snapshot: int | None) -> pa.Table:
    """The members of a dimension at a snapshot; none if it is not known any more."""
    columns = (dimension.member, *dimension.attributes, *dimension.defaults)
    if snapshot is None or table.snapshot_by_id(snapshot) is None:
        return _rows(table, columns).schema.empty_table()
    return _rows(table, columns, snapshot=snapshot).read_all()


def _rows(
    table: Table, columns: tuple[str, ...], where: BooleanExpression | None = None, snapshot: int | None = None
) -> pa.RecordBatchReader:
    columns = tuple(dict.fromkeys(columns))
    return table.scan(
        row_filter=where or AlwaysTrue(), selected_fields=columns, snapshot_id=snapshot
    ).to_arrow_batch_reader()


def _any_of(column: str, values: Collection[str]) -> BooleanExpression | None:
    return In(term=column, literals={literal(value) for value in values}) if len(values) <= NAMED_MEMBERS else None


def _between(column: str, days: Collection[dt.date]) -> BooleanExpression:
    return And(
        GreaterThanOrEqual(term=column, value=min(days).isoformat()),
        LessThanOrEqual(term=column, value=max(days).isoformat()),
    )


def _days(database: duckdb.DuckDBPyConnection, query: str) -> frozenset[dt.date]:
    return frozenset(day for (day,) in database.sql(query).fetchall() if day is not None)


def _each(table: str, columns: list[str], prefix: str) -> str:
    return ", ".join(f"{table}.{column} AS {prefix}_{column}" for column in columns)


def _all(table: str, columns: list[str]) -> str:
    return ", ".join(f"{table}.{column}" for column in columns)

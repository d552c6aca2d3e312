"""Going over the tables of the lake: what there is, and one operation on each of them.

Belongs here: which tables, and that one that fails does not stop the others. Does not: the operations.
"""

import datetime as dt
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

from fq_platform.errors import FqError
from fq_platform.lakehouse.layout import Layer, Layout, TableName
from fq_platform.lakehouse.storage import storage_errors

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Lake:
    """What upkeep works with.

    Args:
        catalog: The catalog.
        layout: Where the catalog keeps the layers' tables.
        session: Gives the Spark session, which is started only if something has to be done.
        now: The time that ages are counted from, with a time zone.
    """

    catalog: "Catalog"
    layout: Layout
    session: "Callable[[], SparkSession]"
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC))


@dataclass(frozen=True)
class Done:
    """What an operation did to a table.

    Args:
        figures: What it gained, by name: counts and bytes. The names are the same for every table.
        note: What a person should know of it, such as why nothing was done.
    """

    figures: Mapping[str, int]
    note: str = ""


@dataclass(frozen=True)
class Outcome:
    """How an operation ended for a table.

    Args:
        table: The table.
        done: What was done; None if it failed.
        error: What went wrong, and what to do.
        seconds: How long it took.
    """

    table: TableName
    done: Done | None
    error: FqError | None
    seconds: float


Operation = Callable[[Lake, TableName, "Table"], Done]


def find_tables(lake: Lake, wanted: Sequence[str] = ()) -> list[TableName]:
    """The tables of all layers.

    Args:
        lake: The catalog is asked.
        wanted: Names of tables, as `raw.ecommerce_db_orders` or `raw/ecommerce_db_orders`; all tables if empty.

    Returns:
        The tables, layer by layer, by name.

    Raises:
        FqError: A table that is wanted does not exist.
    """
    found = [table for layer in Layer for table in _tables_in(lake, layer)]
    if not wanted:
        return found
    by_name = {table.dotted: table for table in found} | {".".join(table.key): table for table in found}
    names = [name.removeprefix("iceberg.").replace("/", ".") for name in wanted]
    if missing := [name for name in names if name not in by_name]:
        raise FqError(
            f"There is no table {', '.join(missing)}",
            where="tables",
            fix="Name tables like raw.ecommerce_db_orders; `fq tables` lists those that are there",
        )
    chosen = {by_name[name] for name in names}
    return [table for table in found if table in chosen]


def _tables_in(lake: Lake, layer: Layer) -> Iterator[TableName]:
    namespace = lake.layout.namespace(layer)
    try:
        identifiers = lake.catalog.list_tables(namespace)
    except NoSuchNamespaceError:
        return
    for identifier in sorted(identifiers):
        yield lake.layout.place(TableName(layer, identifier[-1]))


def look_after(
    lake: Lake,
    tables: Sequence[TableName],
    operation: Operation,
    tell: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Do one operation to each of some tables.

    Args:
        lake: What is worked with.
        tables: The tables.
        operation: What is done.
        tell: Told of each table when it is done.

    Returns:
        How it ended for each table that still exists.
    """
    outcomes = []
    for table in tables:
        outcome = _look_after_one(lake, table, operation)
        if outcome is not None:
            tell(outcome)
            outcomes.append(outcome)
    return outcomes


def _look_after_one(lake: Lake, table: TableName, operation: Operation) -> Outcome | None:
    started = time.monotonic()
    done, problem = None, None
    try:
        with storage_errors(table.qualified):
            done = operation(lake, table, lake.catalog.load_table(table.identifier))
    except NoSuchTableError:
        return None  # dropped since the tables were listed
    except FqError as error:
        problem = error
    except Exception as error:  # noqa: BLE001 - whatever befalls one table, the others are looked after; it is reported
        problem = FqError(
            f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:500]}",
            where=table.qualified,
            fix="Nothing of the table was lost: look at the cause and run the upkeep of this table again",
        )
        problem.__cause__ = error
    return Outcome(table, done, problem, time.monotonic() - started)

"""The tables and changelogs that a statement of Spark names, put where Spark finds them.

Belongs here: names as people write them, the views that stand for `current(...)`, snapshots. Does not: finding the
calls (`current_calls.py`), which rows live (`lakehouse/current.py`), running anything but the analysis of a view.
"""

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from fq_platform.lakehouse.layout import CATALOG, NESTED_SHARED, Layer, TableName
from fq_platform.lakehouse.versions import require_changelog
from fq_platform.query.current_calls import Call, calls_of_current
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
        self._calls = {f"fq_current_{uuid.uuid4().hex}": call for call in calls_of_current(sql, DIALECT)}
        for view, call in reversed(self._calls.items()):
            sql = f"{sql[: call.begin]}{view}{sql[call.end :]}"
        written = {table.parts: table for table in named_tables(sql, DIALECT) if table.parts[-1] not in self._calls}
        self._meant = {parts: self._table(parts) for parts in written}
        self._snapshots = self._at(as_of, written)
        self._sql = sql

    def frame(self) -> "DataFrame":
        """The statement as Spark takes it; what it makes for `current` must be forgotten when its rows are read."""
        for view, call in self._calls.items():
            self._live(call).createOrReplaceTempView(view)
        return self._session.sql(replaced(self._sql, DIALECT, self._text))

    def forget(self) -> None:
        """Drop the views: Spark Connect looks at them again whenever it is asked for rows."""
        for view in self._calls:
            self._session.catalog.dropTempView(view)

    def _at(self, as_of: AsOf | None, written: Mapping[tuple[str, ...], Named]) -> Mapping[TableName, int]:
        if as_of is None:
            return {}
        with_past = [name for parts, (name, part) in self._meant.items() if not part and not written[parts].at_version]
        changelogs = [self._table(call.table)[0] for call in self._calls.values()]
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
        if call.moment is not None:
            rows = rows.where(f"_fq_extracted_at <= {call.moment.sql(dialect=DIALECT)}")
        return live_documents(rows)

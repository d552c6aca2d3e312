"""A MongoDB database beside a lake, for the tests of extraction.

Belongs here: syncing and looking at what was landed. Does not: assertions.
"""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.table import Table
from pymongo.database import Database

from fq_platform.extraction.sync import SyncOptions, SyncResult, sync
from fq_platform.extraction.windows import Window, daily
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName, layout_of
from fq_platform.settings import Settings

START = dt.date(2026, 1, 1)
LAST = START + dt.timedelta(days=30)
DAY1, DAY2, DAY3 = (START + dt.timedelta(days=n) for n in range(3))


def noon(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, 12, tzinfo=dt.UTC)


class Landing:
    """One database and one lake.

    Args:
        database: The source.
        settings: Whose FQ_HOME holds the lake.
        field: The event-time field of collections that are landed by day.
    """

    def __init__(self, database: Database[dict[str, Any]], settings: Settings, field: str = "at") -> None:
        self.database = database
        self.settings = settings
        self.field = field
        self.start = START

    def by_day(
        self, first: dt.date, last: dt.date | None = None, *, last_day: dt.date | None = LAST, **options: Any
    ) -> SyncResult:
        """Land the days from `first` to `last` of the collection `orders`; options are those of `sync`."""
        return self._sync(
            "orders", list(daily(self.field, self.start, first, last or first, last_day=last_day)), **options
        )

    def whole(self, collection: str = "things", **options: Any) -> SyncResult:
        """Land a collection without days."""
        return self._sync(collection, [Window()], **options)

    def _sync(self, collection: str, windows: list[Window], **options: Any) -> SyncResult:
        layout = layout_of(self.settings)
        table = layout.place(TableName(Layer.RAW, f"app_{collection}", "app"))
        arguments: dict[str, Any] = {"run_id": "run-1"}
        arguments |= {
            name: options.pop(name) for name in ("run_id", "partition", "on_progress", "engine") if name in options
        }
        return sync(
            self.database,
            collection,
            windows,
            catalog=open_catalog(self.settings),
            table=table,
            location=layout.location(table),
            options=SyncOptions(**options),
            **arguments,
        )

    def table(self, collection: str) -> Table:
        return open_catalog(self.settings).load_table(("raw", f"app_{collection}"))

    def table_exists(self, collection: str) -> bool:
        return open_catalog(self.settings).table_exists(("raw", f"app_{collection}"))

    def rows(self, collection: str) -> list[dict[str, Any]]:
        """All rows of the changelog, oldest first."""
        found: pa.Table = self.table(collection).scan().to_arrow()
        rows = sorted(found.to_pylist(), key=lambda row: (row["_fq_extracted_at"], row["_id"]))
        return [row | {"_fq_rescued": dict(row["_fq_rescued"] or ())} for row in rows]

    def live(self, collection: str) -> dict[tuple[dt.date | None, str], dict[str, Any]]:
        """The newest row of each window and `_id`, unless it is a tombstone: what curated tables read."""
        newest = {(row["_fq_window"], row["_id"]): row for row in self.rows(collection)}
        return {key: row for key, row in newest.items() if row["_fq_op"] != "delete"}

    def one(self, collection: str = "things") -> dict[str, Any]:
        """The only live document."""
        (row,) = self.live(collection).values()
        return row

    def snapshots(self, collection: str) -> int:
        return len(self.table(collection).snapshots())

    def files(self) -> set[Path]:
        """Every file under the warehouse."""
        return {path for path in self.settings.warehouse.rglob("*") if path.is_file()}

    def data_files(self) -> set[Path]:
        return {path for path in self.files() if path.suffix == ".parquet"}

    @staticmethod
    def parquet(path: Path) -> pa.Table:
        """The rows of one data file."""
        return pq.ParquetFile(path).read()

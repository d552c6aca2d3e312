"""A lake that is synced from the replay server, through the platform's public API.

Belongs here: the one place that calls `sync`. Does not: measuring it.
"""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.documents import DATE_FIELD, DAYS, START
from fq_platform.extraction.source import connect
from fq_platform.extraction.sync import SyncOptions, SyncResult, sync
from fq_platform.extraction.windows import Window, daily
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, Layout, TableName, layout_of
from fq_platform.settings import Settings

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table
    from pymongo.database import Database

    from fq_platform.extraction.engine import Engine

APP = "replay"
_CONNECT_SECONDS = 10


@dataclass
class Lake:
    """A folder with a catalog and a warehouse, and the server that it is landed from.

    Args:
        uri: The replay server's.
        home: The folder.
    """

    uri: str
    home: Path

    @cached_property
    def database(self) -> "Database[dict[str, Any]]":
        """The source."""
        return connect(self.uri, _CONNECT_SECONDS)["replay"]

    @cached_property
    def settings(self) -> Settings:
        """Settings whose FQ_HOME is the folder."""
        return Settings(home=self.home)

    @cached_property
    def catalog(self) -> "Catalog":
        """The Iceberg catalog."""
        return open_catalog(self.settings)

    @cached_property
    def _layout(self) -> Layout:
        return layout_of(self.settings)

    def _placed(self, collection: str) -> TableName:
        return self._layout.place(_table_name(collection))

    def connect(self) -> None:
        """Open what is opened once per process: the connection and the catalog."""
        self.database.command("ping")
        self.catalog.list_namespaces()

    def sync(
        self,
        collection: str,
        by_day: bool = False,
        engine: "Engine | None" = None,
        only: dt.date | None = None,
        **options: Any,
    ) -> SyncResult:
        """Make the lake agree with a collection.

        Args:
            collection: Its name.
            by_day: Whether it is landed in daily windows, else as one.
            engine: What compares; threads if not given.
            only: The one day to compare of a collection in daily windows; None for all.
            **options: Those of `SyncOptions` that differ from its defaults.

        Returns:
            What the platform says that it did.
        """
        first, last = START.date(), START.date() + dt.timedelta(days=DAYS - 1)
        days = list(daily(DATE_FIELD, first, only or first, only or last))
        return sync(
            self.database,
            collection,
            days if by_day else [Window()],
            catalog=self.catalog,
            table=self._placed(collection),
            location=self._layout.location(_table_name(collection)),
            run_id="benchmark",
            options=SyncOptions(**options),
            engine=engine,
        )

    def table(self, collection: str) -> "Table":
        """The raw table of a collection."""
        return self.catalog.load_table(self._placed(collection).identifier)

    def snapshots(self, collection: str) -> int:
        """How many snapshots the table has."""
        return len(self.table(collection).snapshots())

    def data_files(self, collection: str) -> list[Path]:
        """The Parquet files of the table's current snapshot."""
        return [
            Path(task.file.file_path.removeprefix("file://")) for task in self.table(collection).scan().plan_files()
        ]

    def stored(self) -> dict[str, int]:
        """Every file under the warehouse and its size (bytes): what was written can be told from the difference."""
        return {str(path): path.stat().st_size for path in self.settings.warehouse.rglob("*") if path.is_file()}


def _table_name(collection: str) -> TableName:
    return TableName(Layer.RAW, f"{APP}_{collection}", APP)

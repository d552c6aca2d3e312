"""Tables written from SQL through the product's one entry, and what they are afterwards."""

import datetime as dt
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table
from pyspark.sql import SparkSession

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import layout_of
from fq_platform.lakehouse.spark_table import Window, Written
from fq_platform.lakehouse.spark_write import write
from fq_platform.lakehouse.table_options import TableDocs, TableOptions, Target, WriteMode
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.spark import NewTable

_runs = itertools.count(1)


def days(*spans: tuple[int, int] | int) -> list[Window]:
    """Windows over the column `day`: of January's days, each alone or from one up to and including another."""
    pairs = [span if isinstance(span, tuple) else (span, span) for span in spans]
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return [
        Window("day", start + dt.timedelta(days=first - 1), start + dt.timedelta(days=last)) for first, last in pairs
    ]


def rows_of(*values: str, columns: str = "day, n") -> str:
    """A query with a day and other values: `rows_of("2, 10")` is the 2nd of January with 10."""
    found = ", ".join(
        f"(DATE '2026-01-{int(value.split(',', 1)[0]):02}', {value.split(',', 1)[1]})" for value in values
    )
    return f"SELECT * FROM VALUES {found} AS t({columns})"


@dataclass(frozen=True)
class Lake:
    """One table, written again and again."""

    spark: SparkSession
    catalog: Catalog
    target: Target
    runs: dict[str, str] = field(default_factory=dict)

    def declare(self, mode: WriteMode | None = None, docs: TableDocs | None = None, **options: Any) -> "Lake":
        """The same table with another declaration."""
        changed = replace(self.target.options, **({"mode": mode} if mode else {}), **options)
        return replace(self, target=replace(self.target, options=changed, docs=docs or self.target.docs))

    def on(self, branch: str) -> "Lake":
        return replace(self, target=replace(self.target, branch=branch))

    def write(self, sql: str, windows: Sequence[Window] | None = None, **summary: str) -> Written:
        given = summary or {"fq.run-id": f"run-{next(_runs)}"}
        return write(self.spark, self.catalog, self.target, self.spark.sql(sql), windows=windows, summary=given)

    def refusal(self, sql: str, windows: Sequence[Window] | None = None, **summary: str) -> FqError:
        """Write what must be refused, and see that nothing of it is left."""
        before = self.trace()
        with pytest.raises(FqError) as told:
            self.write(sql, windows, **summary)
        assert self.trace() == before
        return told.value

    def trace(self) -> Any:
        """All that a refused write could have changed."""
        if not self.catalog.table_exists(self.target.table.identifier):
            return None
        metadata = self.table.metadata
        return {name: ref.snapshot_id for name, ref in metadata.refs.items()}, metadata.schema(), metadata.properties

    @property
    def table(self) -> Table:
        return self.catalog.load_table(self.target.table.identifier)

    @property
    def snapshots(self) -> int:
        return len(self.table.snapshots())

    def rows(self, *columns: str, branch: str = "") -> list[tuple[Any, ...]]:
        """All rows as tuples, sorted."""
        name = self.target.table.qualified + (f".`branch_{branch}`" if branch else "")
        frame = self.spark.table(name)
        return sorted((tuple(row) for row in (frame.select(*columns) if columns else frame).collect()), key=repr)

    def pyiceberg_rows(self, *columns: str) -> list[tuple[Any, ...]]:
        """The same as PyIceberg reads them."""
        found = self.table.scan(selected_fields=columns or ("*",)).to_arrow().to_pylist()
        return sorted((tuple(row.values()) for row in found), key=repr)


NewLake = Callable[..., Lake]


@pytest.fixture
def lake(spark: SparkSession, spark_settings: Settings, new_table: NewTable) -> NewLake:
    """Gives a table that does not exist yet: `lake(WriteMode.MERGE, keys=("id",))`; dated unless `dated=False`."""

    def new(mode: WriteMode = WriteMode.OVERWRITE, *, dated: bool = True, **options: Any) -> Lake:
        layout = layout_of(spark_settings)
        table = layout.place(new_table())
        declared = TableOptions(mode=mode, **options)
        column = "day" if dated else None
        return Lake(
            spark,
            open_catalog(spark_settings),
            Target(table, layout.location(table), declared, partition_column=column),
        )

    return new

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from bson import Binary, Decimal128, ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from fq_platform.errors import FqError
from fq_platform.extraction.spark import tasks
from fq_platform.extraction.spark.engine import SparkEngine
from fq_platform.extraction.verify import verify
from fq_platform.extraction.windows import daily
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.settings import Settings
from fq_platform_tests.extraction.corpus import CORPUS
from fq_platform_tests.extraction.encoding import encode
from fq_platform_tests.extraction.landing import DAY1, DAY2, DAY3, LAST, Landing, noon

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.services

OF_THE_RUN = {"_fq_extracted_at", "_fq_run_id"}


class Both:
    """One source, landed by either engine into a lake of its own."""

    def __init__(self, arrow: Landing, spark: Landing, engine: SparkEngine) -> None:
        self.arrow = arrow
        self.spark = spark
        self.engine = engine

    def whole(self, **options: Any) -> None:
        """Land a collection without days, by each engine."""
        self._same(self.arrow.whole(**options), self.spark.whole(engine=self.engine, **options))

    def by_day(self, first: dt.date, last: dt.date, **options: Any) -> None:
        """Land days, by each engine."""
        self._same(
            self.arrow.by_day(first, last, **options), self.spark.by_day(first, last, engine=self.engine, **options)
        )

    @staticmethod
    def _same(arrow: Any, spark: Any) -> None:
        assert spark.counts() == arrow.counts()
        assert spark.by_day == arrow.by_day
        assert spark.schema_changes == arrow.schema_changes
        assert (spark.snapshot_id is None) == (arrow.snapshot_id is None)

    def assert_same_rows(self, collection: str) -> None:
        """All rows of both changelogs, and their columns in order, are the same."""
        arrow, spark = self._rows(self.arrow, collection), self._rows(self.spark, collection)
        assert {repr(row) for row in spark.to_pylist()} == {repr(row) for row in arrow.to_pylist()}
        assert len(spark) == len(arrow)
        tables = (self.arrow.table(collection), self.spark.table(collection))
        assert tables[0].schema().columns == tables[1].schema().columns
        assert tables[0].properties == tables[1].properties

    @staticmethod
    def _rows(landing: Landing, collection: str) -> pa.Table:
        found: pa.Table = landing.table(collection).scan().to_arrow()
        return found.drop_columns(sorted(OF_THE_RUN))


@pytest.fixture
def both(landing: Landing, settings: Settings, mongo_uri: str, spark: "SparkSession", tmp_path: Path) -> Both:
    other = Landing(landing.database, settings.model_copy(update={"home": tmp_path / "by-spark"}))
    return Both(landing, other, SparkEngine(settings, lambda: mongo_uri, lambda: spark))


def _insert(database: Database[dict[str, Any]], collection: str, documents: list[bytes]) -> int:
    """Insert documents as bytes; those that the embedded server does not take are left out."""
    taken = 0
    for document in documents:
        found = database.command({"insert": collection, "documents": [RawBSONDocument(document)]}, check=False)
        taken += int(found.get("n", 0))
    return taken


def test_both_engines_land_the_same_rows_of_every_type(both: Both) -> None:
    assert _insert(both.arrow.database, "things", list(map(encode, CORPUS))) == 187
    both.whole(keep_document=True, range_documents=60)
    both.assert_same_rows("things")
    things = both.arrow.database["things"]
    things.update_one({"_id": "string"}, {"$set": {"v": Decimal128("0.10"), "fresh": {"b": [{"c": Binary(b"x")}]}}})
    things.delete_many({"_id": {"$in": ["int32", 1, OID_OF_CORPUS]}})
    things.insert_one({"_id": "added", "v": 2.5})
    both.whole(keep_document=True, range_documents=60)
    both.assert_same_rows("things")
    both.whole(keep_document=True, range_documents=60)
    assert both.spark.snapshots("things") == 2


OID_OF_CORPUS = ObjectId("0123456789abcdef01234567")


def test_both_engines_land_the_same_days_also_when_documents_move(both: Both) -> None:
    orders = both.arrow.database["orders"]
    orders.create_index("at")
    orders.insert_many([{"_id": n, "at": noon(DAY1 + dt.timedelta(days=n % 4)), "n": n} for n in range(200)])
    orders.insert_many([{"_id": "undated"}, {"_id": "array", "at": [noon(DAY2)]}, {"_id": "text", "at": "2026-01-02"}])
    both.by_day(DAY1, LAST)
    both.assert_same_rows("orders")
    # From the first day to the second, to no day, to one that is not asked for; a new field; a whole day is gone.
    orders.update_many({"_id": {"$in": [0, 4, 8]}}, {"$set": {"at": noon(DAY2), "note": "moved"}})
    orders.update_one({"_id": 5}, {"$unset": {"at": ""}})
    orders.update_one({"_id": 9}, {"$set": {"at": noon(DAY1 + dt.timedelta(days=20))}})
    orders.delete_many({"at": noon(DAY3)})
    both.by_day(DAY2, DAY3)
    both.assert_same_rows("orders")
    # One day among many brings a field, so that only some units of a task are written again.
    orders.insert_many([{"_id": f"new-{n}", "at": noon(DAY1 + dt.timedelta(days=n))} for n in range(20)])
    orders.update_one({"_id": "new-11"}, {"$set": {"fresh": {"a": 1}}})
    both.by_day(DAY1, LAST)
    both.assert_same_rows("orders")
    windows = list(daily("at", DAY1, DAY1, LAST, last_day=LAST))
    catalog, table = open_catalog(both.spark.settings), TableName(Layer.RAW, "app_orders", "app")
    found = verify(both.spark.database, "orders", windows, catalog=catalog, table=table)
    assert (found.documents, found.differences) == (173, 0)


def test_a_task_that_fails_leaves_nothing_visible(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    both.arrow.database["things"].insert_many([{"_id": n} for n in range(50)])
    monkeypatch.setattr(tasks, "landed", _failing)
    with pytest.raises(FqError, match="ValueError: no disk") as caught:
        both.spark.whole(engine=both.engine)
    assert "mongodb://" not in str(caught.value)
    assert both.spark.snapshots("things") == 0
    assert both.spark.data_files() == set()


def _failing(_work: tasks.Work) -> Callable[[Any], Iterator[pa.RecordBatch]]:
    def fail(_batches: Any) -> Iterator[pa.RecordBatch]:
        raise ValueError("no disk")
        yield

    return fail

"""A raw asset whose collection declares `engine: spark` lands and tells what the one of the engine arrow does."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg
import pyarrow as pa
import pytest
from bson import Decimal128
from pymongo.database import Database

from fq_platform.assets.raw import build_raw_assets
from fq_platform.automation.materialisations import CONTENT_VERSION
from fq_platform.automation.partitions import range_tags
from fq_platform.extraction.engine import Syncing
from fq_platform.extraction.spark.engine import SparkEngine
from fq_platform.extraction.windows import Window
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.resources.mongo import MongoResource
from fq_platform.settings import get_settings
from fq_platform.sources import load_sources

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.services

FIRST, LAST = dt.date(2026, 3, 1), dt.date(2026, 3, 4)
OF_THE_RUN = {"_fq_extracted_at", "_fq_run_id"}
TOLD_DIFFERENTLY = {"snapshot_id", "query", "duration_seconds", "bytes", "table_bytes"}

Told = dict[str | None, dict[str, Any]]
Checks = dict[str, tuple[bool, str | None]]


class Shop:
    """A lake of its own for each engine, over the same database."""

    def __init__(self, engine: str, folder: Path, database: str, uri: str, environment: pytest.MonkeyPatch) -> None:
        self.home, self.uri, self.environment = folder / engine, uri, environment
        self.home.mkdir()
        self.file = self.home / "sources.yaml"
        self.file.write_text(
            f"app: shop\ndatabase: {database}\nstart_date: {FIRST}\ncollections:\n"
            f"  orders: {{partition_by: at, engine: {engine}}}\n"
        )

    def materialised(self) -> tuple[Told, Checks, list[dict[str, Any]]]:
        """What a run of all days tells of each of them and by its checks, and all rows that the table then has."""
        self.environment.setenv("FQ_HOME", str(self.home / "fq"))
        get_settings.cache_clear()
        result = dg.materialize(
            build_raw_assets(load_sources(self.file)),
            resources={"mongo": MongoResource(uri=self.uri)},
            tags=range_tags(FIRST, LAST),
        )
        told = {event.partition: _told(event.materialization) for event in result.get_asset_materialization_events()}
        checks = {check.check_name: (check.passed, check.description) for check in result.get_asset_check_evaluations()}
        return told, checks, self._rows()

    def _rows(self) -> list[dict[str, Any]]:
        found: pa.Table = open_catalog(get_settings()).load_table("raw.shop_orders").scan().to_arrow()
        rows: list[dict[str, Any]] = found.drop_columns(sorted(OF_THE_RUN)).to_pylist()
        return sorted(rows, key=repr)


def _told(materialization: dg.AssetMaterialization) -> dict[str, Any]:
    """The metadata without what is another number or name in each lake."""
    found = {name: value.value for name, value in materialization.metadata.items()}
    assert found.keys() >= TOLD_DIFFERENTLY
    found[CONTENT_VERSION] = str(found[CONTENT_VERSION]).split(":")[1]  # behind the table's id
    return {name: value for name, value in found.items() if name not in TOLD_DIFFERENTLY}


def test_runs_land_and_tell_the_same(
    spark: "SparkSession",
    mongo_database: Database[dict[str, Any]],
    mongo_uri: str,
    tmp_path: Path,
    environment: pytest.MonkeyPatch,
) -> None:
    orders = mongo_database["orders"]
    orders.insert_many(
        [
            {"_id": "a", "at": dt.datetime(2026, 3, 1, 9), "total": Decimal128("10.00")},
            {"_id": "b", "at": dt.datetime(2026, 3, 2, 9), "total": "20.00"},
            {"_id": "c", "at": dt.datetime(2026, 3, 2, 10), "total": Decimal128("30.00"), "lines": [{"sku": "x"}]},
            {"_id": "d", "at": dt.datetime(2026, 3, 4, 10), "total": Decimal128("40.00")},
        ]
    )
    arrow, by_spark = (
        Shop(engine, tmp_path, mongo_database.name, mongo_uri, environment) for engine in ("arrow", "spark")
    )
    extracted = _extractions(environment)
    first = arrow.materialised()
    assert first == by_spark.materialised()
    assert {day: (told["inserted"], told["rescued"]) for day, told in first[0].items()} == {
        "2026-03-01": (1, 0),
        "2026-03-02": (2, 1),
        "2026-03-03": (0, 0),
        "2026-03-04": (1, 0),
    }

    orders.update_one({"_id": "a"}, {"$set": {"note": "new"}})
    orders.delete_one({"_id": "d"})
    orders.update_one({"_id": "b"}, {"$set": {"at": dt.datetime(2026, 3, 3, 1)}})
    second = arrow.materialised()
    assert second == by_spark.materialised()
    assert second[0]["2026-03-01"]["schema_changes"] == ["added note: string"]
    assert [len(rows) for *_, rows in (first, second)] == [4, 8]
    assert extracted == [by_spark.home / "fq"] * 2


def _extractions(environment: pytest.MonkeyPatch) -> list[Path]:
    """Notes the home of every extraction that Spark does."""
    found: list[Path] = []
    compare = SparkEngine.compare

    def noted(engine: SparkEngine, windows: Sequence[Window], syncing: Syncing) -> None:
        found.append(engine.settings.home)
        compare(engine, windows, syncing)

    environment.setattr(SparkEngine, "compare", noted)
    return found

"""An asset with an incremental input reads what changed, and is then what a rebuild would make of it."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sf

from fq_platform.assets.audited import audited_asset
from fq_platform.checks.audits import Audit, unique_key
from fq_platform.io_managers.incremental import FULL_REFRESH
from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.changelog import open_changelog
from fq_platform.lakehouse.current import live_in_windows
from fq_platform.lakehouse.layout import Layer, TableName
from fq_platform.lakehouse.positions import property_name
from fq_platform_tests.fixtures.spark import NewTable
from fq_platform_tests.io_managers.conftest import Lake, metadata, metadata_by_partition, told

pytestmark = pytest.mark.services

YEAR = dg.DailyPartitionsDefinition("2025-01-01", end_date="2026-01-01")
START = dt.date(2025, 1, 1)
SPAN = tuple[str, str]
WHOLE_YEAR = ("2025-01-01", "2025-12-31")
NEW_YEAR = ("2025-01-01", "2025-01-05")
ROWS = pa.schema(
    [
        ("_id", pa.string()),
        ("_fq_op", pa.string()),
        ("_fq_window", pa.date32()),
        ("_fq_extracted_at", pa.timestamp("us", "UTC")),
    ]
)


def silver(rows: DataFrame) -> DataFrame:
    """Documents whose name begins with `hidden` are left out."""
    live = live_in_windows(rows).where(~sf.col("_id").startswith("hidden"))
    return live.select("_id", sf.col("_fq_window").alias("day"), sf.col("_fq_extracted_at").alias("version"))


@dataclass
class Raw:
    """A raw table that documents are appended to."""

    lake: Lake
    table: TableName
    dated: bool
    versions: Iterator[dt.datetime] = field(
        default_factory=lambda: (dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=n) for n in range(10_000))
    )

    def __post_init__(self) -> None:
        self.catalog = open_catalog(self.lake.resource.settings)
        open_changelog(self.catalog, self.table, None, partitioned=self.dated)
        self.key = dg.AssetKey([self.table.layer.value, self.table.name])
        self.spec = dg.AssetSpec(
            self.key,
            partitions_def=YEAR if self.dated else None,
            metadata={"partition_expr": "_fq_window"} if self.dated else {},
        )

    def append(self, *documents: tuple[str, int | None], op: str = "update") -> None:
        """Append versions of documents, each with the number of its day in the year, from 1."""
        at = next(self.versions)
        rows = [
            {
                "_id": name,
                "_fq_op": op,
                "_fq_window": None if day is None else START + dt.timedelta(days=day - 1),
                "_fq_extracted_at": at,
            }
            for name, day in documents
        ]
        self.catalog.load_table(self.table.identifier).append(pa.Table.from_pylist(rows, schema=ROWS))


def declared(
    spec: dg.AssetSpec, ins: Mapping[str, dg.AssetIn], audits: Sequence[Audit]
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """The decorator of an asset, audited or not."""
    once = dg.BackfillPolicy.single_run()
    if audits:
        return audited_asset(spec, audits=audits, ins=ins, backfill_policy=once)
    return dg.asset(
        key=spec.key,
        partitions_def=spec.partitions_def,
        code_version=spec.code_version,
        metadata=spec.metadata,
        ins=ins,
        backfill_policy=once,
    )


@dataclass
class Made:
    """A table that is made of the raw one, and a way to make it anew elsewhere."""

    raw: Raw
    table: TableName
    transform: Callable[[DataFrame], DataFrame] = silver
    code: str = "1"
    audits: tuple[Audit, ...] = ()

    def run(self, days: SPAN | str | None = None, **tags: str) -> dict[str, Any]:
        """Materialise; returns the metadata."""
        return metadata(self.result(days, tags), self.table)

    def result(
        self, days: SPAN | str | None = None, tags: Mapping[str, str] | None = None, *, fails: bool = False
    ) -> dg.ExecuteInProcessResult:
        dated = self.raw.dated
        key = [self.table.layer.value, self.table.name]

        def made(rows: Any) -> Any:
            return self.transform(rows)

        spec = dg.AssetSpec(
            key,
            partitions_def=YEAR if dated else None,
            code_version=self.code,
            metadata={"partition_expr": "day"} if dated else {"fq/write_mode": "merge", "fq/merge_keys": ["_id"]},
        )
        ins = {"rows": dg.AssetIn(self.raw.key, metadata={"fq/incremental": True})}
        asset = declared(spec, ins, self.audits)(made)

        first, last = (days, days) if isinstance(days, str) else days or (None, None)
        span = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
        result = dg.materialize(
            [self.raw.spec, asset],
            resources={"io_manager": self.raw.lake.io_manager()},
            instance=self.raw.lake.instance,
            tags={**(tags or {}), **{name: day for name, day in span.items() if day}},
            selection=[asset],
            raise_on_error=not fails,
        )
        assert result.success is not fails
        return result

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        return self.raw.lake.rows(self.table)

    @property
    def rebuilt(self) -> list[tuple[Any, ...]]:
        """What a rebuild makes."""
        return sorted((tuple(row) for row in self.transform(self.raw.lake.frame(self.raw.table)).collect()), key=repr)

    @property
    def snapshots(self) -> int:
        return len(self.raw.lake.snapshots(self.table))


@pytest.fixture
def raw(lake: Lake, new_table: NewTable) -> Raw:
    """A raw table with days."""
    return Raw(lake, new_table(Layer.RAW), dated=True)


@pytest.fixture
def made(raw: Raw, new_table: NewTable) -> Made:
    return Made(raw, new_table(Layer.CURATED))


class RowsRead:
    """Counts the rows that Spark's scans read from now on, of any table; Spark keeps its last 1,000 stages only."""

    def __init__(self, spark: SparkSession) -> None:
        self._context = spark.sparkContext._jsc.sc()
        self._gateway: Any = spark.sparkContext._gateway
        self._last = max((stage.stageId() for stage in self._stages()), default=-1)

    def _stages(self) -> list[Any]:
        self._context.listenerBus().waitUntilEmpty()
        none = self._gateway.jvm.java.util.ArrayList()
        quantiles = self._gateway.new_array(self._gateway.jvm.double, 0)
        stages = self._context.statusStore().stageList(none, False, False, quantiles, none)
        return [stages.apply(number) for number in range(stages.size())]

    def so_far(self) -> int:
        return sum(stage.inputRecords() for stage in self._stages() if stage.stageId() > self._last)


def test_one_day_of_a_year_reads_a_fiftieth_of_what_a_rebuild_reads(spark: SparkSession, made: Made) -> None:
    made.raw.append(*((f"{day}-{number}", day) for day in range(1, 366) for number in range(2)))
    read = RowsRead(spark)
    assert made.run(WHOLE_YEAR)["read"] == "365 of 365 windows had changed"
    rebuild = read.so_far()
    assert rebuild >= 730

    made.raw.append(("100-1", 100), ("late", 100))
    read = RowsRead(spark)
    assert made.run(WHOLE_YEAR)["read"] == "1 of 365 windows had changed"
    assert 0 < read.so_far() <= 0.02 * rebuild
    assert made.rows == made.rebuilt

    before, read = made.snapshots, RowsRead(spark)
    result = made.result(WHOLE_YEAR)
    assert metadata(result, made.table)["read"] == "0 of 365 windows had changed"
    assert (read.so_far(), made.snapshots) == (0, before)
    counts = {
        key: told["dagster/partition_row_count"] for key, told in metadata_by_partition(result, made.table).items()
    }
    assert counts == {f"{START + dt.timedelta(days=n)}": 3 if n == 99 else 2 for n in range(365)}


def test_late_moved_and_deleted_documents_end_in_the_right_day_once(made: Made) -> None:
    raw = made.raw
    raw.append(("kept", 1), ("moved", 1), ("deleted", 2), ("moved later", 3))
    made.run(NEW_YEAR)
    raw.append(("late", 1), ("moved", 2))
    raw.append(("moved", 1), ("deleted", 2), op="delete")
    raw.append(("moved later", 5))
    assert made.run(NEW_YEAR)["read"] == "3 of 5 windows had changed"
    assert made.rows == made.rebuilt
    raw.append(("moved later", 3), op="delete")
    assert made.run("2025-01-03")["read"] == "1 of 1 windows had changed"
    assert made.rows == made.rebuilt
    assert [(name, day.day) for name, day, _ in made.rows] == [
        ("kept", 1),
        ("late", 1),
        ("moved later", 5),
        ("moved", 2),
    ]


def test_position_and_rows_are_one_commit_and_what_is_not_written_is_not_read_again(made: Made) -> None:
    raw = made.raw
    raw.append(("a", 1), ("b", 2))
    made.run(NEW_YEAR)
    raw.append(("c", 3))
    assert made.run("2025-01-02")["read"] == "0 of 1 windows had changed"
    assert made.run(NEW_YEAR)["read"] == "1 of 5 windows had changed"
    last = raw.lake.snapshots(made.table)[-1]
    assert '"wrote":["2025-01-03"]' in last["summary"][property_name(raw.table)]
    raw.append(("hidden", 4))
    before = made.snapshots
    found = made.run(NEW_YEAR)
    assert (found["read"], found["changed"]) == ("1 of 5 windows had changed", False)
    assert made.run(NEW_YEAR)["read"] == "0 of 5 windows had changed"
    assert made.snapshots == before


def test_reading_is_pinned_to_the_snapshot_that_was_planned(made: Made) -> None:
    made.raw.append(("a", 1))

    def slow(rows: DataFrame) -> DataFrame:
        made.raw.append(("b", 1), ("c", 2))
        return silver(rows)

    Made(made.raw, made.table, slow).run(NEW_YEAR)
    assert [row[0] for row in made.rows] == ["a"]
    assert made.run(NEW_YEAR)["read"] == "2 of 5 windows had changed"
    assert made.rows == made.rebuilt


@pytest.mark.parametrize("audits", [(), (unique_key("_id"),)], ids=["stored", "audited"])
def test_reading_is_forgotten_when_its_output_is_stored(
    made: Made, audits: tuple[Audit, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, managers = SparkIcebergIOManager._changes, list[SparkIcebergIOManager]()

    def planned(self: SparkIcebergIOManager, *given: Any) -> Any:
        managers.append(self)
        scope = plan(self, *given)
        assert len(self._readings) == 1
        return scope

    monkeypatch.setattr(SparkIcebergIOManager, "_changes", planned)
    made.raw.append(("a", 1), ("b", 2))
    made.audits = audits
    made.run(NEW_YEAR)
    assert [name for name, *_ in made.rows] == ["a", "b"]
    assert [manager._readings for manager in managers] == [{}]


def test_run_that_fails_leaves_the_position_where_it_was(made: Made) -> None:
    made.raw.append(("a", 1))
    made.run(NEW_YEAR)
    made.raw.append(("b", 2))

    def broken(rows: DataFrame) -> DataFrame:
        return silver(rows).withColumn("day", sf.date_add("day", 100))

    assert "outside" in told(Made(made.raw, made.table, broken).result(NEW_YEAR, fails=True))
    assert made.run(NEW_YEAR)["read"] == "1 of 5 windows had changed"
    assert made.rows == made.rebuilt


def test_everything_is_read_again_when_asked_for_or_the_code_is_another(made: Made) -> None:
    made.raw.append(("a", 1))
    made.run(NEW_YEAR)
    assert made.run(NEW_YEAR, **{FULL_REFRESH: "true"})["read"] == "5 of 5 windows had changed"
    changed = Made(made.raw, made.table, lambda rows: silver(rows).withColumn("note", sf.lit("new")), code="2")
    assert changed.run(NEW_YEAR)["read"] == "5 of 5 windows had changed"
    assert changed.rows == changed.rebuilt
    assert changed.run(NEW_YEAR)["read"] == "0 of 5 windows had changed"


def test_table_without_days_merges_what_was_appended(spark: SparkSession, lake: Lake, new_table: NewTable) -> None:
    raw = Raw(lake, new_table(Layer.RAW), dated=False)

    def undated(rows: DataFrame) -> DataFrame:
        return silver(rows).drop("day")

    made = Made(raw, new_table(Layer.CURATED), undated)
    raw.append(*((f"{number}", None) for number in range(200)), ("hidden by and by", None))
    assert made.run()["read"] == "everything"
    raw.append(("1", None), ("new", None))
    raw.append(("1", None), ("short-lived", None))
    raw.append(("2", None), ("short-lived", None), ("never there", None), op="delete")
    read = RowsRead(spark)
    found = made.run()
    assert (found["read"], found["write_mode"]) == ("what was appended since the last materialisation", "merge")
    assert made.rows == made.rebuilt
    assert len(made.rows) == 200
    before = made.snapshots
    read = RowsRead(spark)
    assert made.run()["read"] == "nothing had changed"
    assert (read.so_far(), made.snapshots) == (0, before)
    raw.append(("hidden", None))
    assert made.run()["changed"] is False
    assert made.run()["read"] == "nothing had changed"
    lake.spark.sql(f"DELETE FROM {raw.table.qualified} WHERE _id = '3'")
    assert made.run()["read"] == "everything"
    assert made.rows == made.rebuilt


def test_documents_that_the_transform_leaves_out_from_now_on_are_deleted(lake: Lake, new_table: NewTable) -> None:
    raw = Raw(lake, new_table(Layer.RAW), dated=False)

    def first_two_versions(rows: DataFrame) -> DataFrame:
        return silver(rows).drop("day").where("hour(version) < 2")

    made = Made(raw, new_table(Layer.CURATED), first_two_versions)
    raw.append(("a", None), ("b", None))
    made.run()
    raw.append(("a", None))
    raw.append(("b", None))
    made.run()
    assert [row[0] for row in made.rows] == ["a"]
    assert made.rows == made.rebuilt


def test_declarations_that_cannot_be_made_incrementally_are_refused(made: Made, new_table: NewTable) -> None:
    made.raw.append(("a", 1))
    lake, key = made.raw.lake, made.raw.key
    undated = Raw(lake, new_table(Layer.RAW), dated=False)
    other = dg.AssetSpec(["curated", "other"], partitions_def=YEAR)
    incremental = {"fq/incremental": True}

    def complaint(**given: Any) -> str:
        table = new_table(Layer.CURATED)
        options: dict[str, Any] = {"partitions_def": YEAR, "metadata": {"partition_expr": "day"}, **given}

        @dg.asset(key=[table.layer.value, table.name], **options)
        def refused(rows: Any) -> Any:
            return silver(rows)

        result = dg.materialize(
            [made.raw.spec, undated.spec, other, refused],
            resources={"io_manager": lake.io_manager()},
            instance=lake.instance,
            partition_key="2025-01-01" if options["partitions_def"] else None,
            selection=[refused],
            raise_on_error=False,
        )
        complaint = told(result)
        assert not lake.spark.catalog.tableExists(table.qualified)
        return complaint

    rows = dg.AssetIn(key, metadata=incremental)
    everything = dg.AssetIn(key, metadata=incremental, partition_mapping=dg.AllPartitionMapping())
    day_before = dg.AssetIn(key, metadata=incremental, partition_mapping=dg.TimeWindowPartitionMapping(start_offset=-1))
    whole = dg.AssetIn(undated.key, metadata=incremental)
    merged = {"partition_expr": "day", "fq/write_mode": "append"}
    assert "not also of curated/other" in complaint(ins={"rows": rows}, deps=[other])
    assert "has to be partitioned like" in complaint(ins={"rows": day_before})
    assert "has to be partitioned like" in complaint(ins={"rows": everything})
    assert "days that changed are overwritten" in complaint(ins={"rows": rows}, metadata=merged)
    assert "has to be partitioned like" in complaint(ins={"rows": rows}, partitions_def=None, metadata={})
    assert "declares no key" in complaint(ins={"rows": whole}, partitions_def=None, metadata={})

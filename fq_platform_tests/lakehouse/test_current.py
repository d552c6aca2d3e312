"""The current state of a raw table in Spark, and that DuckDB gives the same."""

import datetime as dt
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from fq_platform.errors import FqError
from fq_platform.query.engine import open_engine
from fq_platform.query.options import EngineName
from fq_platform_tests.fixtures.changelog import COLUMNS, LIVE, at, make_changelog, version

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyspark.sql import DataFrame, SparkSession

    from fq_platform.settings import Settings

pytestmark = pytest.mark.services

TABLE = "raw.current_things"


@pytest.fixture(scope="module")
def catalog(spark_settings: "Settings", spark: "SparkSession") -> "Catalog":
    from fq_platform.lakehouse.catalog import open_catalog

    return open_catalog(spark_settings)


@pytest.fixture(scope="module")
def snapshots(catalog: "Catalog") -> list[int]:
    """The three snapshots of `TABLE`; after them, a column was added."""
    snapshots = make_changelog(catalog, TABLE)
    with catalog.load_table(TABLE).update_schema() as update:
        from pyiceberg.types import StringType

        update.add_column("added", StringType())
    return snapshots


def notes(rows: "DataFrame") -> dict[str, str]:
    """`_id` -> `note`, each document at most once."""
    found = rows.select("_id", "note").collect()
    assert len({row["_id"] for row in found}) == len(found)
    return {row["_id"]: row["note"] for row in found}


def sorted_rows(table: pa.Table) -> list[dict[str, Any]]:
    return sorted(table.to_pylist(), key=lambda row: str(row["_id"]))


@pytest.mark.parametrize("name", [TABLE, f"iceberg.{TABLE}", "current_things"])
def test_every_live_document_stands_once(spark: "SparkSession", snapshots: list[int], name: str) -> None:
    from fq_platform.lakehouse.current import current

    assert notes(current(spark, name)) == LIVE[3]


@pytest.mark.parametrize("hour", [1, 2, 3])
def test_a_moment_counts_what_had_been_extracted_by_then(
    spark: "SparkSession", snapshots: list[int], hour: int
) -> None:
    from fq_platform.lakehouse.current import current

    assert notes(current(spark, TABLE, at(hour))) == LIVE[hour]
    assert notes(current(spark, TABLE, at(hour).replace(tzinfo=None))) == LIVE[hour]
    assert notes(current(spark, TABLE, at(1) - dt.timedelta(microseconds=1))) == {}


def test_a_snapshot_is_read_as_it_was_its_columns_included(spark: "SparkSession", snapshots: list[int]) -> None:
    from fq_platform.lakehouse.current import current

    assert [notes(current(spark, TABLE, snapshot)) for snapshot in snapshots] == [LIVE[1], LIVE[2], LIVE[3]]
    assert current(spark, TABLE, snapshots[0]).columns == COLUMNS.names
    assert current(spark, TABLE).columns == [*COLUMNS.names, "added"]


@pytest.mark.parametrize("hour", [1, 2, 3, None])
def test_duckdb_gives_the_same_rows(
    spark: "SparkSession", spark_settings: "Settings", snapshots: list[int], hour: int | None
) -> None:
    from fq_platform.lakehouse.current import current

    engine = open_engine(EngineName.DUCKDB, spark_settings)
    moment = f", TIMESTAMPTZ '{at(hour).isoformat()}'" if hour else ""
    names = [*COLUMNS.names, "added"]

    in_duckdb = engine.execute(f"FROM current({TABLE}{moment})").read_all().select(names)
    in_spark = current(spark, TABLE, at(hour) if hour else None)

    rows = [row.asDict(recursive=True) for row in in_spark.select(names).collect()]
    plain = pa.Table.from_pylist(
        [
            row
            | {"_fq_extracted_at": row["_fq_extracted_at"].replace(tzinfo=dt.UTC), "_fq_hash": bytes(row["_fq_hash"])}
            for row in rows
        ],
        schema=in_duckdb.schema,
    )
    assert sorted_rows(plain) == sorted_rows(in_duckdb)
    assert in_duckdb.num_rows == len(LIVE[hour or 3])


def test_random_histories_are_told_alike_by_both(
    spark: "SparkSession", spark_settings: "Settings", catalog: "Catalog"
) -> None:
    """Few keys, windows and times, so that all that can meet does."""
    import random

    from fq_platform.lakehouse.current import current

    dice = random.Random(4)
    windows = [None, dt.date(2026, 1, 5), dt.date(2026, 1, 6)]
    rows = [
        version(f"d{dice.randrange(80)}", dice.randrange(5), str(number), window=dice.choice(windows), op=operation)
        for number in range(400)
        for operation in [dice.choice(["insert", "update", "delete"])]
    ]
    catalog.create_table("raw.current_random", schema=COLUMNS)
    catalog.load_table("raw.current_random").append(pa.Table.from_pylist(rows, schema=COLUMNS))

    in_duckdb = open_engine(EngineName.DUCKDB, spark_settings).execute("FROM current(raw.current_random)").read_all()

    assert in_duckdb.num_rows > 40
    assert notes(current(spark, "raw.current_random")) == {
        row["_id"]: row["note"] for row in in_duckdb.select(["_id", "note"]).to_pylist()
    }


def test_rows_are_shuffled_once(spark: "SparkSession", snapshots: list[int]) -> None:
    import contextlib
    import io

    from fq_platform.lakehouse.current import current

    with contextlib.redirect_stdout(io.StringIO()) as plan:
        current(spark, TABLE).explain()
    assert plan.getvalue().count("Exchange") == 1


@pytest.mark.parametrize(
    ("name", "as_of", "complaint"),
    [
        ("raw.current_nothing", None, "There is no table iceberg.raw.current_nothing"),
        ("raw.current_nothing", 42, "There is no table iceberg.raw.current_nothing"),
        ("rare.things", None, "'rare.things' is not the name of a table"),
        (TABLE, 42, f"iceberg.{TABLE} has no snapshot 42"),
        ("curated.things.rare", None, "'curated.things.rare' is not the name of a table"),
        ("curated.shared.things", None, "There is no table iceberg.curated.shared.things"),
        ("raw.current_plain", None, "raw.current_plain is not a changelog: it has no column _id"),
    ],
)
def test_what_is_not_there_is_said_in_words(
    spark: "SparkSession", snapshots: list[int], catalog: "Catalog", name: str, as_of: int | None, complaint: str
) -> None:
    from fq_platform.lakehouse.current import current

    catalog.create_table_if_not_exists("raw.current_plain", schema=pa.schema([("number", pa.int64())]))
    with pytest.raises(FqError) as caught:
        current(spark, name, as_of)
    assert caught.value.what == complaint

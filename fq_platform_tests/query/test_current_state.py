"""`current(...)` in a query gives every live document once, now and as of any time."""

import datetime as dt

import pyarrow as pa
import pytest
from pyiceberg.catalog import Catalog

from fq_platform.errors import FqError
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.query.engine import QueryEngine, open_engine
from fq_platform.query.options import EngineName
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.changelog import COLUMNS, LIVE, TUESDAY, make_changelog, version
from fq_platform_tests.fixtures.lake import ORDERS


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("changelog") / "fq")


@pytest.fixture(scope="module")
def catalog(settings: Settings) -> Catalog:
    return open_catalog(settings)


@pytest.fixture(scope="module")
def snapshots(catalog: Catalog) -> list[int]:
    """The three snapshots of `raw.app_things`; beside it stands `analytics.fct_orders`, which is no changelog."""
    catalog.create_table("analytics.fct_orders", schema=ORDERS)
    return make_changelog(catalog, "raw.app_things")


@pytest.fixture(scope="module")
def engine(settings: Settings, snapshots: list[int]) -> QueryEngine:
    return open_engine(EngineName.DUCKDB, settings)


def notes(engine: QueryEngine, call: str, as_of: int | dt.datetime | None = None) -> dict[str, str]:
    """`_id` -> `note` of what a call of `current` gives, each document at most once."""
    rows = engine.execute(f"SELECT _id, note FROM {call}", as_of).read_all().to_pylist()
    found = {row["_id"]: row["note"] for row in rows}
    assert len(found) == len(rows)
    return found


def refusal(engine: QueryEngine, sql: str) -> FqError:
    with pytest.raises(FqError) as caught:
        engine.execute(sql).read_all()
    return caught.value


@pytest.mark.parametrize(
    "name",
    [
        "'raw.app_things'",
        "raw.app_things",
        "iceberg.raw.app_things",
        "'iceberg.raw.app_things'",
        "RAW.App_Things",
        '"raw"."app_things"',
        "app_things",
        "'app_things'",
    ],
)
def test_every_live_document_stands_once_however_its_table_is_named(engine: QueryEngine, name: str) -> None:
    assert notes(engine, f"current({name})") == LIVE[3]
    assert notes(engine, f"CURRENT({name}) AS c") == LIVE[3]


@pytest.mark.parametrize("hour", [1, 2, 3])
def test_a_moment_counts_what_had_been_extracted_by_then(engine: QueryEngine, hour: int) -> None:
    assert notes(engine, f"current(raw.app_things, TIMESTAMPTZ '2026-01-08 0{hour}:00:00Z')") == LIVE[hour]
    assert notes(engine, f"current('raw.app_things', as_of := '2026-01-08 0{hour}:59:59')") == LIVE[hour]
    assert notes(engine, "current('raw.app_things', DATE '2026-01-08')") == {}


@pytest.mark.parametrize("hour", [1, 2, 3])
def test_a_snapshot_is_read_as_it_was_and_a_moment_within_it(
    engine: QueryEngine, snapshots: list[int], hour: int
) -> None:
    assert notes(engine, "current(raw.app_things)", snapshots[hour - 1]) == LIVE[hour]
    assert notes(engine, "current(raw.app_things, '2026-01-08 01:00')", snapshots[hour - 1]) == LIVE[1]


def test_all_columns_of_the_table_are_there_as_they_were_written(engine: QueryEngine) -> None:
    rows = engine.execute("SELECT * FROM current(raw.app_things) WHERE _id = 'moved'").read_all()

    assert rows.schema.names == COLUMNS.names
    assert rows.to_pylist() == [version("moved", 2, "on Tuesday", window=TUESDAY) | {"_fq_rescued": None}]


def test_current_stands_wherever_a_table_can(engine: QueryEngine) -> None:
    sql = """
        WITH live AS (FROM current(raw.app_things))
        SELECT count(*) AS versions, (SELECT count(*) FROM current('raw.app_things')) AS documents,
            (SELECT count(*) FROM analytics.fct_orders) AS orders
        FROM raw.app_things JOIN live USING (_id)
        """
    [row] = engine.execute(sql).read_all().to_pylist()
    assert row == {"versions": 18, "documents": len(LIVE[3]), "orders": 0}
    assert engine.execute("DESCRIBE FROM current(raw.app_things)").read_all().num_rows == len(COLUMNS)
    assert "ROW_NUMBER" in engine.execute("EXPLAIN FROM current(raw.app_things)").read_all()["explain_value"][0].as_py()


def test_fields_called_like_the_words_of_the_query_do_no_harm(settings: Settings, catalog: Catalog) -> None:
    schema = COLUMNS
    for name in ("changelog", "as_of", "live", "version", "current"):
        schema = schema.append(pa.field(name, pa.string()))
    own = {"changelog": "a", "as_of": "b", "live": "c", "version": "d", "current": "e"}
    table = catalog.create_table("raw.app_words", schema=schema)
    table.append(pa.Table.from_pylist([version("x", 1, "x") | own], schema=schema))

    rows = open_engine(EngineName.DUCKDB, settings).execute("FROM current(raw.app_words, '2026-01-09')").read_all()

    [row] = rows.to_pylist()
    assert row == version("x", 1, "x") | own | {"_fq_rescued": None}


def test_a_table_never_written_has_no_documents(settings: Settings, catalog: Catalog) -> None:
    catalog.create_table("raw.app_empty", schema=COLUMNS)
    assert notes(open_engine(EngineName.DUCKDB, settings), "current(raw.app_empty)") == {}


def test_a_filter_on_the_id_reaches_the_versions(engine: QueryEngine) -> None:
    """Else the versions of all documents are sorted to find one."""
    plan = engine.execute("EXPLAIN FROM current(raw.app_things) WHERE _id = 'kept'").read_all().to_pylist()[0]
    assert plan["explain_value"].count("_id='kept'") == 2


@pytest.mark.parametrize("name", ["raw.app_thing", "'raw.app_thing'", "app_thing", "'app_thing'"])
def test_an_unknown_table_is_answered_with_those_near_to_it(engine: QueryEngine, name: str) -> None:
    error = refusal(engine, f"FROM current({name})")
    assert error.what == f"There is no table {name.strip(chr(39))}"
    assert "raw.app_things" in error.fix


def test_a_table_that_is_no_changelog_is_refused(engine: QueryEngine) -> None:
    error = refusal(engine, "FROM current(analytics.fct_orders)")
    assert error.what == "analytics.fct_orders is not a changelog: it has no column _fq_op"
    assert error.where == "current(analytics.fct_orders)"


@pytest.mark.parametrize("arguments", ["", "5", "'raw.' || 'app_things'", "NULL", "['raw.app_things']"])
def test_anything_but_the_name_of_a_table_is_refused(engine: QueryEngine, arguments: str) -> None:
    assert refusal(engine, f"FROM current({arguments})").what == "current() takes the name of one raw table"


@pytest.mark.parametrize("argument", ["4820871231", "NULL", "as_of := 5"])
def test_a_second_argument_that_is_no_moment_is_refused(engine: QueryEngine, argument: str) -> None:
    error = refusal(engine, f"FROM current(raw.app_things, {argument})")
    assert error.what == "The second argument of current() is a moment"
    assert "--as-of" in error.fix


def test_a_moment_that_cannot_be_read_is_said_in_words(engine: QueryEngine) -> None:
    assert "yesterday" in refusal(engine, "FROM current(raw.app_things, 'yesterday')").what

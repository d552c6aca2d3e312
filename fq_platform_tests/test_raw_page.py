"""docs/raw.md, which people copy from, says what the code does: its examples run, its columns are the real ones."""

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from fq_platform.query.engine import QueryEngine, open_engine
from fq_platform.query.options import EngineName
from fq_platform.settings import Settings, project_root
from fq_platform_tests.fixtures.changelog import COLUMNS, tombstone, version

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyspark.sql import SparkSession

PAGE = project_root().joinpath("docs", "raw.md").read_text(encoding="utf-8")
ENVELOPE = pa.schema([field for field in COLUMNS if field.name.startswith("_")])
MONEY = pa.decimal128(38, 12)


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def fill(catalog: "Catalog") -> None:
    """The tables that the examples name, with all that they look for."""

    def table(name: str, fields: list[tuple[str, pa.DataType]], *rows: dict[str, Any]) -> None:
        schema = pa.schema([*ENVELOPE, *(pa.field(*field) for field in fields)])
        catalog.create_table(f"raw.ecommerce_db_{name}", schema=schema)
        catalog.load_table(f"raw.ecommerce_db_{name}").append(pa.Table.from_pylist(list(rows), schema=schema))

    placed = {"order_number": "O-0000001", "status": "placed", "total": Decimal("19.99")}
    table(
        "orders",
        [("order_number", pa.string()), ("status", pa.string()), ("total", MONEY), ("notes", pa.string())],
        version("a", 1, "placed") | placed | {"_fq_nulls": ["notes"]},
        version("a", 2, "paid", op="update") | placed | {"status": "paid"},
        version("b", 1, "b") | {"total": None, "_fq_rescued": {"total": '"19,99"'}},
        version("c", 1, "c"),
        tombstone("c", 2),
    )
    table(
        "products",
        [("sku", pa.string()), ("weight_kg", pa.int64())],
        version("a", 1, "a", window=None) | {"sku": "A", "weight_kg": 900_719_925_474_099_301},
        version("b", 1, "b", window=None) | {"sku": "B", "_fq_rescued": {"weight_kg": '{"$numberDouble": "0.1"}'}},
        version("c", 1, "c", window=None) | {"sku": "C", "_fq_rescued": {"weight_kg": '{"$numberDecimal": "2.5"}'}},
        version("d", 1, "d", window=None) | {"sku": "D", "_fq_rescued": {"weight_kg": '{"$oid": "123456789012"}'}},
    )


@pytest.fixture(scope="module")
def page_engine(tmp_path_factory: pytest.TempPathFactory) -> QueryEngine:
    from fq_platform.lakehouse.catalog import open_catalog

    settings = Settings(home=tmp_path_factory.mktemp("page") / "fq")
    fill(open_catalog(settings))
    return open_engine(EngineName.DUCKDB, settings)


@pytest.mark.parametrize("sql", examples("sql"))
def test_an_example_in_sql_finds_something(page_engine: QueryEngine, sql: str) -> None:
    assert page_engine.execute(sql).read_all().num_rows > 0


def test_integers_and_fractions_are_read_as_one_exact_column(page_engine: QueryEngine) -> None:
    [sql] = [example for example in examples("sql") if "weight_kg" in example]

    rows = page_engine.execute(f"FROM ({sql}) ORDER BY sku").read_all().to_pylist()

    assert {row["sku"]: row["weight_kg"] for row in rows} == {
        "A": Decimal(900_719_925_474_099_301),
        "B": Decimal("0.1"),
        "C": Decimal("2.5"),
        "D": None,
    }


def test_null_is_told_from_missing(page_engine: QueryEngine) -> None:
    [sql] = [example for example in examples("sql") if "is_null" in example]
    rows = page_engine.execute(sql.replace("current(raw.ecommerce_db_orders)", "raw.ecommerce_db_orders")).read_all()
    assert {row["is_null"]: row["orders"] for row in rows.to_pylist()} == {True: 1, False: 4}


def test_the_table_of_columns_is_that_of_the_code() -> None:
    from fq_platform.lakehouse.changelog import ENVELOPE as NAMES

    assert set(re.findall(r"^\| `(_[a-z_]+)` \|", PAGE, re.MULTILINE)) - {"_id"} == NAMES


@pytest.mark.services
def test_the_examples_in_python_run(
    spark: "SparkSession", spark_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    from fq_platform.lakehouse.catalog import open_catalog

    fill(open_catalog(spark_settings))
    for example in examples("python"):
        exec(example, {"spark": spark})
    assert capsys.readouterr().out == "1\n2 2\n"

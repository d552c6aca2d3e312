"""The analyses, row by row: from the files to the answers that the query layer and Spark give."""

import datetime as dt

import pytest

from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, layout_of
from fq_platform.lakehouse.listing import list_names
from fq_platform_tests.contracts.test_money import floats, money_that_is_no_decimal
from fq_platform_tests.ifco.conftest import Lake
from fq_platform_tests.ifco.folders import PACKAGED
from fq_platform_tests.ifco.oracle import ANALYSES, Oracle, Rows

pytestmark = pytest.mark.services

analyses = pytest.mark.parametrize("analysis", ANALYSES)


@analyses
def test_answers_of_the_query_layer_are_those_expected_row_by_row(lake: Lake, analysis: str) -> None:
    for expected in lake.folder.expected(analysis):
        assert lake.from_duckdb(analysis) == expected


@analyses
def test_spark_gives_the_same_answers(lake: Lake, analysis: str) -> None:
    assert lake.from_spark(analysis) == lake.from_duckdb(analysis)


@analyses
def test_transforms_give_what_is_expected_of_the_packaged_files(
    packaged_answers: dict[str, Rows], analysis: str
) -> None:
    (expected,) = PACKAGED.expected(analysis)
    assert packaged_answers[analysis] == expected


def test_another_day_of_evaluation_is_a_setting(lake: Lake) -> None:
    name = "ifco_owner_training"
    today = lake.from_duckdb(name)
    year_before = max(order.day for order in Oracle(lake.folder.path).orders) - dt.timedelta(days=365)
    try:
        lake.materialise(name, FQ_IFCO_TODAY=year_before.isoformat())
        then = lake.from_duckdb(name)
    finally:
        lake.materialise(name)

    assert then == sorted(Oracle(lake.folder.path, year_before).ifco_owner_training(), key=str)
    assert then != today
    assert lake.from_duckdb(name) == today


def test_no_money_is_a_float_in_any_table_that_was_made(lake: Lake) -> None:
    catalog = open_catalog(lake.settings)
    made = list_names(catalog, layout_of(lake.settings))
    assert {table.name for table in made} > {*ANALYSES, "ifco_orders", "ifco_invoices", "fct_ifco_invoices"}
    for table in made:
        fields = catalog.load_table(table.identifier).schema().fields
        columns = [(field.name, str(field.field_type)) for field in fields]
        assert floats(table.name, columns) == []
        if table.layer is not Layer.RAW:  # where everything is text, as in the files
            assert money_that_is_no_decimal(table.name, columns) == []

"""The analyses, row by row: from the files to the answers that the query layer and Spark give."""

import pytest

from fq_platform.contracts.ifco import IFCO_CONTRACTS
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import Layer, layout_of
from fq_platform.lakehouse.listing import list_names
from fq_platform_tests.contracts.test_money import floats, money_that_is_no_decimal
from fq_platform_tests.ifco.conftest import Lake
from fq_platform_tests.ifco.oracle import ANALYSES

pytestmark = pytest.mark.services

analyses = pytest.mark.parametrize("analysis", ANALYSES)


@analyses
def test_answers_of_the_query_layer_are_those_expected_row_by_row(lake: Lake, analysis: str) -> None:
    for expected in lake.folder.expected(analysis):
        assert lake.from_duckdb(analysis) == expected


@analyses
def test_spark_gives_the_same_answers(lake: Lake, analysis: str) -> None:
    assert lake.from_spark(analysis) == lake.from_duckdb(analysis)


def test_no_money_is_a_float_in_any_table_that_was_made(lake: Lake) -> None:
    catalog = open_catalog(lake.settings)
    made = list_names(catalog, layout_of(lake.settings))
    assert {table.name for table in made} == {contract.name for contract in IFCO_CONTRACTS} | {
        "ifco_orders",
        "ifco_invoices",
    }
    for table in made:
        fields = catalog.load_table(table.identifier).schema().fields
        columns = [(field.name, str(field.field_type)) for field in fields]
        assert floats(table.name, columns) == []
        if table.layer is not Layer.RAW:  # where everything is text, as in the files
            assert money_that_is_no_decimal(table.name, columns) == []

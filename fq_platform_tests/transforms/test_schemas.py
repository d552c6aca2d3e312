"""Tests that every table has exactly the columns of its contract."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from fq_platform.contracts import ACCOUNTING, IFCO, Contract
from fq_platform_tests.transforms.ifco.pipeline import (
    INVOICES,
    ORDERS,
    ifco_changelog,
    ifco_invoice,
    ifco_order,
    ifco_tables,
)
from fq_platform_tests.transforms.pipeline import all_tables, raw_tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.services


def assert_columns_are_promised(made: "Mapping[str, DataFrame]", contracts: Mapping[str, Contract]) -> None:
    """Every contract's table is there, with its columns."""
    assert made.keys() == contracts.keys()
    for name, table in made.items():
        columns = [(field.name, field.dataType.simpleString()) for field in table.schema.fields]
        assert columns == [(column.name, column.type) for column in contracts[name].columns], name


def test_every_table_has_exactly_the_columns_of_its_contract(spark: "SparkSession") -> None:
    assert_columns_are_promised(all_tables(raw_tables(spark)), ACCOUNTING)


def test_every_table_of_the_ifco_application_has_exactly_the_columns_of_its_contract(spark: "SparkSession") -> None:
    made = ifco_tables(ifco_changelog(spark, ORDERS, ifco_order()), ifco_changelog(spark, INVOICES, ifco_invoice()))

    assert_columns_are_promised(made, IFCO)

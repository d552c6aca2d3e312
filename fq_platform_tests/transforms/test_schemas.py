"""Tests that every table has exactly the columns of its contract."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from fq_platform.contracts import ACCOUNTING, Contract
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

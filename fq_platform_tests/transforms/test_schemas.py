"""Tests that every table has exactly the columns of its contract."""

from typing import TYPE_CHECKING

import pytest

from fq_platform.contracts import CONTRACTS
from fq_platform_tests.transforms.pipeline import all_tables, raw_tables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.services


def test_every_table_has_exactly_the_columns_of_its_contract(spark: "SparkSession") -> None:
    made = all_tables(raw_tables(spark))

    assert made.keys() == CONTRACTS.keys()
    for name, table in made.items():
        columns = [(field.name, field.dataType.simpleString()) for field in table.schema.fields]
        assert columns == [(column.name, column.type) for column in CONTRACTS[name].columns], name

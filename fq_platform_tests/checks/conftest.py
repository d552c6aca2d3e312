"""Good tables for the tests of checks, each computed once."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from fq_platform_tests.transforms.pipeline import all_tables, raw_tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@pytest.fixture(scope="session")
def good_tables(spark: "SparkSession") -> "Mapping[str, DataFrame]":
    """Every table of a contract by the contract's name, and the raw ones by collection; no rule is broken."""
    made = {name: table.localCheckpoint() for name, table in raw_tables(spark).items()}
    for name, table in all_tables(made).items():
        made[name] = table.localCheckpoint()
    return made

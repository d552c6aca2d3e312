"""A lake of the test's own, with a Spark session."""

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.lakehouse.layout import layout_of
from fq_platform.lakehouse.upkeep.tables import Lake
from fq_platform.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LakeAt = Callable[..., Lake]
"""Gives the test's lake, some days from now: `lake_at()` or `lake_at(days=40)`."""


@pytest.fixture
def lake_at(spark: "SparkSession", settings: Settings) -> LakeAt:
    from fq_platform.resources.spark import start_session

    session = start_session(settings)

    def lake(days: float = 0) -> Lake:
        now = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
        return Lake(open_catalog(settings), layout_of(settings), lambda: session, now)

    return lake

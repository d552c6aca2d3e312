"""A run whose input lies where storage does not answer: table, cause and remedy are told within seconds."""

import time
from collections.abc import Callable
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
from pyspark.sql import DataFrame

from fq_platform.io_managers.declarations import INCREMENTAL
from fq_platform.io_managers.spark_iceberg import SparkIcebergIOManager
from fq_platform.lakehouse.catalog import open_catalog
from fq_platform.resources.spark import SparkResource
from fq_platform.settings import Settings
from fq_platform_tests.fixtures.catalogs import LakeBackends
from fq_platform_tests.io_managers.conftest import told

pytestmark = pytest.mark.services

ROWS = pa.table({"_id": ["a"]})


@pytest.fixture(scope="module")
def lake(lake_backends: LakeBackends) -> Settings:
    """A lakehouse in S3 with one raw table, at an endpoint where nobody listens any more."""
    settings = lake_backends("sqlite-s3")
    open_catalog(settings).create_table("raw.app_things", schema=ROWS.schema).append(ROWS)
    return settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:9"})


@pytest.mark.parametrize(("kind", "metadata"), [(DataFrame, {}), (DataFrame, {INCREMENTAL: True}), (pa.Table, {})])
def test_input_that_cannot_be_reached_is_told_within_seconds(
    lake: Settings, resource_over: Callable[[Settings], SparkResource], kind: Any, metadata: dict[str, Any]
) -> None:
    @dg.asset(key=["raw", "app_things"])
    def things() -> None: ...

    @dg.asset(key=["curated", "app_made"], ins={"rows": dg.AssetIn(things.key, metadata=metadata)})
    def made(rows: kind) -> None: ...

    manager = SparkIcebergIOManager(spark=resource_over(lake), app="app")
    begun = time.monotonic()
    result = dg.materialize([things, made], selection=[made], resources={"io_manager": manager}, raise_on_error=False)
    assert time.monotonic() - begun < 30
    message = told(result)
    assert "S3 cannot be reached (iceberg.raw.app_things, s3://" in message
    assert "FQ_S3_ENDPOINT" in message
